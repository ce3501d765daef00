"""Spikes of one sample that are made piece by piece, without the checks of the constructor."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.spikes.spikes import Spikes


def piece(
    step: Any, channel: Any, n_steps: int, n_channels: int, dt: float, payload: Any = None, groups: Any = None
) -> Spikes:
    """Return one sample made of events that are known to be valid and sorted, (E,) each.

    The checks of `Spikes` take 80 us, much longer than a step of a network; a stream of spikes skips them. The arrays must not
    be changed afterwards.
    """
    if payload is not None:
        payload = None if (payload == 1).all() else payload.astype(np.int32, copy=False)
    fields = {
        "step": step.astype(np.int32, copy=False),
        "channel": channel.astype(np.int32, copy=False),
        "offsets": np.array([0, len(step)]),
        "n_steps": np.array([n_steps]),
    }
    if payload is not None:
        fields["payload"] = payload
    for array in fields.values():
        array.flags.writeable = False
    spikes = object.__new__(Spikes)
    rest = {"n_channels": n_channels, "dt": dt, "groups": {} if groups is None else groups, "payload": payload}
    vars(spikes).update(rest | fields)
    return spikes
