"""Fading memory: whether two different histories reconverge under equal input, and in which observables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import DEFAULT, Backend
from lsm_sim.errors import DescriptionError
from lsm_sim.measures.checked import bin_steps, plain
from lsm_sim.measures.pairs import How, apart, program_of, recorded
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.support.warn import warn
from lsm_sim.units import ms

_FORGOTTEN = 0.01
_LAST = 5  # bins whose mean is the remainder


@dataclass(frozen=True, eq=False)
class FadingMemory:
    """How far apart two histories are while the input is equal.

    Parameters
    ----------
    times
        Since the input became equal, in seconds, (T,), at the end of bins.
    distance
        By observable: mean over pairs, relative to what it was when the input became equal, (T,).
    remaining
        By observable: mean distance in the last five bins; 0 is forgotten, 1 as different as at first.
    forgotten
        By observable: when the distance fell below 0.01 for good, in seconds; None: never, or only in the last five bins.
    n_pairs
        Number of pairs of histories.
    """

    times: Floats
    distance: dict[str, Floats]
    remaining: dict[str, float]
    forgotten: dict[str, float | None]
    n_pairs: int

    def __str__(self) -> str:
        parts = []
        for name, rest in self.remaining.items():
            when = self.forgotten[name]
            parts.append(f"{name} {rest:.0%} left" if when is None else f"{name} forgotten after {1000 * when:.0f} ms")
        return f"fading memory after {1000 * self.times[-1]:.0f} ms of equal input: {', '.join(parts)} ({self.n_pairs} pairs)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the distances over time and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        for (name, values), colour in zip(self.distance.items(), figures.many(len(self.distance)), strict=True):
            ax.semilogy(1000 * self.times, np.maximum(values, 1e-6), color=colour, linewidth=figures.LINE, label=name)
        ax.axhline(_FORGOTTEN, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
        ax.legend(frameon=False, fontsize=figures.TICK, loc="lower left")
        figures.tidy(ax, "Time of equal input (ms)", "Relative distance")
        ax.tick_params(which="minor", labelsize=figures.TICK)
        return ax


def fading_memory(
    network: Any,
    one: Spikes,
    other: Spikes,
    common: Spikes,
    *,
    tau: float = 30 * ms,
    bin: float = 10 * ms,  # noqa: A002
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> FadingMemory:
    """Return how fast two histories are forgotten while the same input follows on both.

    The distance of spikes is the sum over neurons of |c - c'|, c being counts in bins of ``bin`` seconds; that of u, v and any
    further state variable, at the end of each bin, the root mean square over neurons; that of traces the same, of spike counts
    filtered with ``tau``. Each is divided by what it is at the end of the histories. Observables differ: spikes of a chaotic
    liquid never become equal although its rates, and what a readout sees, are nearly so. Background noise is the same in all.
    Fading memory: S. Boyd, L. O. Chua, IEEE Transactions on Circuits and Systems 32, 1150-1161 (1985); for liquids W. Maass,
    T. Natschlaeger, H. Markram: Neural Computation 14, 2531-2560 (2002).

    Parameters
    ----------
    network
        A `Liquid` or a `Program` in float64.
    one, other, common
        Histories and what follows, P samples each: pair b is sample b of each. Each of the three has samples of one length.
    tau
        Of traces, in seconds.
    bin
        In seconds.
    backend, n_threads, progress
        As for `lsm_sim.run`.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> neurons = lsm.Neurons("n", 5, tau_m=20e-3, tau_syn=5e-3)
    >>> liquid = lsm.Liquid([lsm.Inputs("in", 4)], [neurons], [lsm.Synapses("in", "n", lsm.AllToAll(), 0.5)])
    >>> rng = np.random.default_rng(1)
    >>> parts = [Spikes.from_dense(rng.random((8, 300, 4)) < 0.1, 1e-3) for _ in range(3)]
    >>> fading_memory(liquid, *parts).forgotten["u"] < 0.05  # 5 ms * ln(100) = 23 ms
    True
    """
    lengths = [_length(part, name) for part, name in ((one, "one"), (other, "other"), (common, "common"))]
    if len({len(part) for part in (one, other, common)}) > 1 or lengths[0] != lengths[1]:
        raise DescriptionError(
            f"fading_memory: got {one}, {other} and {common}, expected as many samples of each, and histories of equal length"
        )
    program_of(network, one, "fading_memory")
    width = bin_steps(bin, one.dt, "fading_memory")
    n_bins, back = lengths[2] // width, lengths[0] // width
    if n_bins < 2 * _LAST or back < 1:
        raise DescriptionError(
            f"fading_memory: got {back} bins of history and {n_bins} of equal input, expected at least 1 and {2 * _LAST}; use longer samples "
            "or narrower bins"
        )
    ends = lengths[0] + width * np.arange(n_bins + 1)
    pairs = [Spikes.concatenate([history, common], along="time") for history in (one, other)]
    how = How(backend, n_threads, progress)
    both = recorded(network, Spikes.concatenate(pairs), ends - 1, "fading_memory", how)
    distances = {name: apart(values, len(one)) for name, values in both.variables.items()}
    spikes = both.spikes
    distances = _of_spikes(spikes, len(one), lengths[0] % width, width, back, tau) | distances
    return _result(distances, width * one.dt, len(one))


def _length(part: Any, name: str) -> int:
    """Return the number of steps of all samples."""
    checks.instance(part, Spikes, f"fading_memory: {name}", "Spikes; see lsm_sim.encode")
    if not len(part) or (part.n_steps != part.n_steps[0]).any():
        raise DescriptionError(f"fading_memory: {name}: got {part}, expected samples of equal length, at least one")
    return int(part.n_steps[0])


def _of_spikes(spikes: Spikes, n_pairs: int, begin: int, width: int, back: int, tau: float) -> dict[str, Floats]:
    """Return the distances of counts and of traces in the last bin of the histories and all later ones."""
    last = int(spikes.n_steps[0])
    edges = np.arange(begin, last + 1, width)
    n = edges.size - 1
    full = np.unique(np.concatenate([[0], edges, [last]]))
    skip = int(begin > 0)
    counts = spikes.counts(np.tile(full, (len(spikes), 1)))[:, skip : skip + n].astype(float)
    keep = np.exp(-width * spikes.dt / checks.positive(tau, "fading_memory tau", "time"))
    traces, trace = np.empty_like(counts), np.zeros(counts[:, 0].shape)
    for k in range(n):
        trace = keep * trace + counts[:, k]
        traces[:, k] = trace
    difference = np.abs(counts[:n_pairs] - counts[n_pairs:]).sum(axis=2)
    return {"spikes": difference[:, back - 1 :], "traces": apart(traces, n_pairs)[:, back - 1 :]}


def _result(distances: dict[str, Floats], width: float, n_pairs: int) -> FadingMemory:
    """Divide by the first distance, that at the end of the histories."""
    relative, remaining, forgotten = {}, {}, {}
    for name, values in distances.items():
        mean = values.mean(axis=0)
        if not mean[0] > 0:  # a silent liquid, an adaptive threshold that has not risen
            warn(
                f"fading_memory: {name} are equal after different histories, so nothing is said of them; use a stimulus and weights with which neurons neither stay silent nor spike all the time"
            )
            continue
        relative[name] = mean[1:] / mean[0]
        remaining[name] = float(relative[name][-_LAST:].mean())
        above = np.flatnonzero(relative[name] >= _FORGOTTEN)
        settled = int(above[-1]) + 1 if above.size else 0
        forgotten[name] = None if settled > relative[name].size - _LAST else (settled + 1) * width
    if not relative:
        raise DescriptionError("fading_memory: got histories after which nothing differs, expected different ones")
    times = width * np.arange(1, next(iter(relative.values())).size + 1)
    return FadingMemory(times, relative, remaining, forgotten, n_pairs)
