"""The channels of a group, and some samples. Each function returns the fields of the new `Spikes`."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError


def group(spikes: Any, name: str) -> dict[str, Any]:
    """Select the channels of a group, which is the only group of the result."""
    if name not in spikes.groups:
        raise DescriptionError(f"no group {name!r}; known: {', '.join(spikes.groups) or 'none'}")
    members = spikes.groups[name]
    keep = (spikes.channel >= members.start) & (spikes.channel < members.stop)
    return _events(spikes, keep) | {
        "channel": spikes.channel[keep] - members.start,
        "offsets": np.concatenate([[0], np.cumsum(keep)])[spikes.offsets],
        "n_steps": spikes.n_steps,
        "n_channels": len(members),
        "groups": {name: range(len(members))},
    }


def samples(spikes: Any, key: Any) -> dict[str, Any]:
    """Select samples by an index, a slice, or a list of indices or booleans."""
    try:
        chosen = np.atleast_1d(np.arange(len(spikes))[key])
    except IndexError:
        raise IndexError(f"no sample {key!r}; there are {len(spikes)}") from None
    sizes = np.diff(spikes.offsets)[chosen]
    offsets = np.concatenate([[0], np.cumsum(sizes)])
    events = np.arange(offsets[-1]) - np.repeat(offsets[:-1], sizes) + np.repeat(spikes.offsets[chosen], sizes)
    return _events(spikes, events) | {
        "offsets": offsets,
        "n_steps": spikes.n_steps[chosen],
        "n_channels": spikes.n_channels,
        "groups": spikes.groups,
    }


def _events(spikes: Any, which: Any) -> dict[str, Any]:
    payload = None if spikes.payload is None else spikes.payload[which]
    return {"step": spikes.step[which], "channel": spikes.channel[which], "payload": payload, "dt": spikes.dt}
