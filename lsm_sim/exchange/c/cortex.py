"""What a Cortex-M under qemu needs beside the network: start, vector table, input and output, linker script, Makefile."""

from __future__ import annotations

from lsm_sim.exchange.c.source import filled

START = """/* Runs main.c on a Cortex-M without an operating system and without a C library: under qemu, or with a debugger that has
   semihosting. At the end it reports the stack that was used and, under qemu -icount shift=8, the instructions of a step. */
#include "@NAME@.h"

#define ALL_24_BITS 0xffffffu
#define PAINT 0xa5a5a5a5u
#define CONTROL (*(volatile uint32_t *)0xe000e010u) /* of SysTick, a timer of 24 bits that counts down */
#define RELOAD (*(volatile uint32_t *)0xe000e014u)
#define TIME (*(volatile uint32_t *)0xe000e018u)

/* of the linker script */
extern uint32_t stack_end[], stack_begin[], data_load[], data_begin[], data_end[], bss_begin[], bss_end[];

int main(void);
int get_character(void);
void put_character(char c);
void fail(const char *why);
void reset(void);
void fault(void);
void after_fault(void);

/* Semihosting: the debugger or the emulator does what r0 says with the arguments at r1. */
static uint32_t ask(uint32_t what, const uint32_t *arguments)
{
    register uint32_t r0 __asm__("r0") = what;
    register const uint32_t *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static struct {
    uint32_t input, output, errors; /* handles */
    uint32_t n_read, at, n_written;
    char read[256], written[256];
} console;

/* Open the console: mode 0 reads, 4 writes, 8 writes to the errors. */
static uint32_t opened(uint32_t mode)
{
    const uint32_t arguments[3] = {(uint32_t)(uintptr_t)":tt", mode, 3};
    return ask(0x01, arguments);
}

static void write(uint32_t handle, const char *text, uint32_t n)
{
    const uint32_t arguments[3] = {handle, (uint32_t)(uintptr_t)text, n};
    ask(0x05, arguments);
}

static void flush(void)
{
    write(console.output, console.written, console.n_written);
    console.n_written = 0;
}

static void stop(uint32_t status)
{
    const uint32_t arguments[2] = {0x20026, status};
    flush();
    for (;;) {
        ask(0x20, arguments);
    }
}

static void say(const char *text)
{
    uint32_t n = 0;
    while (text[n] != 0) {
        n++;
    }
    write(console.errors, text, n);
}

static void say_number(uint32_t value)
{
    char digits[11];
    uint32_t i = 10;
    digits[10] = 0;
    do {
        digits[--i] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value > 0);
    say(digits + i);
}

int get_character(void)
{
    if (console.at == console.n_read) {
        const uint32_t arguments[3] = {console.input, (uint32_t)(uintptr_t)console.read, sizeof console.read};
        console.n_read = (uint32_t)sizeof console.read - ask(0x06, arguments);
        console.at = 0;
    }
    return console.n_read == 0 ? -1 : (unsigned char)console.read[console.at++];
}

void put_character(char c)
{
    if (console.n_written == sizeof console.written) {
        flush();
    }
    console.written[console.n_written++] = c;
}

void fail(const char *why)
{
    say("@NAME@: ");
    say(why);
    say("\\n");
    stop(2);
}

void after_fault(void)
{
    fail("a fault of the processor, such as a stack that is too small");
}

/* Begin the stack anew, because it may be what the fault is about. */
__attribute__((naked)) void fault(void)
{
    __asm__("movw r0, #:lower16:stack_begin\\n movt r0, #:upper16:stack_begin\\n mov sp, r0\\n b after_fault");
}

static struct {
    uint64_t sum;
    uint32_t steps, most;
    int too_long;
} counted;

static void begin_count(void)
{
    (void)CONTROL; /* clears its bit 16, which is set when the timer passes 0 */
    TIME = 0;      /* it continues from RELOAD */
}

/* Return the instructions since begin_count, of which each takes 256 ns, while a tick of the timer takes 40 ns. */
static uint32_t end_count(void)
{
    const uint32_t ticks = (0u - TIME) & ALL_24_BITS;
    counted.too_long |= (CONTROL & 0x10000u) != 0;
    return (ticks * 5u + 16u) / 32u;
}

int32_t __real_@STEP@(@NAME@_state *state, @ARGUMENTS@);
int32_t __wrap_@STEP@(@NAME@_state *state, @ARGUMENTS@);

/* The linker puts this in place of @STEP@, where main.c calls it. */
int32_t __wrap_@STEP@(@NAME@_state *state, @ARGUMENTS@)
{
    int32_t n_spikes;
    uint32_t n_instructions;
    begin_count();
    n_spikes = __real_@STEP@(state, @GIVEN@);
    n_instructions = end_count();
    counted.sum += n_instructions;
    counted.steps++;
    counted.most = n_instructions > counted.most ? n_instructions : counted.most;
    return n_spikes;
}

/* Return the instructions of a loop of 2 n, n > 0, as they are counted; never inlined, so that what is around the loop stays. */
__attribute__((noipa)) static uint32_t count_of_loop(uint32_t n)
{
    begin_count();
    __asm__ volatile("1: subs %0, #1\\n bne 1b" : "+l"(n) : : "cc");
    return end_count();
}

static void report(void)
{
    const uint32_t *used = stack_end;
    const int right = count_of_loop(2000) - count_of_loop(1000) == 2000u;
    while (*used == PAINT) {
        used++;
    }
    say("@NAME@: stack ");
    say_number((uint32_t)(stack_begin - used) * 4u);
    say(" of ");
    say_number((uint32_t)(stack_begin - stack_end) * 4u);
    say(" bytes\\n@NAME@: ");
    if (!right) {
        say("instructions are not counted: the clock does not follow them; qemu does this with -icount shift=8\\n");
    } else if (counted.too_long) {
        say("instructions are not counted: a step took more than 2600000\\n");
    } else {
        say_number(counted.steps);
        say(" steps, instructions of a step: mean ");
        say_number(counted.steps == 0 ? 0 : (uint32_t)(counted.sum / counted.steps));
        say(", most ");
        say_number(counted.most);
        say("\\n");
    }
}

void reset(void)
{
    const uint32_t *from = data_load;
    uint32_t *to;
    for (to = stack_end; to < (uint32_t *)__builtin_frame_address(0) - 32; to++) {
        *to = PAINT;
    }
    for (to = data_begin; to < data_end; to++) {
        *to = *from++;
    }
    for (to = bss_begin; to < bss_end; to++) {
        *to = 0;
    }
    console.input = opened(0);
    console.output = opened(4);
    console.errors = opened(8);
    RELOAD = ALL_24_BITS;
    CONTROL = 5; /* count, with the clock of the processor */
    main();
    flush();
    report();
    stop(0);
}

typedef void (*handler)(void);

static const struct {
    uint32_t *stack;
    handler handlers[15];
} vectors __attribute__((section(".vectors"), used)) = {
    stack_begin, {reset, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault, fault}};
"""

