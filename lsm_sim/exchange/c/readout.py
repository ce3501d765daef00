"""The readout of a deployment in C: events of the control channels from a table, and the decision of the host.

The length of a sample is fixed at the export, so that the control events of each step, and what the host must add to v of each
bank, are constants.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from lsm_sim.deploy.deployment import Deployment
from lsm_sim.deploy.folding import bin_edges
from lsm_sim.deploy.on_chip import PULSE, RELEASES
from lsm_sim.dynamics.loihi import MAX_STATE
from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.c.layout import Field
from lsm_sim.exchange.c.source import filled
from lsm_sim.exchange.c.tables import Tables
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.memory import check_memory

_MOST_STEPS = 2**20

BY_64 = """
/* x / 64, rounded down */
static int64_t by_64(int64_t x)
{
    return x >= 0 ? x / 64 : -((63 - x) / 64);
}
"""

SOURCE = """
/* Add up the integrators of each output; a bank b counts from OFFSET(b). */
static void add_up(@NAME@_state *s)
{
    uint32_t output, b;
    for (output = 0; output < @OUTPUTS@u; output++) {
        int64_t sum = 0;
        for (b = 0; b < @BANKS@u; b++) {
            if (COUNTS(b) != 0) {
                sum += s->v[@FIRST@u + b * @OUTPUTS@u + output] + (int32_t)OFFSET(b);
            }
        }
        s->sums[output] = (int32_t)@SUM@;
    }
}

static void restart(@NAME@_state *s)
{
    uint32_t output;
    s->step = 0;
    s->winner = -1;
    for (output = 0; output < @OUTPUTS@u; output++) {
        s->sums[output] = 0;
    }
}

int32_t @NAME@_sample_step(@NAME@_state *s, const @CHANNEL@ *channels, uint32_t n)
{
    int32_t n_spikes;
    uint32_t j;
    if (s->step >= @TOTAL@u || (n > 0 && (s->step >= @STEPS@u || channels[n - 1u] >= @INPUTS@u))) {
        return -1;
    }
    n_spikes = @NAME@_step(s, channels, n);
    if (n_spikes < 0) {
        return -1;
    }
    for (j = (uint32_t)CONTROL_FIRST(s->step); j < (uint32_t)CONTROL_FIRST(s->step + 1u); j++) {
        send(s, s->slot, (uint32_t)CONTROL(j));
    }
@RAMP@    if (s->step == @COMPLETE@u) {
        add_up(s);
    }
    s->step++;
    return n_spikes;
}
"""

RAMP = """    for (j = 0; j < s->n_spikes && s->winner < 0; j++) {
        const uint32_t i = s->spikes[j];
        if (i >= @FIRST@u && i < @FIRST@u + @OUTPUTS@u) {
            s->winner = (int32_t)(i - @FIRST@u);
        }
    }
"""

LARGEST = """
int32_t @NAME@_class(const @NAME@_state *s)
{
    int32_t best = 0, output;
    if (s->step < @TOTAL@u) {
        return -1;
    }
    for (output = 1; output < @OUTPUTS@; output++) {
        if (s->sums[output] > s->sums[best]) {
            best = output;
        }
    }
    return best;
}
"""

WINNER = """
int32_t @NAME@_class(const @NAME@_state *s)
{
    return s->step < @TOTAL@u ? -1 : s->winner;
}
"""

HEADER = """
/* A sample: @NAME@_start, then @BIG@_SAMPLE_STEPS times @NAME@_sample_step, which takes events of the channels below
   @BIG@_SAMPLE_INPUTS in the first @BIG@_SAMPLE_EVENTS steps and none after them, and adds those of the readout's own channels.
   Then state->sums holds the scores in integers@SCALE@. */
