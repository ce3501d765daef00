"""Numbers of spikes in bins of time, and spikes as boolean arrays. These functions are methods of `Spikes`."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.spikes.bins import checked_edges
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.memory import check_memory


def counts(spikes: Any, bins: int | Ints = 1) -> npt.NDArray[np.int32]:
    """Return the spike count of each channel in each bin, shape (B, bins, C).

    ``bins`` is a number of equal bins over each sample's own length, or edges in steps, shape (B, bins + 1). Events count
    as one each, whatever their payload; see `payload_sums`.
    """
    out: npt.NDArray[np.int32] = _sums(spikes, bins, None).astype(np.int32)
    return out


def payload_sums(spikes: Any, bins: int | Ints = 1) -> Ints:
    """Return the sum of the payloads of each channel in each bin, shape (B, bins, C); the counts, where all are 1.

    ``bins`` as in `counts`.
    """
    out: Ints = _sums(spikes, bins, spikes.payload).astype(np.int64)
    return out


def rates(spikes: Any) -> Floats:
    """Return the mean rate of each channel, in Hz, shape (B, C)."""
    return np.asarray(counts(spikes)[:, 0] / spikes.durations[:, None])


def _sums(spikes: Any, bins: int | Ints, values: Any) -> Any:
    """Return the sums of ``values`` (E,), or the numbers of events, per sample, bin and channel."""
    edges = checked_edges(bins, spikes.n_steps)
    n_bins = edges.shape[1] - 1
    size = len(spikes) * n_bins * spikes.n_channels
    check_memory(size * 8, "Spikes.counts")
    sample = spikes.sample
    begin = np.cumsum(spikes.n_steps) - spikes.n_steps  # all samples on one time axis
    starts, moment = edges + begin[:, None], spikes.step + begin[sample]
    bin_index = np.searchsorted(starts.ravel(), moment, side="right") - 1 - sample
    flat = bin_index * spikes.n_channels + spikes.channel
    return np.bincount(flat, values, minlength=size).reshape(len(spikes), n_bins, spikes.n_channels)


def raster(spikes: Any, sample: int = 0) -> Bools:
    """Return one sample as a boolean array, shape (T, C)."""
    one = spikes[checks.whole(sample, "Spikes.raster sample", -len(spikes), len(spikes) - 1)]
    check_memory(int(one.n_steps[0]) * spikes.n_channels, "Spikes.raster")
    dense = np.zeros((int(one.n_steps[0]), spikes.n_channels), bool)
    dense[one.step, one.channel] = True
    return dense


def to_dense(spikes: Any) -> Bools:
    """Return all samples as a boolean array, shape (B, T, C); shorter samples are padded with silence."""
    longest = int(spikes.n_steps.max(initial=0))
    check_memory(len(spikes) * longest * spikes.n_channels, "Spikes.to_dense")
    dense = np.zeros((len(spikes), longest, spikes.n_channels), bool)
    dense[spikes.sample, spikes.step, spikes.channel] = True
    return dense