LINKER = """/* Flash and RAM of qemu's mps2 boards; the Makefile gives the sizes. */
MEMORY
{
    FLASH (rx) : ORIGIN = 0x00000000, LENGTH = flash_size
    RAM (rw) : ORIGIN = 0x20000000, LENGTH = ram_size
}

ENTRY(reset)

SECTIONS
{
    .text : { KEEP(*(.vectors)) *(.text*) *(.rodata*) . = ALIGN(4); } > FLASH

    /* first in RAM, so that a stack that grows too large leaves RAM, which is a fault, and no variable is overwritten */
    .stack (NOLOAD) : { stack_end = .; . += stack_size; . = ALIGN(8); stack_begin = .; } > RAM

    .data : { data_begin = .; *(.data*) . = ALIGN(4); data_end = .; } > RAM AT > FLASH
    data_load = LOADADDR(.data);
    .bss (NOLOAD) : { bss_begin = .; *(.bss*) *(COMMON) . = ALIGN(4); bss_end = .; } > RAM
    /DISCARD/ : { *(.ARM.exidx*) *(.comment) }
}
"""

MAKEFILE = """
# A Cortex-M4 as qemu emulates it. Others: CPU=cortex-m3 BOARD=mps2-an385, CPU=cortex-m7 BOARD=mps2-an500.
CPU = cortex-m4
BOARD = mps2-an386
FLASH = 4M
RAM = 4M
STACK = 1K
CROSS = arm-none-eabi-
QEMU = qemu-system-arm
ICOUNT = -icount shift=8
CORTEX_CFLAGS = $(CFLAGS) -ffreestanding -fno-tree-loop-distribute-patterns -mcpu=$(CPU) -mthumb
CORTEX_LDFLAGS = -nostdlib -T cortex.ld -Wl,--wrap=@STEP@ \\
	-Wl,--defsym=flash_size=$(FLASH),--defsym=ram_size=$(RAM),--defsym=stack_size=$(STACK)

cortex: @NAME@.elf

@NAME@.elf: main.c @NAME@.c @NAME@.h cortex.c cortex.ld
	$(CROSS)gcc $(CORTEX_CFLAGS) $(CORTEX_LDFLAGS) -o $@ main.c @NAME@.c cortex.c -lgcc

# flash is text + data, RAM is data + bss with the stack
cortex-size: @NAME@.elf
	$(CROSS)size @NAME@.elf

# reads and prints what @NAME@ reads and prints; to stderr: the stack and the instructions of a step
cortex-run: @NAME@.elf
	@$(QEMU) -M $(BOARD) -display none -monitor none -serial none $(ICOUNT) \\
		-semihosting-config enable=on,target=native -kernel @NAME@.elf

.PHONY: clean cortex cortex-size cortex-run
"""


def start(step: str, channel: str, name: str, *, graded: bool) -> str:
    """Return cortex.c; ``step`` is the function that main.c calls in each step, ``channel`` the type of its channels."""
    payloads, given = ("const int32_t *payloads, ", "payloads, ") if graded else ("", "")
    return filled(
        START,
        STEP=step,
        ARGUMENTS=f"const {channel} *channels, {payloads}uint32_t n",
        GIVEN=f"channels, {given}n",
        NAME=name,
    )


def rules(step: str, name: str) -> str:
    """Return what the Makefile gets."""
    return filled(MAKEFILE, STEP=step, NAME=name)
