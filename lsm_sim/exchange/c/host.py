"""The header, a program for the host that reads events and prints spikes, and its Makefile."""

from __future__ import annotations

from typing import Literal

from lsm_sim.exchange.c.layout import Layout
from lsm_sim.exchange.c.names import macros
from lsm_sim.exchange.c.source import filled
from lsm_sim.program.program import Program

HEADER = """/* A spiking network of @N@ neurons and @C@ input channels, a step of @DT@ s; written by lsm_sim.

   @NAME@_start brings the state to the start of a sample. @NAME@_step advances by one step, in which the input channels
   channels[0] < channels[1] < ... have an event, each at most once; it returns the number of spikes, which are the neurons
   state->spikes[0] < state->spikes[1] < ..., or -1 if the channels are not as described, and then nothing has changed. */
#ifndef @BIG@_H
#define @BIG@_H

#include <stdint.h>

#define @BIG@_N_INPUTS @C@u
#define @BIG@_N_NEURONS @N@u
@GROUPS@
typedef struct {
@FIELDS@
} @NAME@_state;

/* The size that was reported: an array of negative size, which is an error, if the state is larger. */
typedef char @NAME@_size_as_reported[sizeof(@NAME@_state) <= @RAM@u ? 1 : -1];

void @NAME@_start(@NAME@_state *state);
int32_t @NAME@_step(@NAME@_state *state, const @CHANNEL@ *channels, uint32_t n);
@GRADED@@READOUT@
#endif
"""

GRADED = """/* The same; event j multiplies what it delivers by payloads[j]. */
int32_t @NAME@_step_graded(@NAME@_state *state, const @CHANNEL@ *channels, const int32_t *payloads, uint32_t n);
"""

ABOUT_STEPS = """/* Reads a line for each step, the channels that have an event (with payloads CHANNEL:PAYLOAD), and prints a line of the
   neurons that spiked. A line "start" begins a new sample. */
"""

ABOUT_SAMPLES = """/* Reads a line for each step of a sample, the channels that have an event, @BIG@_SAMPLE_EVENTS lines for each sample, and prints
   a line for each sample: its class, if there are classes, and its scores in integers. */
"""

MAIN = """#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "@NAME@.h"

#define MOST (@BIG@_N_INPUTS + 1u)
static @NAME@_state state;
static @CHANNEL@ channels[MOST];
@GRADED@
/* Return what follows the spaces. */
static int next_character(void)
{
    int c = getchar();
    while (c == ' ' || c == '\\t' || c == '\\r') {
        c = getchar();
    }
    return c;
}

static void fail(const char *why)
{
    fprintf(stderr, "@NAME@: %s\\n", why);
    exit(2);
}

static long number(int c)
{
    long value;
    ungetc(c, stdin);
    if (scanf("%ld", &value) != 1) {
        fail("expected a number");
    }
    return value;
}

/* Read the rest of a line that begins with c; return the number of events. */
static uint32_t events(int c)
{
    uint32_t n = 0;
    for (; c != '\\n' && c != EOF; c = next_character()) {
        const long channel = number(c);
        if (n >= MOST || channel < 0 || channel >= (long)@BIG@_N_INPUTS) {
            fail("no such channel, or too many events in a step");
        }
        channels[n] = (@CHANNEL@)channel;
@PAYLOAD@        n++;
    }
    return n;
}

@MAIN@"""

PROGRAM = """int main(void)
{
    int c;
    @NAME@_start(&state);
    while ((c = next_character()) != EOF) {
        int32_t n, i;
        if (c == 's') {
            while (c != '\\n' && c != EOF) {
                c = getchar();
            }
            @NAME@_start(&state);
            continue;
        }
        n = @STEP@;
        if (n < 0) {
            fail("the channels of a step must ascend");
        }
        for (i = 0; i < n; i++) {
            printf(i > 0 ? " %u" : "%u", (unsigned)state.spikes[i]);
        }
        putchar('\\n');
    }
    return 0;
}
"""

DECIDE = """int main(void)
{
    int c = next_character();
    while (c != EOF) {
        uint32_t k;
        @NAME@_start(&state);
        for (k = 0; k < @BIG@_SAMPLE_STEPS; k++) {
            const uint32_t n = k < @BIG@_SAMPLE_EVENTS ? events(c) : 0;
            if (@NAME@_sample_step(&state, channels, n) < 0) {
                fail("the channels of a step must ascend, and be those of samples");
            }
            c = k < @BIG@_SAMPLE_EVENTS ? next_character() : c;
        }
@CLASS@        for (k = 0; k < @BIG@_N_OUTPUTS; k++) {
            printf(k > 0 ? " %ld" : "%ld", (long)state.sums[k]);
        }
        putchar('\\n');
    }
    return 0;
}
"""

PAYLOAD = """        payloads[n] = 1;
        c = getchar();
        if (c == ':') {
            payloads[n] = (int32_t)number(getchar());
        } else {
            ungetc(c, stdin);
        }
"""

MAKEFILE = """CC = cc
CFLAGS = -std=c99 -O2 -Wall -Wextra -Wconversion

@NAME@: main.c @NAME@.c @NAME@.h
	$(CC) $(CFLAGS) -o $@ main.c @NAME@.c

clean:
	rm -f @NAME@
"""


def header(program: Program, name: str, plan: Layout, *, graded: bool, readout: str = "") -> str:
    """Return the header; ``readout``: what a deployment adds to it."""
    groups = macros(name, "input", program.input_groups) + macros(name, "neurons", program.neuron_groups)
    return filled(
        HEADER,
        GROUPS="".join(f"{line}\n" for line in groups),
        GRADED=GRADED if graded else "",
        READOUT=readout,
        FIELDS="\n".join(field.declaration for field in plan.fields),
        RAM=plan.ram,
        DT=f"{program.dt:g}",
        **words(program, name, plan),
    )


def main(
    program: Program, name: str, plan: Layout, *, graded: bool, outputs: Literal["spikes", "sums", "class"]
) -> str:
    """Return the program for the host; it prints the spikes of each step, or sums of each sample, after its class."""
    step = "_graded(&state, channels, payloads, events(c))" if graded else "(&state, channels, events(c))"
    about = ABOUT_STEPS if outputs == "spikes" else ABOUT_SAMPLES
    return filled(
        about + MAIN,
        MAIN=PROGRAM if outputs == "spikes" else DECIDE,
        CLASS=f'        printf("%ld ", (long){name}_class(&state));\n' if outputs == "class" else "",
        GRADED="static int32_t payloads[MOST];\n" if graded else "",
        PAYLOAD=PAYLOAD if graded else "",
        STEP=f"{name}_step{step}",
        **words(program, name, plan),
    )


def makefile(name: str) -> str:
    """Return the Makefile for the host."""
    return filled(MAKEFILE, NAME=name)


def words(program: Program, name: str, plan: Layout) -> dict[str, str]:
    """Return what the templates of C name: numbers, types, and the beginning of names."""
    return {
        "N": str(program.n_neurons),
        "C": str(program.n_inputs),
        "CHANNEL": plan.channel,
        "BIG": name.upper(),
        "NAME": name,
    }
