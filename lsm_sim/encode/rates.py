"""Encoders that convert a value in [0, 1] to a rate or a latency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import islice
from typing import Any

import numpy as np

from lsm_sim.encode.signals import (
    Interpolation,
    batch,
    check_settings,
    frame_steps,
    in_unit_range,
    of_rasters,
    resample,
)
from lsm_sim.encode.trials import Seed, Trials, generators, repeated, trial_numbers
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.parameters import Parameters
from lsm_sim.support.seeding import stream
from lsm_sim.units import Hz, ms


def spikes_per_step(max_rate: float, dt: float) -> float:
    """Return the expected number of spikes per step at ``max_rate``; more than one is an error."""
    per_step = checks.positive(max_rate, "max_rate", "rate") * checks.positive(dt, "dt", "time")
    if per_step > 1:
        raise DescriptionError(f"max_rate: got {max_rate:g} Hz, expected at most one spike per step, {1 / dt:g} Hz")
    return per_step


@dataclass(frozen=True)
class Poisson(Parameters):
    """A spike in each step with probability max_rate * dt * value^power, independently of other steps.

    The spikes of a sample depend on its values, the encoder's settings with its seed, and the number of the trial; not on
    the batch. So the same call always returns the same spikes; for independent trials of a signal use ``trials``.

    Parameters
    ----------
    max_rate
        Rate of the value 1, in Hz.
    power
        The signal is raised to this power first.
    frame
        Duration of a value, in seconds; None: one step.
    interpolation
        Between frames: ``"hold"`` or ``"linear"``.
    seed
        A whole number; or a NumPy Generator, from which every sample and trial is drawn in order. Then repeated calls differ,
        and the spikes of a sample cannot be reproduced from its values.

    Examples
    --------
    >>> signal = np.full((100, 3), 0.5)
    >>> spikes = Poisson(80 * Hz)(signal, dt=1 * ms, trials=50)
    >>> len(spikes)
    50
    >>> one_by_one = [Poisson(80 * Hz)(signal, dt=1 * ms, trials=[k]) for k in range(50)]
    >>> np.array_equal(one_by_one[7].raster(), spikes.raster(7))
    True
    """

    max_rate: float = 100 * Hz
    _: KW_ONLY
    power: float = 1.0
    frame: float | None = None
    interpolation: Interpolation = "hold"
    seed: Seed = 0

    def __post_init__(self) -> None:
        check_settings(self)

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values in [0, 1]: all trials of sample 0, then of sample 1, ..."""
        arrays = batch(signals)
        in_unit_range(arrays, "Poisson")
        return of_rasters(self._drawn(arrays, dt, trials), dt)

    def _drawn(self, signals: Sequence[Floats], dt: float, trials: Trials) -> Iterator[Bools]:
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)
        rngs, n_trials = generators("poisson", self.seed, signals, trials), len(trial_numbers(trials))
        for signal in signals:
            chance = per_step * resample(signal, steps, self.interpolation) ** self.power
            for rng in islice(rngs, n_trials):
                yield rng.random(chance.shape) < chance


@dataclass(frozen=True)
class Rate(Parameters):
    """Deterministic integrate-and-fire code: a spike when the integral of max_rate * value^power reaches the next integer.

    The integral starts at a phase in [0, 1): ``phase``, or, if it is None, one drawn for each channel, so that channels
    of equal value do not fire simultaneously.
    """

    max_rate: float = 100 * Hz
    _: KW_ONLY
    power: float = 1.0
    frame: float | None = None
    interpolation: Interpolation = "hold"
    phase: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        checks.whole(self.seed, "Rate seed")
        if self.phase is not None and not 0 <= checks.real(self.phase, "Rate phase") < 1:
            raise DescriptionError(f"Rate phase: got {self.phase:g}, expected a number in [0, 1) or None")

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Rate")
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)
        phase = self._phases(arrays[0].shape[1])
        drives = (per_step * resample(signal, steps, self.interpolation) ** self.power for signal in arrays)
        return repeated(of_rasters((integrate_and_fire(drive, phase) for drive in drives), dt), trials)

    def _phases(self, n: int) -> Floats:
        if self.phase is None:
            return stream(self.seed, "rate/phase").random(n)
        return np.full(n, float(self.phase))


def integrate_and_fire(per_step: Floats, phase: Floats) -> Bools:
    """Return where the cumulative sum of ``per_step`` (T, C), started at ``phase`` (C,), reaches the next integer."""
    whole = np.floor(np.cumsum(np.vstack([phase, per_step]), axis=0))
    return np.asarray(np.diff(whole, axis=0) > 0)


@dataclass(frozen=True)
class Latency(Parameters):
    """One spike per channel and frame, earlier for larger values: at step round((1 - value) * (steps per frame - 1)).

    Values at or below ``threshold`` give no spike.
    """

    frame: float = 20 * ms
    _: KW_ONLY
    threshold: float = 0.0

    def __post_init__(self) -> None:
        check_settings(self)

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Latency")
        steps = frame_steps(self.frame, dt)

        def place(signal: Floats) -> Bools:
            raster = np.zeros((len(signal) * steps, signal.shape[1]), bool)
            frame, channel = np.nonzero(signal > self.threshold)
            delay = np.rint((1 - signal[frame, channel]) * (steps - 1)).astype(np.int64)
            raster[frame * steps + delay, channel] = True
            return raster

        return repeated(of_rasters(map(place, arrays), dt), trials)


def poisson(
    signals: Any,
    *,
    max_rate: float = 100 * Hz,
    power: float = 1.0,
    frame: float | None = None,
    interpolation: Interpolation = "hold",
    seed: Seed = 0,
    trials: Trials = 1,
    dt: float = 1 * ms,
) -> Spikes:
    """Encode with `Poisson`; ``trials`` spike trains of each signal, different from each other.

    Examples
    --------
    >>> spikes = poisson(np.full((100, 3), 0.5), max_rate=80 * Hz, dt=1 * ms, trials=50)
    >>> len(spikes), spikes.n_channels
    (50, 3)
    """
    encoder = Poisson(max_rate, power=power, frame=frame, interpolation=interpolation, seed=seed)
    return encoder(signals, dt, trials)


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
    encoder = Rate(max_rate, power=power, frame=frame, interpolation=interpolation, phase=phase, seed=seed)
    return encoder(signals, dt)


def latency(signals: Any, *, frame: float = 20 * ms, threshold: float = 0.0, dt: float = 1 * ms) -> Spikes:
    """Encode with `Latency`."""
    return Latency(frame, threshold=threshold)(signals, dt)
