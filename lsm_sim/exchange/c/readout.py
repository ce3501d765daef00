"""The readout of a deployment in C: samples of any length up to a longest one, and the decision of the host."""

from __future__ import annotations

from typing import Any, Literal

from lsm_sim.deploy.deployment import Deployment
from lsm_sim.deploy.folding import bin_edges
from lsm_sim.deploy.on_chip import MIN_HOLD, PULSE, RELEASES, check_bins
from lsm_sim.dynamics.loihi import MAX_STATE
from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.c import control
from lsm_sim.exchange.c.layout import Field
from lsm_sim.exchange.c.source import filled
from lsm_sim.learn.features import Counts
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks

_MOST_STEPS = 2**20

BY_64 = """
/* x / 64, rounded down */
static int64_t by_64(int64_t x)
{
    return x >= 0 ? x / 64 : -((63 - x) / 64);
}
"""

SOURCE = """
/* Add up the integrators of each output. */
static void add_up(@NAME@_state *s)
{
    uint32_t output;
    for (output = 0; output < @OUTPUTS@u; output++) {
        int64_t sum = s->v[@FIRST@u + output];
@BANKS@        s->sums[output] = (int32_t)@SUM@;
    }
}

static void restart(@NAME@_state *s)
{
    uint32_t output;
    s->step = 0;
    s->n_steps = 0;
    s->winner = -1;
    for (output = 0; output < @OUTPUTS@u; output++) {
        s->sums[output] = 0;
    }
}

/* Return the steps of a sample, with those until its scores are complete@AND_RAMP@. */
static uint32_t all_steps(const @NAME@_state *s)
{
    return s->n_steps == 0 ? 0 : s->n_steps + @MORE@u;
}

uint32_t @NAME@_sample_start(@NAME@_state *s, uint32_t n_steps)
{
    if (n_steps < @SHORTEST@u || n_steps > @LONGEST@u) {
        return 0;
    }
    @NAME@_start(s);
    s->n_steps = n_steps;
    return all_steps(s);
}

int32_t @NAME@_sample_step(@NAME@_state *s, const @CHANNEL@ *channels, uint32_t n)
{
    int32_t n_spikes;
@VARIABLES@    if (s->step >= all_steps(s) || (n > 0 && (s->step >= s->n_steps || channels[n - 1u] >= @INPUTS@u))) {
        return -1;
    }
    n_spikes = @NAME@_step(s, channels, n);
    if (n_spikes < 0) {
        return -1;
    }
    control(s);
@RAMP@    if (s->step == s->n_steps + @EXTRA@u - 1u) {
        add_up(s);
    }
    s->step++;
    return n_spikes;
}
"""

BANKS = """        uint32_t b;
        for (b = 1; b < @BINS@u; b++) {
            const uint32_t left = s->n_steps - edge(s, b), pulses = left < @RELEASES@u ? left : @RELEASES@u;
            if (pulses > 0) { /* those that lifted the bank from the lowest value */
                sum += s->v[@FIRST@u + b * @OUTPUTS@u + output] + @LOWEST@ - (int32_t)pulses * @LIFT@;
            }
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
    if (s->n_steps == 0 || s->step < all_steps(s)) {
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
    return s->step < all_steps(s) ? -1 : s->winner;
}
"""

HEADER = """
/* A sample of n_steps steps, @BIG@_SHORTEST_SAMPLE to @BIG@_LONGEST_SAMPLE. @NAME@_sample_start starts it and returns how often
   @NAME@_sample_step is to be called, or 0 if n_steps is not allowed. @NAME@_sample_step takes events of the channels below
   @BIG@_SAMPLE_INPUTS in the first n_steps steps and none after them, and adds those of the readout's own channels. Then
   state->sums holds the scores in integers@SCALE@. */
#define @BIG@_SAMPLE_INPUTS @INPUTS@u
#define @BIG@_SHORTEST_SAMPLE @SHORTEST@u
#define @BIG@_LONGEST_SAMPLE @LONGEST@u
#define @BIG@_N_OUTPUTS @OUTPUTS@u
uint32_t @NAME@_sample_start(@NAME@_state *state, uint32_t n_steps);
int32_t @NAME@_sample_step(@NAME@_state *state, const @CHANNEL@ *channels, uint32_t n);
"""

