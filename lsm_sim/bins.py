"""Time bins of a batch of ragged samples: edges in steps, shape (samples, bins + 1)."""

from __future__ import annotations

import numpy as np

from lsm_sim import checks
from lsm_sim.checks import Ints


def equal_bins(n_steps: Ints, bins: int) -> Ints:
    """Return the edges of ``bins`` bins over each sample's own length: step k is in bin floor(k * bins / n_steps)."""
    bins = checks.whole(bins, "bins", minimum=1)
    return -(-np.arange(bins + 1) * np.asarray(n_steps, np.int64)[:, None] // bins)


def windows(n_steps: Ints, width: int) -> Ints:
    """Return the edges of windows of ``width`` steps, enough for the longest sample; shorter ones end in empty windows."""
    width = checks.whole(width, "window width in steps", minimum=1)
    longest = int(np.max(n_steps, initial=1))
    edges = np.arange(-(-longest // width) + 1) * width
    return np.minimum(edges, np.asarray(n_steps, np.int64)[:, None])
