"""Perturbations of spikes: lost, shifted in time, added."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.perturb.sounds import set_checked
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream
from lsm_sim.units import Hz, ms

_MOST_JITTER = 1e6  # seconds; far longer than a sample


@dataclass(frozen=True)
class LostSpikes:
    """Spikes lost on the way: each with probability ``p``, independently.

    Parameters
    ----------
    p
        Probability.
    seed
        Determines which; it also depends on the spikes of the sample, not on the batch.
    """

    p: float = 0.2
    seed: int = 0

    def __post_init__(self) -> None:
        p = checks.probability(self.p, "LostSpikes p")
        set_checked(self, p=p, seed=checks.whole(self.seed, "LostSpikes seed"))

    def __call__(self, spikes: Spikes) -> Spikes:
        """Return the spikes that are left."""
        _checked(spikes, "LostSpikes")
        draws = [rng.random(len(own)) for own, rng in _samples(spikes, "lost", self.seed)]
        return _selected(spikes, np.concatenate([*draws, np.empty(0)]) >= self.p)


@dataclass(frozen=True)
class JitteredSpikes:
    """Spikes shifted in time by round(sd * N(0, 1) / dt) steps each; a spike stays within its sample.

    If two spikes of a channel come together in a step, they become one; their payloads, if there are any, are added.

    Parameters
    ----------
    sd
        Standard deviation, in seconds.
    seed
        Determines the shifts; they also depend on the spikes of the sample, not on the batch.
    """

    sd: float = 5 * ms
    seed: int = 0

    def __post_init__(self) -> None:
        sd = checks.real(self.sd, "JitteredSpikes sd", "time")
        if not 0 <= sd <= _MOST_JITTER:
            raise DescriptionError(f"JitteredSpikes sd: got {sd:g} s, expected 0 to {_MOST_JITTER:g} s")
        set_checked(self, sd=sd, seed=checks.whole(self.seed, "JitteredSpikes seed"))

    def __call__(self, spikes: Spikes) -> Spikes:
        """Return the spikes at their new times."""
        _checked(spikes, "JitteredSpikes")
        draws = [rng.standard_normal(len(own)) for own, rng in _samples(spikes, "jitter", self.seed)]
        sample = _sample_numbers(spikes)
        shifts = np.rint(np.concatenate([*draws, np.empty(0)]) * (self.sd / spikes.dt))
        step = np.clip(spikes.step + shifts, 0, spikes.n_steps[sample] - 1).astype(np.int64)
        return _merged(spikes, sample, step, spikes.channel.astype(np.int64), spikes.payload)


@dataclass(frozen=True)
class AddedSpikes:
    """Spikes added at random: in each step and channel one with probability ``rate`` * dt, where there is none yet.

    Parameters
    ----------
    rate
        Per channel, in Hz.
    seed
        Determines where; it also depends on the spikes of the sample, not on the batch.
    """

    rate: float = 5 * Hz
    seed: int = 0

    def __post_init__(self) -> None:
        rate = checks.real(self.rate, "AddedSpikes rate", "rate")
        if rate < 0:
            raise DescriptionError(f"AddedSpikes rate: got {rate:g} Hz, expected a rate >= 0")
        set_checked(self, rate=rate, seed=checks.whole(self.seed, "AddedSpikes seed"))

    def __call__(self, spikes: Spikes) -> Spikes:
        """Return the spikes and the added ones."""
        _checked(spikes, "AddedSpikes")
        p = self.rate * spikes.dt
        if p > 1:
            raise DescriptionError(
                f"AddedSpikes rate: got {self.rate:g} Hz, expected at most one spike per step of {spikes.dt:g} s"
            )
        steps, channels, numbers = [], [], []
        for b, (_, rng) in enumerate(_samples(spikes, "added", self.seed)):
            shape = (int(spikes.n_steps[b]), spikes.n_channels)
            check_memory(9.0 * shape[0] * shape[1], "AddedSpikes")
            step, channel = np.nonzero(rng.random(shape) < p)
            steps.append(step)
            channels.append(channel)
            numbers.append(np.full(len(step), b))
        own = _sample_numbers(spikes), spikes.step.astype(np.int64), spikes.channel.astype(np.int64)
        added = [np.concatenate([*parts, np.empty(0, np.int64)]) for parts in (numbers, steps, channels)]
        free = ~np.isin(_keys(spikes, *added), _keys(spikes, *own))
        sample, step, channel = (np.append(old, new[free]) for old, new in zip(own, added, strict=True))
        payload = None if spikes.payload is None else np.append(spikes.payload, np.ones(int(free.sum()), np.int64))
        return _merged(spikes, sample, step, channel, payload)


def _checked(spikes: Any, where: str) -> None:
    checks.instance(spikes, Spikes, where, "Spikes")


def _samples(spikes: Spikes, name: str, seed: int) -> Iterator[tuple[Any, np.random.Generator]]:
    """Yield, for each sample, its events as rows (step, channel) and its random numbers."""
    for b in range(len(spikes)):
        own = slice(int(spikes.offsets[b]), int(spikes.offsets[b + 1]))
        events = np.stack([spikes.step[own], spikes.channel[own]], axis=1).astype("<i4")
        digest = hashlib.sha256(events.tobytes() + int(spikes.n_steps[b]).to_bytes(8, "little")).hexdigest()
        yield events, stream(seed, f"perturb/spikes/{name}/{digest}")


def _sample_numbers(spikes: Spikes) -> Ints:
    return np.repeat(np.arange(len(spikes)), np.diff(spikes.offsets))


def _keys(spikes: Spikes, sample: Ints, step: Ints, channel: Ints) -> Ints:
    """Return one number for each event, in the order of events."""
    first = np.concatenate([[0], np.cumsum(spikes.n_steps)])
    return np.asarray((first[sample] + step) * spikes.n_channels + channel)


def _selected(spikes: Spikes, kept: Bools) -> Spikes:
    counts = np.bincount(_sample_numbers(spikes)[kept], minlength=len(spikes))
    payload = None if spikes.payload is None else spikes.payload[kept]
    return _like(spikes, spikes.step[kept], spikes.channel[kept], counts, payload)


def _merged(spikes: Spikes, sample: Ints, step: Ints, channel: Ints, payload: Any) -> Spikes:
    """Return sorted events; those of a channel in the same step become one."""
    _, first, inverse = np.unique(_keys(spikes, sample, step, channel), return_index=True, return_inverse=True)
    counts = np.bincount(sample[first], minlength=len(spikes))
    if payload is not None:
        total = np.zeros(len(first), np.int64)
        np.add.at(total, inverse, payload)
        payload = total
    return _like(spikes, step[first], channel[first], counts, payload)


def _like(spikes: Spikes, step: Any, channel: Any, counts: Ints, payload: Any) -> Spikes:
    offsets = np.concatenate([[0], np.cumsum(counts)])
    return Spikes(step, channel, offsets, spikes.n_steps, spikes.n_channels, spikes.dt, spikes.groups, payload)
