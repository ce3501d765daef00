"""Spikes as trains: one array of times for each channel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints


def trains(one: Any) -> list[Floats]:
    """Return the spike times of each channel of a single sample, in seconds."""
    order = np.argsort(one.channel, kind="stable")
    ends = np.searchsorted(one.channel[order], np.arange(1, one.n_channels))
    return [np.asarray(times) for times in np.split(one.times()[order], ends)] if one.n_channels else []


def times_and_channels(given: Any, n_channels: Any) -> tuple[Floats, Ints, int]:
    """Return times, channels and the number of channels of a list or a mapping of trains."""
    if not isinstance(given, (list, tuple, Mapping)):
        msg = f"trains: got {type(given).__name__}, expected a list of arrays of times, or a dict of them by channel"
        raise DescriptionError(msg)
    numbered = dict(given.items()) if isinstance(given, Mapping) else dict(enumerate(given))
    channels = [checks.whole(channel, "trains: channel") for channel in numbered]
    if n_channels is None:
        n_channels = max(channels, default=-1) + 1
    arrays = [_times(train, channel) for train, channel in zip(numbered.values(), channels, strict=True)]
    sizes = [len(array) for array in arrays]
    times = np.concatenate([np.empty(0), *arrays])
    return times, np.repeat(np.array(channels, np.int64), sizes), checks.whole(n_channels, "trains: n_channels")


def _times(train: Any, channel: int) -> Floats:
    array = checks.real_array(train, f"train of channel {channel}", "time")
    if array.ndim != 1:
        raise DescriptionError(f"train of channel {channel}: got shape {array.shape}, expected a list of times")
    return array
