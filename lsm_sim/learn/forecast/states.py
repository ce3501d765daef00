"""Features of a liquid that is driven by a series: spike counts of each sample, and their exponential traces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from lsm_sim.engine.excursions import warn_on_excursions
from lsm_sim.engine.protocol import Backend, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.features import RESOLUTION, checked_resolution, trace_kernel
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory

Counts: TypeAlias = npt.NDArray[np.int32] | npt.NDArray[np.int64]


def sample_edges(stimulus: Spikes, n_samples: int) -> Ints:
    """Return the steps at which the samples of one encoded series begin and end, shape (1, T + 1)."""
    n_steps = int(stimulus.n_steps[0])
    if len(stimulus) != 1 or n_steps % n_samples:
        raise DescriptionError(
            f"encoder: got {n_steps} steps for {n_samples} samples, expected the same whole number of steps for each sample; set its frame"
        )
    return np.arange(n_samples + 1)[None] * (n_steps // n_samples)


def run_counts(
    program: Program,
    backend: str | Backend,
    stimulus: Spikes,
    edges: Ints,
    n_threads: int | None,
    progress: bool | None,
) -> Counts:
    """Return the spike count of each neuron in each sample, shape (T, N): one run from rest, no spikes stored."""
    request = Request(spikes=False, bins=edges, n_threads=n_threads, progress=progress)
    with compiled(program, backend) as runner:
        counts = warn_on_excursions(runner, runner.program)(stimulus, request).counts
    assert counts is not None  # `compiled` has checked it
    own: Counts = counts[0]
    return own


def beside(counts: Counts, stimulus: Spikes, edges: Ints) -> Counts:
    """Return counts (T, N) of neurons, then those (T, C) of the input channels, or their sums of payloads."""
    own = np.hstack([counts, stimulus.payload_sums(edges)[0]])
    return own.astype(np.int64)  # payloads may be large


def with_traces(
    counts: Counts, taus: Sequence[float], keep_counts: bool, resolution: float | None = RESOLUTION
) -> Floats:
    """Return the counts (if ``keep_counts``) and their traces, concatenated, shape (T, n * N).

    The trace of time constant tau, in samples, is

        trace[k] = sum over i >= 0 of  counts[k - i] * round(exp(-i/tau) / resolution) * resolution

    so a spike does not decay until its sample ends, whenever it occurs in the sample; `lsm_sim.Traces` says why each spike
    counts in multiples of ``resolution``. With None, nothing is rounded.
    """
    from scipy.signal import lfilter

    n_samples, n = counts.shape
    constants = checked_taus(taus)
    resolution, keep_counts = checked_resolution(resolution, "resolution"), checks.flag(keep_counts, "counts")
    parts = constants.size + keep_counts
    if parts == 0:
        raise DescriptionError("taus: got none while counts are left out, expected at least one time constant")
    check_memory(8.0 * n_samples * n * (parts + 1), "features of the series")
    out = np.empty((n_samples, parts, n))
    if keep_counts:
        out[:, 0] = counts
    for place, tau in enumerate(constants, start=int(keep_counts)):
        if resolution is None:
            out[:, place] = lfilter([1.0], [1.0, -np.exp(-1 / tau)], counts, axis=0)
        else:
            kernel, unit = trace_kernel(tau, resolution, n_samples)
            out[:, place] = lfilter(kernel, [1.0], counts, axis=0) * unit
    return out.reshape(n_samples, -1)


def checked_taus(taus: Sequence[float]) -> Floats:
    """Return the time constants of traces, in samples."""
    constants = checks.real_array(taus, "taus")
    if constants.ndim != 1 or (constants <= 0).any():
        raise DescriptionError(f"taus: got {taus!r}, expected a list of time constants > 0, in samples")
    return constants
