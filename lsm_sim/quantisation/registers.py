"""The extremes of a program's variables on given stimuli, which decide whether they fit into Loihi's registers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.dynamics.loihi import MAX_STATE, SHIFT, UV_LIMIT
from lsm_sim.engine.protocol import DEFAULT, Backend, Excursions, Request, compiled
from lsm_sim.engine.requests import largest_payloads
from lsm_sim.program.grid import magnitudes
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Floats, Ints

_CHUNK_BYTES = 1 << 28  # of state variables held at once
SUMS_LIMIT = 2**31  # engines add arrivals in 32 bits
THRESHOLD = "threshold + w"
KINDS = ("a", "u", "u + bias", "v", THRESHOLD)
_V, _THRESHOLD = 3, 4  # the kinds that are counted here; engines count those before


@dataclass(frozen=True, eq=False)
class Peaks:
    """The extremes of each neuron over all samples and steps, (N,) each, in the program's units.

    Parameters
    ----------
    a, u, a2, u2
        The largest magnitudes of the arrivals in a step and of the synaptic current, for each receptor; a2 and u2 are 0
        without a second current.
    drive
        The largest magnitude of u + u2 + bias.
    high, low
        The highest v, before a spike resets it, and the lowest.
    w
        The highest w; 0 without an adaptive threshold.
    sums
        The largest sum of arrivals that the program and the payloads of the stimuli allow: all sources send at once.
    count
        Spikes per sample and neuron in 5 bins, (B, 5, N).
    excursions
        How often each of `KINDS` did not fit into Loihi's registers, (5,); zeros for float64. The first two count either
        current; v saturates, and a threshold that v cannot exceed counts as the last one.
    first
        Sample, step and neuron of the first excursion of each kind, (5, 3); -1 if there is none.
    n_steps
        Total number of steps.
    """

    a: Floats
    u: Floats
    a2: Floats
    u2: Floats
    drive: Floats
    high: Floats
    low: Floats
    w: Floats
    sums: Floats
    count: npt.NDArray[np.int32]
    excursions: Ints
    first: Ints
    n_steps: int


def measure(program: Program, stimulus: Spikes, backend: str | Backend = DEFAULT) -> Peaks:
    """Run ``stimulus`` and return the peaks."""
    loihi, n = program.arithmetic == "loihi", program.n_neurons
    peaks: dict[str, Any] = {}
    total, first, counts = np.zeros(len(KINDS), np.int64), np.full((len(KINDS), 3), -1), []
    per_sample = int(stimulus.n_steps.max()) * n * 8 * len(program.state)
    size = max(1, _CHUNK_BYTES // per_sample)
    with compiled(program, backend) as runner:
        for begin in range(0, len(stimulus), size):
            batch = stimulus[begin : begin + size]
            outcome = runner(batch, Request(neurons=np.arange(n), excursions=loihi, progress=False))
            assert outcome.spikes is not None  # `compiled` has checked it
            counts.append(outcome.spikes.counts(5))
            for b in range(len(batch)):
                traces = {name: values[b] for name, values in outcome.traces.items()}
                own, outside = _sample(program, traces, outcome.spikes.raster(b))
                peaks = {name: np.maximum(peaks.get(name, values), values) for name, values in own.items()}
                for kind, where in outside.items():
                    _add(total, first, kind, begin + b, where)
            if outcome.excursions is not None:
                _add_excursions(total, first, begin, outcome.excursions)
    low = -peaks.pop("minus_low")
    return Peaks(
        low=low,
        **peaks,
        sums=_largest_sums(program, stimulus),
        count=np.concatenate(counts),
        excursions=total,
        first=first,
        n_steps=int(stimulus.n_steps.sum()),
    )


def _sample(program: Program, traces: Mapping[str, Any], spiked: Bools) -> tuple[dict[str, Floats], dict[int, Bools]]:
    """Return the peaks of one sample by name, (N,) each, and where v and the threshold were at their limit, (T, N) by kind."""
    start, loihi = program.start(), program.arithmetic == "loihi"
    before = {name: np.vstack([start[name], values[:-1]]) for name, values in traces.items()}
    nothing = np.zeros((1, program.n_neurons))
    u, u2, w = (traces.get(name, nothing) for name in ("u", "u2", "w"))
    drive = (u + u2 if "u2" in traces else u) + program.bias
    arrivals = {name: _arrivals(program, name, before[name], traces[name]) for name in ("u", "u2") if name in traces}
    outside: dict[int, Bools] = {}
    if loihi:
        reached = np.where(spiked, np.trunc(before["v"] * (4096 - program.dv) / 4096) + drive, traces["v"])
        outside[_V] = np.abs(reached) >= UV_LIMIT - 1
        if "w" in traces:
            outside[_THRESHOLD] = (program.threshold << SHIFT) + w >= MAX_STATE
    else:
        reached = np.where(spiked, program.decay_v * before["v"] + drive, traces["v"])
    values = {"a": np.abs(arrivals["u"]), "a2": np.abs(arrivals.get("u2", nothing)), "u": np.abs(u), "u2": np.abs(u2)}
    values |= {"drive": np.abs(drive), "high": reached, "minus_low": -reached, "w": w}
    return {name: each.max(axis=0) for name, each in values.items()}, outside


def _arrivals(program: Program, current: str, before: Floats, after: Floats) -> Floats:
    """Return what arrived in each step, from a synaptic current at the end of the step before and of the step."""
    receptor = "2" if current == "u2" else ""
    if program.arithmetic == "loihi":
        decay = getattr(program, f"du{receptor}")
        return np.asarray((after - np.trunc(before * (4095 - decay) / 4096)) / (1 << SHIFT))
    return np.asarray(after - getattr(program, f"decay_u{receptor}") * before)


def _largest_sums(program: Program, stimulus: Spikes) -> Floats:
    """Return the largest sum of arrivals of either receptor that a step could bring to each neuron, (N,)."""
    factor = None if stimulus.payload is None else largest_payloads(program, stimulus)
    sums = np.zeros((program.n_receptors, program.n_neurons))
    for block in program.blocks:
        sums[block.receptor] += magnitudes(block, program.n_neurons, factor)
    return np.asarray(sums.max(axis=0))


def _add(total: Ints, first: Ints, kind: int, sample: int, where: Bools) -> None:
    if where.any():
        if total[kind] == 0:
            step, neuron = np.argwhere(where)[0]
            first[kind] = sample, step, neuron
        total[kind] += where.sum()


def _add_excursions(total: Ints, first: Ints, begin: int, excursions: Excursions) -> None:
    count, step, neuron = excursions.count, excursions.step, excursions.neuron
    for kind in range(len(Excursions.KINDS)):
        samples = np.flatnonzero(count[:, kind])
        if samples.size and total[kind] == 0:
            b = samples[0]
            first[kind] = begin + b, step[b, kind], neuron[b, kind]
        total[kind] += count[:, kind].sum()
