"""main.c, which reads events and prints spikes or classes, and the Makefile for the host."""

from __future__ import annotations

from typing import Literal

from lsm_sim.exchange.c.header import words
from lsm_sim.exchange.c.layout import Layout
from lsm_sim.exchange.c.source import filled
from lsm_sim.program.program import Program

ABOUT_STEPS = """/* Reads a line for each step, the channels that have an event (with payloads CHANNEL:PAYLOAD), and prints a line of the
   neurons that spiked. A line "start" begins a new sample. */
"""

ABOUT_SAMPLES = """/* Reads a line for each step of a sample, the channels that have an event, and prints a line for each sample: its class, if
   there are classes, and its scores in integers. A sample has @BIG@_LONGEST_SAMPLE lines, or N after a line "start N". */
"""

MAIN = """#include "@NAME@.h"

#define END (-1) /* of the input */

#if __STDC_HOSTED__
#include <stdio.h>
#include <stdlib.h>

static int get_character(void)
{
    const int c = getchar();
    return c == EOF ? END : c;
}

static void put_character(char c)
{
    putchar(c);
}

static void fail(const char *why)
{
    fprintf(stderr, "@NAME@: %s\\n", why);
    exit(2);
}
#else /* a device without stdio has its own */
int get_character(void);
void put_character(char c);
void fail(const char *why);
#endif

#define MOST (@BIG@_N_INPUTS + 1u)
static @NAME@_state state;
static @CHANNEL@ channels[MOST];
@GRADED@static int here; /* the character that was read last */

static void next(void)
{
    here = get_character();
}

static void skip_spaces(void)
{
    while (here == ' ' || here == '\\t' || here == '\\r') {
        next();
    }
}

static int at_end_of_line(void)
{
    skip_spaces();
    return here == '\\n' || here == END;
}

static void next_line(void)
{
    if (!at_end_of_line()) {
        fail("expected the end of the line");
    }
    next();
    skip_spaces();
}

static int32_t number(void)
{
    const int negative = here == '-';
    int64_t value = 0;
    if (negative) {
        next();
    }
    if (here < '0' || here > '9') {
        fail("expected a number");
    }
    for (; here >= '0' && here <= '9'; next()) {
        value = value * 10 + (here - '0');
        if (value > 0x7fffffff) {
            fail("a number is too large");
        }
    }
    return (int32_t)(negative ? -value : value);
}

static void put_number(int32_t value)
{
    char digits[10];
    uint32_t rest = value < 0 ? 0u - (uint32_t)value : (uint32_t)value;
    int n = 0;
    if (value < 0) {
        put_character('-');
    }
    do {
        digits[n++] = (char)('0' + rest % 10u);
        rest /= 10u;
    } while (rest > 0);
    while (n > 0) {
        put_character(digits[--n]);
    }
}

/* Read the word "start". */
static void start(void)
{
    const char *c;
    for (c = "start"; *c != 0; c++) {
        if (here != *c) {
            fail("expected a number, or start");
        }
        next();
    }
}

/* Read a line of events; return their number. */
static uint32_t events(void)
{
    uint32_t n = 0;
    while (!at_end_of_line()) {
        const int32_t channel = number();
        if (n >= MOST || channel < 0 || channel >= (int32_t)@BIG@_N_INPUTS) {
            fail("no such channel, or too many events in a step");
        }
        channels[n] = (@CHANNEL@)channel;
@PAYLOAD@        n++;
    }
    next_line();
    return n;
}

@MAIN@"""

STEPS = """int main(void)
{
    @NAME@_start(&state);
    next();
    skip_spaces();
    while (here != END) {
        int32_t n, i;
        uint32_t n_events;
        if (here == 's') {
            start();
            next_line();
            @NAME@_start(&state);
            continue;
        }
        n_events = events();
        n = @STEP@;
        if (n < 0) {
            fail("the channels of a step must ascend");
        }
        for (i = 0; i < n; i++) {
            if (i > 0) {
                put_character(' ');
            }
            put_number((int32_t)state.spikes[i]);
        }
        put_character('\\n');
    }
    return 0;
}
"""

SAMPLES = """/* Return the length of the next sample. */
static uint32_t length(void)
{
    int32_t n = @BIG@_LONGEST_SAMPLE;
    if (here == 's') {
        start();
        skip_spaces();
        n = number();
        next_line();
    }
    return n < 0 ? 0 : (uint32_t)n;
}

int main(void)
{
    next();
    skip_spaces();
    while (here != END) {
        const uint32_t n_steps = length(), total = @NAME@_sample_start(&state, n_steps);
        uint32_t k;
        if (total == 0) {
            fail("a sample is shorter or longer than allowed");
        }
        for (k = 0; k < total; k++) {
            if (k < n_steps && here == END) {
                fail("the input ends within a sample");
            }
            if (@NAME@_sample_step(&state, channels, k < n_steps ? events() : 0) < 0) {
                fail("the channels of a step must ascend, and be those of samples");
            }
        }
@CLASS@        for (k = 0; k < @BIG@_N_OUTPUTS; k++) {
            if (k > 0) {
                put_character(' ');
            }
            put_number(state.sums[k]);
        }
        put_character('\\n');
    }
    return 0;
}
"""

CLASS = """        put_number(@NAME@_class(&state));
        put_character(' ');
"""

PAYLOAD = """        payloads[n] = 1;
        if (here == ':') {
            next();
            payloads[n] = number();
        }
"""

MAKEFILE = """CC = cc
CFLAGS = -std=c99 -O2 -Wall -Wextra -Wconversion

@NAME@: main.c @NAME@.c @NAME@.h
	$(CC) $(CFLAGS) -o $@ main.c @NAME@.c

clean:
	rm -f @NAME@ @NAME@.elf
"""

Outputs = Literal["spikes", "sums", "class"]


def main(program: Program, name: str, plan: Layout, *, graded: bool, outputs: Outputs) -> str:
    """Return main.c; it prints the spikes of each step, or sums of each sample, after its class."""
    arguments = "channels, payloads, n_events" if graded else "channels, n_events"
    return filled(
        (ABOUT_STEPS if outputs == "spikes" else ABOUT_SAMPLES) + MAIN,
        MAIN=STEPS if outputs == "spikes" else SAMPLES,
        CLASS=CLASS if outputs == "class" else "",
        GRADED="static int32_t payloads[MOST];\n" if graded else "",
        PAYLOAD=PAYLOAD if graded else "",
        STEP=f"{step_called(name, graded=graded, outputs=outputs)}(&state, {arguments})",
        **words(program, name, plan),
    )


def step_called(name: str, *, graded: bool, outputs: Outputs) -> str:
    """Return the function that main.c calls in each step."""
    return f"{name}_sample_step" if outputs != "spikes" else f"{name}_step_graded" if graded else f"{name}_step"


def makefile(name: str) -> str:
    """Return the Makefile for the host."""
    return filled(MAKEFILE, NAME=name)
