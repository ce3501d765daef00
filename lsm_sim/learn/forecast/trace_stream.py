"""Counts and traces of a series that comes sample by sample."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lsm_sim.learn.features import trace_kernel
from lsm_sim.learn.forecast.states import Counts, checked_taus
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory


class TraceStream:
    """Features of counts that come sample by sample, equal to the rows of `with_traces` to the bit.

    Parameters
    ----------
    counts
        Of the samples so far, (T, N), T >= 1.
    n_more
        How many samples will come, at most.
    taus, keep_counts, resolution
        As for `with_traces`.
    """

    def __init__(
        self, counts: Counts, n_more: int, taus: Sequence[float], keep_counts: bool, resolution: float | None
    ) -> None:
        constants = checked_taus(taus)
        self._keep = keep_counts
        self._traces: _Exact | _Decaying
        if resolution is None:
            self._traces = _Decaying(counts, constants)
        else:
            self._traces = _Exact(counts, n_more, constants, resolution)

    def advance(self, counts: Counts) -> Floats:
        """Return the features after one more sample, from its counts (N,), shape (features,)."""
        traces = self._traces.advance(counts).ravel()
        return np.concatenate([counts, traces]) if self._keep else traces


class _Exact:
    """Traces with a resolution: sums of integers, which are exact in any order, of the last counts."""

    def __init__(self, counts: Counts, n_more: int, taus: Floats, resolution: float) -> None:
        kernels = [trace_kernel(tau, resolution, len(counts) + n_more)[0] for tau in taus]
        longest = max((len(kernel) for kernel in kernels), default=1)
        check_memory(8.0 * longest * counts.shape[1], "counts that traces need")
        self._resolution = resolution
        oldest_first = np.zeros((len(kernels), longest))
        for kernel, row in zip(kernels, oldest_first, strict=True):
            row[longest - len(kernel) :] = kernel[::-1]
        self._kernels = np.tile(oldest_first, 2)  # twice, so that every rotation is a slice
        self._n = len(counts)
        self._last = np.zeros((longest, counts.shape[1]))  # the counts of sample k are in row k modulo its length
        kept = np.arange(max(self._n - longest, 0), self._n)
        self._last[kept % longest] = counts[kept]

    def advance(self, counts: Counts) -> Floats:
        longest = len(self._last)
        self._last[self._n % longest] = counts
        self._n += 1
        first = longest - self._n % longest  # the oldest counts are in row n % longest
        return np.asarray(self._kernels[:, first : first + longest] @ self._last * self._resolution)


class _Decaying:
    """Traces without a resolution: each continues from the one before, with the arithmetic of `with_traces`."""

    def __init__(self, counts: Counts, taus: Floats) -> None:
        self._factors = [-np.exp(-1 / tau) for tau in taus]
        self._states = [np.zeros((1, counts.shape[1])) for _ in taus]
        self._n_neurons = counts.shape[1]
        self._filter(counts)

    def _filter(self, counts: Counts) -> list[Floats]:
        from scipy.signal import lfilter

        out = []
        for place, factor in enumerate(self._factors):
            trace, self._states[place] = lfilter([1.0], [1.0, factor], counts, axis=0, zi=self._states[place])
            out.append(np.asarray(trace))
        return out

    def advance(self, counts: Counts) -> Floats:
        return np.concatenate([np.empty((0, self._n_neurons)), *self._filter(counts[None])])
