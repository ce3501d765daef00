"""Means of a signal's frames in equal bins of its own length, as `Counts(bins)` for spikes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_LARGEST = 2**18  # overlaps of bins and frames, 2 MB: up to here a product with all of them is the fastest


def bin_means(signal: Floats, bins: int) -> Floats:
    """Return the mean of the frames (T, C) in each of ``bins`` equal bins, shape (bins, C).

    A frame that spans an edge contributes to both bins in proportion, so there may be fewer frames than bins.

    >>> bin_means(np.array([[0.0], [3.0], [6.0]]), 2).ravel().tolist()
    [1.0, 5.0]
    """
    bins = checks.whole(bins, "bins", minimum=1)
    edges = np.arange(bins + 1) * (len(signal) / bins)
    if bins * len(signal) <= _LARGEST:
        frame = np.arange(len(signal))
        overlap = np.minimum(frame + 1, edges[1:, None]) - np.maximum(frame, edges[:-1, None])
        return np.asarray((overlap.clip(0) * (bins / len(signal))) @ signal)
    whole = np.minimum(edges.astype(np.int64), len(signal) - 1)
    total = np.vstack([np.zeros(signal.shape[1]), np.cumsum(signal, axis=0)])
    until = total[whole] + (edges - whole)[:, None] * signal[whole]
    return np.asarray(np.diff(until, axis=0) * (bins / len(signal)))


def raw_features(signals: Sequence[Floats], bins: int) -> Floats:
    """Return the samples themselves as features: flattened if all have the same length, else the means in ``bins`` bins."""
    if len({len(signal) for signal in signals}) == 1:
        return np.array([signal.ravel() for signal in signals])
    return np.array([bin_means(signal, bins).ravel() for signal in signals])
