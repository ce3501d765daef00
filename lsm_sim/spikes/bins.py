"""Time bins of a batch of ragged samples: edges in steps, shape (samples, bins + 1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.memory import check_memory


def equal_bins(n_steps: Ints, bins: int) -> Ints:
    """Return the edges of ``bins`` bins over each sample's own length: step k is in bin floor(k * bins / n_steps)."""
    bins = checks.whole(bins, "bins", minimum=1)
    check_memory(len(n_steps) * bins * 16, "bins")
    return -(-np.arange(bins + 1) * np.asarray(n_steps, np.int64)[:, None] // bins)


def checked_edges(bins: Any, n_steps: Ints) -> Ints:
    """Return the edges for ``bins``: a number of equal bins, or edges, which must fit the samples.

    Parameters
    ----------
    bins
        One whole number, or edges in steps, shape (B, K + 1), rising from 0 to each sample's length.
    n_steps
        Length of each sample, in steps, (B,).
    """
    if not checks.shape(bins, "bins"):
        return equal_bins(n_steps, bins)
    edges = checks.whole_array(bins, "bins")
    if edges.ndim != 2 or edges.shape[0] != len(n_steps) or edges.shape[1] < 2:
        msg = f"bins: got edges of shape {edges.shape}, expected a number of bins or edges of shape ({len(n_steps)}, bins + 1)"
        raise DescriptionError(msg)
    wrong = (edges[:, 0] != 0) | (edges[:, -1] != n_steps) | (np.diff(edges) < 0).any(axis=1)
    if wrong.any():
        b = int(np.flatnonzero(wrong)[0])
        msg = f"bins: got edges {edges[b].tolist()} for sample {b}, expected them to rise from 0 to its {n_steps[b]} steps"
        raise DescriptionError(msg)
    return edges


def windows(n_steps: Ints, width: int) -> Ints:
    """Return the edges of windows of ``width`` steps, enough for the longest sample; shorter ones end in empty windows."""
    width = checks.whole(width, "window width in steps", minimum=1)
    longest = int(np.max(n_steps, initial=1))
    width = min(width, longest)
    edges = np.arange(-(-longest // width) + 1) * width
    return np.minimum(edges, np.asarray(n_steps, np.int64)[:, None])
