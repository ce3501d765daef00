"""Further events, on further channels, beside those of a stimulus."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from lsm_sim.spikes.spikes import Spikes


def with_more_events(
    stimulus: Spikes, parts: Iterable[tuple[Any, Any, Any]], n_channels: int, n_steps: Any = None
) -> Spikes:
    """Return the stimulus with the events of ``parts``, tuples of sample, step and channel, in any order.

    Their payloads are 1 where the stimulus has payloads. ``n_steps`` is the new length of each sample; None: as it is.
    """
    every = [(stimulus.sample, stimulus.step, stimulus.channel), *parts]
    sample, step, channel = (np.concatenate(column) for column in zip(*every, strict=True))
    own = stimulus.payload
    payload = None if own is None else np.concatenate([own, np.ones(sample.size - own.size, own.dtype)])
    return Spikes.from_events(
        step,
        channel,
        sample=sample,
        n_steps=stimulus.n_steps if n_steps is None else n_steps,
        n_channels=n_channels,
        dt=stimulus.dt,
        sort=True,
        payload=payload,
    )