CLASS = """
/* Return the class of the sample: @LABELS@. -1: not at the end of a sample, or undecided. */
int32_t @NAME@_class(const @NAME@_state *state);
"""


class SampleReadout:
    """The parts of the files that decide at the end of a sample of at most ``n_steps`` steps."""

    def __init__(self, made: Deployment, n_steps: Any) -> None:
        r = made.readout
        self._made = made
        # C multiplies the number of a bin by a length, in 32 bits
        self.longest = checks.whole(n_steps, "export n_steps", 1, min(_MOST_STEPS, 2**32 // (r.n_bins + 1) - 1))
        sample = Spikes.from_events([], [], n_steps=[self.longest], n_channels=r.n_inputs, dt=made.program.dt)
        check_bins(bin_edges(made.features, sample), r.kind, "export n_steps")
        self._width = _width(made, self.longest)
        self.shortest = _shortest(made, self._width)
        if self.longest < self.shortest:
            raise DescriptionError(
                f"export n_steps: got {self.longest}, expected at least {self.shortest}, in which the readout gets its biases"
            )

    @property
    def fields(self) -> list[Field]:
        """What the state has beyond that of the program."""
        sums = Field("int32_t", "sums", 4, (self._made.readout.n_outputs,))
        return [Field("uint32_t", "step", 4), Field("uint32_t", "n_steps", 4), Field("int32_t", "winner", 4), sums]

    @property
    def outputs(self) -> Literal["sums", "class"]:
        """What main.c prints of each sample."""
        return "sums" if self._made.classes is None else "class"

    def source(self, words: dict[str, str]) -> str:
        """Return the functions of the C file."""
        r = self._made.readout
        text = control.source(r, words["NAME"], self._width) + ("" if r.kind == "trace" else BY_64) + SOURCE
        if self._made.classes is not None:
            text += WINNER if r.ramp else LARGEST
        parts = {
            "RAMP": RAMP if r.ramp else "",
            "VARIABLES": "    uint32_t j;\n" if r.ramp else "",
            "AND_RAMP": " and those of the ramp" if r.ramp else "",
            "BANKS": BANKS if r.kind == "banks" and r.n_bins > 1 else "",
        }
        return filled(text, **parts, **self._words(words))

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
            "BINS": r.n_bins,
            "FIRST": r.integrators.start,
            "SUM": "sum" if r.kind == "trace" else "by_64(sum)",
            "RELEASES": RELEASES,
            "LOWEST": MAX_STATE,
            "LIFT": PULSE * 64,
            "EXTRA": r.extra_steps,
            "MORE": r.extra_steps + r.ramp_steps,
            "INPUTS": r.n_inputs,
            "SHORTEST": self.shortest,
            "LONGEST": self.longest,
        }


def _width(made: Deployment, longest: int) -> int | None:
    """Return the width of windows in steps; None where bins are equal parts of a sample, or where there are none."""
    features = made.features
    if not isinstance(features, Counts) or features.window is None:
        return None
    return min(round(features.window / made.program.dt), longest)


def _shortest(made: Deployment, width: int | None) -> int:
    """Return the length of the shortest sample that `Deployment.run` takes."""
    r = made.readout
    steps = r.pulses if r.kind == "trace" else r.pulses - r.extra_steps - r.ramp_steps
    if r.kind == "banks" and r.n_bins > 1:  # whose first bin must be long enough to hold the others
        steps = max(steps, (MIN_HOLD - 1) * r.n_bins + 1 if width is None else MIN_HOLD)
    return max(1, steps)


def sample_readout(network: Any, n_steps: Any, *, graded: bool) -> SampleReadout:
    """Return the readout of a deployment for samples of at most ``n_steps``."""
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
