"""Encoders that convert a value in [0, 1] to a rate or a latency."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.signals import Interpolation, batch, encode_each, frame_steps, in_unit_range, resample
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.seeding import stream
from lsm_sim.units import Hz, ms


def spikes_per_step(max_rate: float, dt: float) -> float:
    """Return the expected number of spikes per step at ``max_rate``; more than one is an error."""
    per_step = checks.positive(max_rate, "max_rate", "rate") * checks.positive(dt, "dt", "time")
    if per_step > 1:
        raise DescriptionError(f"max_rate: got {max_rate:g} Hz, expected at most one spike per step, {1 / dt:g} Hz")
    return per_step


@dataclass(frozen=True)
class Poisson:
    """A spike in each step with probability max_rate * dt * value^power, independently of other steps."""

    max_rate: float = 100 * Hz
    power: float = 1.0
    frame: float | None = None
    interpolation: Interpolation = "hold"
    seed: int = 0

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, keys: Sequence[str] | None = None) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Poisson")
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)

        def draw(b: int, signal: Floats) -> Bools:
            chance = per_step * resample(signal, steps, self.interpolation) ** self.power
            rng = stream(self.seed, f"poisson/{b if keys is None else keys[b]}")
            return np.asarray(rng.random(chance.shape) < chance)

        return encode_each(arrays, draw, dt)


@dataclass(frozen=True)
class Rate:
    """Deterministic integrate-and-fire code: a spike when the integral of max_rate * value^power reaches the next integer.

    The integral starts at a phase in [0, 1): ``phase``, or, if it is None, one drawn for each channel, so that channels
    of equal value do not fire simultaneously.
    """

    max_rate: float = 100 * Hz
    power: float = 1.0
    frame: float | None = None
    interpolation: Interpolation = "hold"
    phase: float | None = None
    seed: int = 0

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, keys: Sequence[str] | None = None) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Rate")
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)
        phase = self._phases(arrays[0].shape[1])
        return encode_each(
            arrays,
            lambda _, signal: integrate_and_fire(
                per_step * resample(signal, steps, self.interpolation) ** self.power, phase
            ),
            dt,
        )

    def _phases(self, n: int) -> Floats:
        if self.phase is None:
            return stream(self.seed, "rate/phase").random(n)
        if not 0 <= self.phase < 1:
            raise DescriptionError(f"Rate phase: got {self.phase:g}, expected a number in [0, 1) or None")
        return np.full(n, float(self.phase))


def integrate_and_fire(per_step: Floats, phase: Floats) -> Bools:
    """Return where the cumulative sum of ``per_step`` (T, C), started at ``phase`` (C,), reaches the next integer."""
    whole = np.floor(np.cumsum(np.vstack([phase, per_step]), axis=0))
    return np.asarray(np.diff(whole, axis=0) > 0)


@dataclass(frozen=True)
class Latency:
    """One spike per channel and frame, earlier for larger values: at step round((1 - value) * (steps per frame - 1)).

    Values at or below ``threshold`` give no spike.
    """

    frame: float = 20 * ms
    threshold: float = 0.0

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, keys: Sequence[str] | None = None) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Latency")
        steps = frame_steps(self.frame, dt)

        def place(_: int, signal: Floats) -> Bools:
            raster = np.zeros((len(signal) * steps, signal.shape[1]), bool)
            frame, channel = np.nonzero(signal > self.threshold)
            delay = np.rint((1 - signal[frame, channel]) * (steps - 1)).astype(np.int64)
            raster[frame * steps + delay, channel] = True
            return raster

        return encode_each(arrays, place, dt)


def poisson(
    signals: Any,
    *,
    max_rate: float = 100 * Hz,
    power: float = 1.0,
    frame: float | None = None,
    interpolation: Interpolation = "hold",
    seed: int = 0,
    dt: float = 1 * ms,
) -> Spikes:
    """Encode with `Poisson`."""
    return Poisson(max_rate, power, frame, interpolation, seed)(signals, dt)


def rate(
    signals: Any,
    *,
    max_rate: float = 100 * Hz,
    power: float = 1.0,
    frame: float | None = None,
    interpolation: Interpolation = "hold",
    phase: float | None = None,
    seed: int = 0,
    dt: float = 1 * ms,
) -> Spikes:
    """Encode with `Rate`."""
    return Rate(max_rate, power, frame, interpolation, phase, seed)(signals, dt)


def latency(signals: Any, *, frame: float = 20 * ms, threshold: float = 0.0, dt: float = 1 * ms) -> Spikes:
    """Encode with `Latency`."""
    return Latency(frame, threshold)(signals, dt)