#define @BIG@_SAMPLE_INPUTS @INPUTS@u
#define @BIG@_SAMPLE_EVENTS @STEPS@u
#define @BIG@_SAMPLE_STEPS @TOTAL@u
#define @BIG@_N_OUTPUTS @OUTPUTS@u
int32_t @NAME@_sample_step(@NAME@_state *state, const @CHANNEL@ *channels, uint32_t n);
"""

CLASS = """
/* Return the class of the sample: @LABELS@. -1: not at the end of a sample, or undecided. */
int32_t @NAME@_class(const @NAME@_state *state);
"""


class SampleReadout:
    """The parts of the files that decide at the end of a sample of ``n_steps`` steps."""

    def __init__(self, made: Deployment, n_steps: Any) -> None:
        self._made = made
        self.n_steps = checks.whole(n_steps, "export n_steps", 1, _MOST_STEPS)
        check_memory(self.n_steps * 1000.0, "export n_steps")
        r = made.readout
        empty = Spikes.from_events([], [], n_steps=[self.n_steps], n_channels=r.n_inputs, dt=made.program.dt)
        self._control = made.stimulus(empty)
        self.total = int(self._control.n_steps[0])
        edges = bin_edges(made.features, empty)
        self._banks = r.n_bins if r.kind == "banks" else 1
        had = np.minimum(RELEASES, edges[0, -1] - edges[0, 1:-1]) if self._banks > 1 else np.empty(0, np.int64)
        self._counts = np.concatenate([[1], had > 0])
        self._offset = np.concatenate([[0], MAX_STATE - had * PULSE * 64])

    @property
    def fields(self) -> list[Field]:
        """What the state has beyond that of the program."""
        sums = Field("int32_t", "sums", 4, (self._made.readout.n_outputs,))
        return [Field("uint32_t", "step", 4), Field("int32_t", "winner", 4), sums]

    @property
    def outputs(self) -> Literal["sums", "class"]:
        """What the program for the host prints of each sample."""
        return "sums" if self._made.classes is None else "class"

    def add_tables(self, tables: Tables) -> None:
        """Add the control events by step, and where banks begin to count."""
        own = self._control
        tables.add("CONTROL_FIRST", np.searchsorted(own.step, np.arange(self.total + 1)))
        tables.add("CONTROL", own.channel)
        tables.add("COUNTS", self._counts)
        tables.add("OFFSET", self._offset)

    def source(self, words: dict[str, str]) -> str:
        """Return the functions of the C file."""
        r = self._made.readout
        text = ("" if r.kind == "trace" else BY_64) + SOURCE.replace("@RAMP@", RAMP if r.ramp else "")
        if self._made.classes is not None:
            text += WINNER if r.ramp else LARGEST
        return filled(text, **self._words(words))

    def header(self, words: dict[str, str]) -> str:
        """Return what the header has beyond that of the program."""
        scale, classes = self._made.readout.scale, self._made.classes
        unit = 64 if self._made.readout.kind == "trace" else 1
        per = ", ".join(f"{one * unit:.9g}" for one in scale)
        labels = [] if classes is None else [f"{k} is {_harmless(label)}" for k, label in enumerate(classes)]
        text = HEADER + (CLASS if labels else "")
        return filled(
            text,
            SCALE=f"; divided by {per} they are those of the model",
            LABELS=", ".join(labels),
            **self._words(words),
        )

    def _words(self, words: dict[str, str]) -> dict[str, Any]:
        r = self._made.readout
        return words | {
            "OUTPUTS": r.n_outputs,
            "BANKS": self._banks,
            "FIRST": r.integrators.start,
            "SUM": "sum" if r.kind == "trace" else "by_64(sum)",
            "TOTAL": self.total,
            "STEPS": self.n_steps,
            "INPUTS": r.n_inputs,
            "COMPLETE": int(r.complete(self._control)[0]),
        }


def sample_readout(network: Any, n_steps: Any, *, graded: bool) -> SampleReadout:
    """Return the readout of a deployment for samples of ``n_steps``."""
    if not isinstance(network, Deployment):
        raise DescriptionError(
            f"export n_steps: got a {type(network).__name__}, expected a Deployment, which decides at the end of a sample; omit n_steps"
        )
    if graded:
        raise DescriptionError("export graded: got True with n_steps, which is not supported; use one of the two")
    return SampleReadout(network, n_steps)


def _harmless(label: Any) -> str:
    """Return a label as it can be in a comment of C."""
    return "".join(c if c.isalnum() or c in " .+-_" else "_" for c in str(label))[:40]
