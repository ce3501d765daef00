"""Random spikes for measures, and variants of them, all of one length."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints

Sample = Ints
"""The events of a sample as step * channels + channel, ascending."""


def poisson(n_steps: int, n_channels: int, per_step: float, rng: np.random.Generator) -> Sample:
    """Return one sample: an event with probability ``per_step`` in each step of each channel."""
    size = n_steps * n_channels
    return np.asarray(np.flatnonzero(rng.random(size) < per_step), np.int64)


def replaced(sample: Sample, share: float, fresh: Sample, rng: np.random.Generator) -> Sample:
    """Return the sample with a share of its events removed and the same share of another sample's events added."""
    return np.union1d(sample[rng.random(sample.size) >= share], fresh[rng.random(fresh.size) < share])


def jittered(sample: Sample, n_steps: int, n_channels: int, deviation: float, rng: np.random.Generator) -> Sample:
    """Return the sample with each event moved in time, by a normal number of steps with this standard deviation."""
    step, channel = np.divmod(sample, n_channels)
    moved = step + np.rint(rng.normal(0, deviation, step.size)).astype(np.int64)
    return np.unique(np.clip(moved, 0, n_steps - 1) * n_channels + channel)


def as_spikes(samples: Sequence[Sample], n_steps: int, n_channels: int, dt: float) -> Spikes:
    """Return samples as a batch."""
    step, channel = np.divmod(np.concatenate(samples), n_channels)
    return Spikes.from_events(
        step,
        channel,
        sample=np.repeat(np.arange(len(samples)), [one.size for one in samples]),
        n_steps=np.full(len(samples), n_steps),
        n_channels=n_channels,
        dt=dt,
    )


def with_equal_background(stimulus: Spikes, liquid: Any) -> Spikes:
    """Return the stimulus with the same background noise in every sample, so that differences are due to the input alone."""
    if not isinstance(liquid, Liquid) or not liquid.noise():
        return stimulus
    if (stimulus.n_steps != stimulus.n_steps[0]).any():
        raise DescriptionError(
            "measures: got samples of different lengths for a liquid with background noise, expected equal ones"
        )
    silent = np.empty(0, np.int64)
    alone = Spikes.from_events(
        silent, silent, n_steps=stimulus.n_steps[:1], n_channels=stimulus.n_channels, dt=stimulus.dt
    )
    noise = with_background(alone, liquid)
    n, events = len(stimulus), noise.n_events
    parts = ((stimulus.step, np.tile(noise.step, n)), (stimulus.channel, np.tile(noise.channel, n)))
    step, channel = (np.concatenate(pair) for pair in parts)
    sample = np.concatenate([stimulus.sample, np.repeat(np.arange(n), events)])
    payload = stimulus.payload
    if payload is not None:
        payload = np.concatenate([payload, np.ones(n * events, payload.dtype)])
    return Spikes.from_events(
        step,
        channel,
        sample=sample,
        n_steps=stimulus.n_steps,
        n_channels=noise.n_channels,
        dt=stimulus.dt,
        sort=True,
        payload=payload,
    )
