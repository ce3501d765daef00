"""The header of an export."""

from __future__ import annotations

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


def words(program: Program, name: str, plan: Layout) -> dict[str, str]:
    """Return what the templates of C name: numbers, types, and the beginning of names."""
    return {
        "N": str(program.n_neurons),
        "C": str(program.n_inputs),
        "CHANNEL": plan.channel,
        "BIG": name.upper(),
        "NAME": name,
    }
