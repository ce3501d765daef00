"""The extremes of a program's variables on given stimuli, which decide whether they fit into Loihi's registers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from lsm_sim.dynamics.loihi import UV_LIMIT
from lsm_sim.engine.protocol import DEFAULT, Backend, Excursions, Request, compiled
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Floats, Ints

_CHUNK_BYTES = 1 << 28  # of u and v held at once


@dataclass(frozen=True, eq=False)
class Peaks:
    """The extremes of each neuron over all samples and steps, (N,) each, in the program's units.

    Parameters
    ----------
    a, u, drive
        The largest magnitudes of the arrivals in a step, of u, and of u + bias.
    high, low
        The highest v, before a spike resets it, and the lowest.
    count
        Spikes per sample and neuron in 5 bins, (B, 5, N).
    excursions
        How often |a|, |u|, |u + bias| exceeded Loihi's registers and v saturated, (4,); zeros for float64.
    first
        Sample, step and neuron of the first excursion of each kind, (4, 3); -1 if there is none.
    n_steps
        Total number of steps.
    """

    a: Floats
    u: Floats
    drive: Floats
    high: Floats
    low: Floats
    count: npt.NDArray[np.int32]
    excursions: Ints
    first: Ints
    n_steps: int


KINDS = ("a", "u", "u + bias", "v")


def measure(program: Program, stimulus: Spikes, backend: str | Backend = DEFAULT) -> Peaks:
    """Run ``stimulus`` and return the peaks."""
    loihi, n = program.arithmetic == "loihi", program.n_neurons
    peaks = np.zeros((5, n))
    total, first, counts = np.zeros(4, np.int64), np.full((4, 3), -1), []
    per_sample = int(stimulus.n_steps.max()) * n * 16
    size = max(1, _CHUNK_BYTES // per_sample)
    with compiled(program, backend) as runner:
        for begin in range(0, len(stimulus), size):
            batch = stimulus[begin : begin + size]
            outcome = runner(batch, Request(neurons=np.arange(n), excursions=loihi, progress=False))
            assert outcome.spikes is not None  # `compiled` has checked it
            counts.append(outcome.spikes.counts(5))
            for b, (u, v) in enumerate(zip(outcome.traces["u"], outcome.traces["v"], strict=True)):
                peaks_b, saturated = _sample(program, u, v, outcome.spikes.raster(b))
                peaks = np.maximum(peaks, peaks_b)
                _add(total, first, 3, begin + b, saturated)
            if outcome.excursions is not None:
                _add_excursions(total, first, begin, outcome.excursions)
    a, u, drive, high, minus_low = peaks
    return Peaks(a, u, drive, high, -minus_low, np.concatenate(counts), total, first, int(stimulus.n_steps.sum()))


def _sample(program: Program, u: Floats, v: Floats, spiked: Bools) -> tuple[Floats, Bools]:
    """Return a, u, drive, high and -low of one sample, (5, N), and where v saturated, (T, N)."""
    start = program.start()
    before_u, before_v = (np.vstack([start[name], x[:-1]]) for name, x in (("u", u), ("v", v)))
    drive = u + program.bias
    if program.arithmetic == "loihi":
        a = (u - np.trunc(before_u * (4095 - program.du) / 4096)) / 64
        reached = np.where(spiked, np.trunc(before_v * (4096 - program.dv) / 4096) + drive, v)
        saturated = np.abs(reached) >= UV_LIMIT - 1
    else:
        a = u - program.decay_u * before_u
        reached = np.where(spiked, program.decay_v * before_v + drive, v)
        saturated = np.zeros(v.shape, bool)
    values = (np.abs(a), np.abs(u), np.abs(drive), reached, -reached)
    return np.stack([x.max(axis=0) for x in values]), saturated


def _add(total: Ints, first: Ints, kind: int, sample: int, where: Bools) -> None:
    if where.any():
        if total[kind] == 0:
            step, neuron = np.argwhere(where)[0]
            first[kind] = sample, step, neuron
        total[kind] += where.sum()


def _add_excursions(total: Ints, first: Ints, begin: int, excursions: Excursions) -> None:
    count, step, neuron = excursions.count, excursions.step, excursions.neuron
    for kind in range(3):
        samples = np.flatnonzero(count[:, kind])
        if samples.size and total[kind] == 0:
            b = samples[0]
            first[kind] = begin + b, step[b, kind], neuron[b, kind]
        total[kind] += count[:, kind].sum()
