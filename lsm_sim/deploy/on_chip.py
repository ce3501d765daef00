"""A linear readout as neurons of the program: integrators whose v is the score of a class.

An integrator keeps nothing of u and everything of v (du = 4095, dv = 0), so that with weights w and spike counts c

    v = 64 * sum(w * c)        exactly, while |sum| <= 131071 at every step

and its threshold, 131071, is never exceeded. A spike of step k arrives in step k + 1, so a sample of T steps takes T + 1.

Bins. Bank b of integrators has the weights D[b] = W[b] - W[b-1] and counts from the first step of bin b to the end, so that the
sum over the banks is sum(W[b] * counts of bin b). Until its bin begins, a bank is held at -(2^23 - 1), where v saturates, by a
channel that sends -16320 in every step; then eight events of +16320 set v to -32767, and counting begins. Rounding is fed back
from bank to bank: the rounding error of W[b] does not add up with those of the banks before it.

Relays, the alternative, take a neuron for each neuron and bin, which passes a spike on only while the channel of its bin is
active; then one integrator for each class has them all, so that spikes alone can decide: a ramp is added to every score after
the end, and the first integrator that fires is the class.

Traces. An integrator with dv = 4096 (1 - exp(-dt/tau)), rounded, is the trace of its weighted spikes, up to the rounding of v
toward zero in each step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from lsm_sim.dynamics.loihi import MAX_EXPONENT, MAX_STATE, MAX_THRESHOLD, MAX_WEIGHT
from lsm_sim.engine.protocol import Outcome, Request
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.more_events import with_more_events
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

Kind = Literal["banks", "relays", "trace"]
KINDS: dict[Kind, str] = {
    "banks": "a bank of integrators for each bin",
    "relays": "a relay for each neuron and bin, and an integrator for each output",
    "trace": "a leaky integrator for each output",
}
Events: TypeAlias = list[tuple[Any, Any, Any]]  # sample, step, channel

PULSE = MAX_WEIGHT << (MAX_EXPONENT - 1)  # 16320; with liquid spikes in the same step, arrivals stay below 2^15
RELEASES = 8  # pulses that lift a held integrator
BASE = RELEASES * PULSE * 64 - MAX_STATE  # -32767: v of a bank when all its pulses have arrived
LIMIT = MAX_THRESHOLD  # of the magnitude of a sum
MIN_HOLD = 9  # steps in which PULSE brings v from 0 to -(2^23 - 1)
COARSE = 1 << 7

# A relay fires if a spike and its gate arrive in the same step: 128 + 128 > 200 > 128; it keeps nothing.
_RELAY_WEIGHT, _RELAY_THRESHOLD = 128, 200
_FORGET = 4095


@dataclass(frozen=True, eq=False, repr=False)
class ChipReadout:
    """A linear readout in integers.

    Parameters
    ----------
    kind
        ``"banks"``: a bank of integrators for each bin; ``"relays"``; ``"trace"``: leaky integrators.
    weights
        (bins, outputs, N), integers of magnitude at most 255. Banks: differences D; relays: W.
    bias
        (outputs,), integers in the same unit: what the pulses at the start (traces: at the end) give.
    pulses
        Number of those pulses.
    scale
        Integers per unit of the trained scores, (outputs,); equal for all classes.
    dv
        Decay of the integrators: 0, or that of a trace.
    ramp
        Added to each score per step after the end; 0: the host reads v.
    n_neurons, n_inputs
        Of the liquid, which are the first neurons and channels of the program.
    """

    kind: Kind
    weights: Ints
    bias: Ints
    pulses: int
    scale: Floats
    dv: int
    ramp: int
    n_neurons: int
    n_inputs: int

    def __post_init__(self) -> None:
        checks.choice(self.kind, "readout kind", KINDS)
        for name, low, high in (
            ("pulses", 1, 2**20),
            ("dv", 0, 4096),
            ("ramp", 0, PULSE),
            ("n_neurons", 1, checks.MOST),
        ):
            checks.whole(getattr(self, name), f"readout {name}", low, high)
        weights, bias = (
            checks.whole_array(self.weights, "readout weights"),
            checks.whole_array(self.bias, "readout bias"),
        )
        scale = checks.real_array(self.scale, "readout scale")
        if (
            weights.ndim != 3
            or weights.shape[2] != self.n_neurons
            or not bias.shape == scale.shape == weights.shape[1:2]
        ):
            raise DescriptionError(
                f"readout: got weights of shape {weights.shape}, bias {bias.shape}, scale {scale.shape}, expected (bins, outputs, "
                f"{self.n_neurons}), (outputs,), (outputs,)"
            )
        for name, value in (("weights", weights), ("bias", bias), ("scale", scale)):
            object.__setattr__(self, name, checks.read_only(value))

    @property
    def n_bins(self) -> int:
        """Number of bins."""
        return len(self.weights)

    @property
    def n_outputs(self) -> int:
        """Number of classes or values."""
        return int(self.weights.shape[1])

    @property
    def extra_steps(self) -> int:
        """Steps after the end of a sample until the scores are complete."""
        return 2 if self.kind == "relays" else 1

    @property
    def ramp_steps(self) -> int:
        """Steps of the ramp: the best score is at least about 0, so it reaches the threshold in this time."""
        return 0 if not self.ramp else -(-(LIMIT + 512) // self.ramp) + 2

    @property
    def integrators(self) -> slice:
        """The integrators among the neurons of the program, bank by bank."""
        first = self.n_neurons + (self.n_bins * self.n_neurons if self.kind == "relays" else 0)
        return slice(first, first + self._n_banks * self.n_outputs)

    @property
    def _n_banks(self) -> int:
        return self.n_bins if self.kind == "banks" else 1

    def channels(self) -> dict[str, int]:
        """Return the number of control channels by name."""
        names = {"readout start": 2}
        if self.kind == "banks" and self.n_bins > 1:
            names |= {"readout hold": self.n_bins - 1, "readout release": self.n_bins - 1}
        if self.kind == "relays":
            names["readout gate"] = self.n_bins
        if self.ramp:
            names["readout ramp"] = 1
        return names

    def append_to(self, program: Program) -> Program:
        """Return the liquid's program with the readout and its control channels."""
        first = {}
        begin = self.n_inputs
        for name, size in self.channels().items():
            first[name] = begin
            begin += size
        n_rows = begin  # input channels; neurons begin here
        parts = [self._biases(first["readout start"]), self._counting(n_rows)]
        neurons: dict[str, Any] = {}
        if self.kind == "relays":
            neurons["readout relays"] = _neurons(self.n_bins * self.n_neurons, _RELAY_THRESHOLD, _FORGET)
            parts.append(self._gates(first["readout gate"], n_rows))
        elif "readout hold" in first:
            parts.append(self._holds(first["readout hold"], -PULSE))
            parts.append(self._holds(first["readout release"], PULSE))
        if self.ramp:
            parts.append(self._ramp(first["readout ramp"]))
        neurons["readout"] = _neurons(self._n_banks * self.n_outputs, MAX_THRESHOLD, self.dv)
        source, post, weight = (np.concatenate(column) for column in zip(*parts, strict=True))
        used = weight != 0
        return program.append(neurons, self.channels(), source=source[used], post=post[used], weight=weight[used])

    def check_program(self, program: Program) -> None:
        """Raise unless a program has the neurons and the channels that `append_to` adds."""
        channels = self.n_inputs + sum(self.channels().values())
        if (program.n_inputs, program.n_neurons) != (channels, self.integrators.stop):
            raise DescriptionError(
                f"readout: got a program of {program.n_inputs} channels and {program.n_neurons} neurons, expected {channels} and "
                f"{self.integrators.stop}"
            )

    def _targets(self, bank: int = 0) -> Ints:
        return np.asarray(self.integrators.start + bank * self.n_outputs + np.arange(self.n_outputs))

    def _biases(self, channel: int) -> tuple[Ints, Ints, Ints]:
        """Return a coarse and a fine synapse from the two start channels to each class of the first bank."""
        coarse, fine = coarse_and_fine(self.bias, self.pulses)
        source = np.repeat([channel, channel + 1], self.n_outputs)
        return source, np.tile(self._targets(), 2), np.concatenate([coarse, fine])

    def _counting(self, n_rows: int) -> tuple[Ints, Ints, Ints]:
        """Return the synapses of weights: from the liquid's neurons, or from the relays."""
        bins, outputs, n = self.weights.shape
        bank, target, neuron = np.indices((bins, outputs, n))
        if self.kind == "relays":
            source, post = n_rows + self.n_neurons + bank * n + neuron, self.integrators.start + target
        else:
            source, post = n_rows + neuron, self.integrators.start + bank * outputs + target
        return source.ravel(), post.ravel(), self.weights.ravel()

    def _holds(self, channel: int, weight: int) -> tuple[Ints, Ints, Ints]:
        post = np.concatenate([self._targets(bank) for bank in range(1, self.n_bins)])
        source = channel + np.repeat(np.arange(self.n_bins - 1), self.n_outputs)
        return source, post, np.full(post.size, weight)

    def _gates(self, channel: int, n_rows: int) -> tuple[Ints, Ints, Ints]:
        relay = self.n_neurons + np.arange(self.n_bins * self.n_neurons)
        bins = np.repeat(np.arange(self.n_bins), self.n_neurons)
        neuron = n_rows + np.tile(np.arange(self.n_neurons), self.n_bins)
        source = np.concatenate([channel + bins, neuron])
        return source, np.tile(relay, 2), np.full(source.size, _RELAY_WEIGHT)

    def _ramp(self, channel: int) -> tuple[Ints, Ints, Ints]:
        post = self._targets()
        return np.full(post.size, channel), post, np.full(post.size, self.ramp)

    def control(self, stimulus: Spikes, edges: Ints) -> Spikes:
        """Return the stimulus of the liquid with the events of the control channels, and with the further steps.

        Parameters
        ----------
        stimulus
            On the channels of the liquid, (B samples).
        edges
            Of the bins, in steps, (B, bins + 1).
        """
        first = self.n_inputs
        parts: Events = []
        start = self._start_steps(stimulus.n_steps)
        parts += [_every(start, start + self.pulses, first + nth) for nth in range(2)]
        first += 2
        ends = stimulus.n_steps
        for b in range(1, self.n_bins if self.kind == "banks" else 1):
            begin = edges[:, b]
            parts.append(_every(0 * begin, begin, first + b - 1))
            parts.append(_every(begin, np.minimum(begin + RELEASES, ends), first + self.n_bins - 2 + b))
        for b in range(self.n_bins if self.kind == "relays" else 0):
            parts.append(_every(edges[:, b], edges[:, b + 1], first + b))
        total = ends + self.extra_steps
        if self.ramp:
            channel = self.n_inputs + sum(self.channels().values()) - 1
            parts.append(_every(total - 1, total + self.ramp_steps - 1, channel))
        n_channels = self.n_inputs + sum(self.channels().values())
        return with_more_events(stimulus, parts, n_channels, total + self.ramp_steps)

    def _start_steps(self, n_steps: Ints) -> Ints:
        """Return the first step of the pulses of the biases: 0, or so that the last one decays not at all."""
        return np.asarray(n_steps - self.pulses if self.kind == "trace" else 0 * n_steps)

    def complete(self, stimulus: Spikes) -> Ints:
        """Return the step of each sample at whose end the scores are complete, for a stimulus from `control`."""
        return np.asarray(stimulus.n_steps - self.ramp_steps - 1)

    def request(self, stimulus: Spikes, **how: Any) -> Request:
        """Return a request for what `v` reads; ``how`` are further fields of `Request`."""
        place = np.arange(self.integrators.start, self.integrators.stop)
        return Request(neurons=place, variables=("v",), steps=np.unique(self.complete(stimulus)), **how)

    def v(self, stimulus: Spikes, outcome: Outcome) -> Ints:
        """Return v of the integrators when the scores are complete, (B, banks * outputs)."""
        done = self.complete(stimulus)
        rows = np.searchsorted(np.unique(done), done)
        return np.array([own[row] for own, row in zip(outcome.traces["v"], rows, strict=True)]).astype(np.int64)

    def sums(self, v: Ints, edges: Ints) -> Ints:
        """Return the scores in integers, (B, outputs), from v of the integrators at the end, (B, banks * outputs).

        ``edges`` (B, bins + 1) say how many pulses each bank has had.
        """
        if self.kind != "banks":
            return np.asarray(v // 64 if self.kind == "relays" else v)
        banks = v.reshape(len(v), self.n_bins, self.n_outputs).astype(np.int64)
        had = np.minimum(RELEASES, edges[:, -1:] - edges[:, 1:-1])  # (B, banks - 1)
        counting = had > 0
        later = np.where(counting[:, :, None], banks[:, 1:] + MAX_STATE - had[:, :, None] * PULSE * 64, 0)
        return np.asarray((banks[:, 0] + later.sum(axis=1)) // 64)

    def expected(self, counts: Ints) -> Ints:
        """Return the scores in integers that the liquid's own counts (B, bins, N) give; not for traces."""
        weights = np.cumsum(self.weights, axis=0) if self.kind == "banks" else self.weights
        return np.asarray(np.einsum("bin,ion->bo", counts.astype(np.int64), weights.astype(np.int64)) + self.bias)

    def to_scores(self, sums: Ints) -> Floats:
        """Return scores in the unit of the trained readout; of a trace v is 64 times the score in integers."""
        return np.asarray(sums / (self.scale * (64 if self.kind == "trace" else 1)))


def _neurons(n: int, threshold: int, dv: int) -> dict[str, Ints]:
    values = {"threshold": threshold, "bias": 0, "refractory": 0, "du": _FORGET, "dv": dv}
    return {name: np.full(n, value) for name, value in values.items()}


def coarse_and_fine(bias: Ints, pulses: int) -> tuple[Ints, Ints]:
    """Return the weights of the coarse and the fine channel, whose sum times ``pulses`` is the bias."""
    each = bias // pulses
    coarse = np.rint(each / COARSE).astype(np.int64) * COARSE
    return coarse, each - coarse


def _every(begin: Ints, end: Ints, channel: int) -> tuple[Ints, Ints, Ints]:
    """Return events of a channel in every step from ``begin`` to ``end`` - 1 of each sample."""
    lengths = np.maximum(end - begin, 0)
    sample = np.repeat(np.arange(len(begin)), lengths)
    step = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + np.repeat(begin, lengths)
    return sample, step, np.full(step.size, channel)


def check_bins(edges: Ints, kind: Kind, where: str) -> None:
    """Raise if a bank would begin before its integrators are held at the lowest v."""
    if kind == "banks" and edges.shape[1] > 2 and edges[:, 1].min() < MIN_HOLD:
        b = int(edges[:, 1].argmin())
        raise DescriptionError(
            f"{where}: got a first bin of {edges[b, 1]} steps in sample {b}, expected at least {MIN_HOLD}, in which the integrators "
            "of later bins are brought to their lowest value; use fewer bins, a smaller dt, or relays=True"
        )
