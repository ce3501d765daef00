"""Encoders that convert a value in [0, 1] to a rate or a latency."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import partial
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
from lsm_sim.encode.streaming import (
    CodeStream,
    EncoderStream,
    FrameReader,
    Resampler,
    checked_rng,
    unit_range_check,
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

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`, drawn from ``rng`` or from a Generator as ``seed``.

        With a whole number as seed, the random numbers of a sample are named by all of its values, which a stream cannot know.
        """
        source = checked_rng(rng) if rng is not None or not isinstance(self.seed, np.random.Generator) else self.seed
        if source is None:
            raise DescriptionError(
                f"Poisson: got the seed {self.seed}, whose random numbers depend on the whole signal, which is not known frame "
                "by frame; give rng=numpy.random.default_rng(seed), or a numpy Generator as seed"
            )
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)
        code = partial(_drawn_code, source, per_step, self.power)
        reader, resampler = FrameReader(n_features, unit_range_check("Poisson")), Resampler(steps, self.interpolation)
        return CodeStream(reader, resampler, code, n_channels=reader.n_features, dt=dt, steps_per_frame=steps)


def _drawn_code(rng: np.random.Generator, per_step: float, power: float, values: Floats, _: bool) -> Bools:
    """Return the spikes of the next steps; the numbers are drawn step by step, as for a whole signal."""
    chance = per_step * values**power
    return np.asarray(rng.random(chance.shape) < chance)


@dataclass(frozen=True)
class Rate(Parameters):
    """Deterministic integrate-and-fire code: a spike when the integral of max_rate * value^power reaches the next integer.

    The integral starts at a phase in [0, 1): ``phase``, or, if it is None, one drawn for each channel with ``seed``, so
    that channels of equal value do not fire simultaneously. A value lasts ``frame`` seconds (None: one step); ``interpolation``
    between frames is ``"hold"`` or ``"linear"``.

    The integral is one sum over all steps, with 53 bits, also in a stream. After n steps its rounding error is at most
    n^2 * max_rate * dt * 6e-17 spikes: 1e-5 spikes after 10^6 steps at 200 Hz and 1 ms, and a tenth of a spike, from where the
    phase is no longer exact, after 9e7 steps (a day); start another stream by then.
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

    def integrator(self, n_channels: int, per_step: float) -> IntegrateAndFire:
        """Return the sums of this many channels at the start of a signal."""
        return IntegrateAndFire(self._phases(n_channels), per_step, self.power)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader = FrameReader(n_features, unit_range_check("Rate"))
        per_step, steps = spikes_per_step(self.max_rate, dt), frame_steps(self.frame, dt)
        code = self.integrator(reader.n_features, per_step)
        resampler = Resampler(steps, self.interpolation)
        return CodeStream(reader, resampler, code, n_channels=reader.n_features, dt=dt, steps_per_frame=steps)


def integrate_and_fire(per_step: Floats, phase: Floats) -> Bools:
    """Return where the cumulative sum of ``per_step`` (T, C), started at ``phase`` (C,), reaches the next integer."""
    return _crossings(np.cumsum(np.vstack([phase, per_step]), axis=0))


def _crossings(total: Floats) -> Bools:
    whole = np.floor(total)
    return np.asarray(whole[1:] > whole[:-1])


@dataclass(eq=False)
class IntegrateAndFire:
    """Integrate and fire piece by piece: the next piece goes on from the sum of all before, ``total`` (C,)."""

    total: Floats
    per_step: float
    power: float

    def __call__(self, values: Floats, _: bool) -> Bools:
        """Return the spikes of the next steps, (n, C)."""
        totals = np.cumsum(np.vstack([self.total, self.per_step * values**self.power]), axis=0)
        self.total = totals[-1].copy()
        return _crossings(totals)


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
        return repeated(of_rasters((self._place(steps, signal) for signal in arrays), dt), trials)

    def _place(self, steps: int, frames: Floats, _: bool = False) -> Bools:
        raster = np.zeros((len(frames) * steps, frames.shape[1]), bool)
        frame, channel = np.nonzero(frames > self.threshold)
        delay = np.rint((1 - frames[frame, channel]) * (steps - 1)).astype(np.int64)
        raster[frame * steps + delay, channel] = True
        return raster

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader, steps = FrameReader(n_features, unit_range_check("Latency")), frame_steps(self.frame, dt)
        code = partial(self._place, steps)
        return CodeStream(
            reader, Resampler(1, "hold"), code, n_channels=reader.n_features, dt=dt, steps_per_frame=steps
        )


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
    """Encode ``signals`` with `Poisson`, in steps of ``dt`` seconds; ``trials`` spike trains of each signal, different from each other.

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
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Rate`, in steps of ``dt`` seconds."""
    encoder = Rate(max_rate, power=power, frame=frame, interpolation=interpolation, phase=phase, seed=seed)
    return encoder(signals, dt)


def latency(signals: Any, *, frame: float = 20 * ms, threshold: float = 0.0, dt: float = 1 * ms) -> Spikes:
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Latency`, in steps of ``dt`` seconds."""
    return Latency(frame, threshold=threshold)(signals, dt)
