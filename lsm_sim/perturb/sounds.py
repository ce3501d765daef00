"""Perturbations of sounds: silence around them, spectral tilt, gain, speed and band limits."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from lsm_sim.audio import Recording
from lsm_sim.audio.filters import filtered
from lsm_sim.errors import DescriptionError
from lsm_sim.perturb.recordings import each_recording, generator
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_LOWEST = 50.0  # Hz, below which a tilt is held: at 0 Hz its gain would be infinite
_MOST_DB = 300.0  # beyond which powers of 10 would soon overflow
_MOST_SECONDS = 3600.0
_SPEEDS = (0.1, 10.0)
_DENOMINATOR = 1000  # of the ratio of two whole numbers by which a sound is resampled


def decibels(value: Any, where: str) -> float:
    """Return a level as one float within +-300 dB."""
    number = checks.real(value, where)
    if abs(number) > _MOST_DB:
        raise DescriptionError(f"{where}: got {number:g} dB, expected a level within +-{_MOST_DB:g} dB")
    return number


def set_checked(record: Any, **values: Any) -> None:
    """Store checked values in the fields of a frozen record."""
    for name, value in values.items():
        object.__setattr__(record, name, value)


@dataclass(frozen=True)
class Padding:
    """Silence before and after a recording.

    Parameters
    ----------
    before, after
        Duration of the silence, in seconds; rounded to whole samples.
    random
        Draw both durations for each recording, uniformly from 0 to ``before`` and from 0 to ``after``.
    level
        Level of white noise in the silence, in dB relative to the mean power of the recording; None: zeros.
    seed
        Determines the durations and the noise; they also depend on the samples of the recording.

    Examples
    --------
    >>> Padding(50 * ms, 100 * ms)(Recording(np.ones(80), 8000)).duration
    0.16
    """

    before: float = 100 * ms
    after: float = 100 * ms
    random: bool = False
    level: float | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("before", "after"):
            seconds = checks.real(getattr(self, name), f"Padding {name}", "time")
            if not 0 <= seconds <= _MOST_SECONDS:
                raise DescriptionError(f"Padding {name}: got {seconds:g} s, expected 0 to {_MOST_SECONDS:g} s")
            set_checked(self, **{name: seconds})
        level = None if self.level is None else decibels(self.level, "Padding level")
        seed = checks.whole(self.seed, "Padding seed")
        set_checked(self, random=checks.flag(self.random, "Padding random"), level=level, seed=seed)

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, with silence around each."""
        return each_recording(X, "Padding", self._padded)

    def _padded(self, sound: Recording) -> Floats:
        rng = generator("padding", self.seed, sound.samples)
        shares = rng.random(2) if self.random else np.ones(2)
        counts = np.rint(shares * [self.before, self.after] * np.array(sound.sample_rate)).astype(int)
        if self.level is None:
            return np.pad(sound.samples, tuple(counts))
        rms = np.sqrt(np.mean(sound.samples**2)) * 10 ** (self.level / 20)
        before, after = (rms * rng.standard_normal(n) for n in counts)
        return np.concatenate([before, sound.samples, after])


@dataclass(frozen=True)
class Tilt:
    """A spectral tilt: gain in dB = slope * log2(f / pivot), as of a microphone or a voice.

    Below 50 Hz the gain is that at 50 Hz. The filter has no delay.

    Parameters
    ----------
    slope
        In dB per octave; positive: high frequencies are louder.
    pivot
        Frequency that keeps its level, in Hz.
    """

    slope: float = 6.0
    pivot: float = 1000.0

    def __post_init__(self) -> None:
        slope = checks.real(self.slope, "Tilt slope")
        if abs(slope) > 24:
            raise DescriptionError(f"Tilt slope: got {slope:g} dB per octave, expected a slope within +-24")
        pivot = checks.positive(self.pivot, "Tilt pivot")
        if not 1 <= pivot <= 1e6:
            raise DescriptionError(f"Tilt pivot: got {pivot:g} Hz, expected 1 to 1e6 Hz")
        set_checked(self, slope=slope, pivot=pivot)

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, tilted."""
        return each_recording(X, "Tilt", lambda sound: filtered(sound.samples, sound.sample_rate, self.gain))

    def gain(self, frequency: Floats) -> Floats:
        """Return the factor on the amplitude at frequencies in Hz."""
        octaves = np.log2(np.maximum(frequency, _LOWEST) / self.pivot)
        return np.asarray(10 ** (self.slope * octaves / 20))


@dataclass(frozen=True)
class Gain:
    """A factor of 10^(db / 20) on the samples.

    Parameters
    ----------
    db
        In dB; negative: quieter.
    clip
        Clip to [-1, 1] afterwards, as a recorder does that is set too loud.
    """

    db: float = 12.0
    clip: bool = False

    def __post_init__(self) -> None:
        set_checked(self, db=decibels(self.db, "Gain db"), clip=checks.flag(self.clip, "Gain clip"))

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, louder or quieter."""
        return each_recording(X, "Gain", self._louder)

    def _louder(self, sound: Recording) -> Floats:
        samples = sound.samples * 10 ** (self.db / 20)
        return np.clip(samples, -1, 1) if self.clip else samples


@dataclass(frozen=True)
class Speed:
    """Playing a recording faster: its duration is divided by the factor, all its frequencies are multiplied by it.

    Parameters
    ----------
    factor
        1.1: 10 % faster and higher; from 0.1 to 10, rounded to a ratio of whole numbers up to 1000.
    """

    factor: float = 1.1

    def __post_init__(self) -> None:
        factor = checks.positive(self.factor, "Speed factor")
        if not _SPEEDS[0] <= factor <= _SPEEDS[1]:
            raise DescriptionError(f"Speed factor: got {factor:g}, expected {_SPEEDS[0]:g} to {_SPEEDS[1]:g}")
        set_checked(self, factor=factor)

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, played faster."""
        from scipy.signal import resample_poly  # takes long to import

        ratio = Fraction(self.factor).limit_denominator(_DENOMINATOR)
        up, down = ratio.denominator, ratio.numerator
        return each_recording(X, "Speed", lambda sound: np.asarray(resample_poly(sound.samples, up, down)))


@dataclass(frozen=True)
class Band:
    """A limited band of frequencies: a Butterworth filter, 3 dB down at both ends. The default is a telephone's.

    Parameters
    ----------
    low, high
        In Hz; ``high`` must be below half the sample rate.
    order
        Each end falls by 6 dB per octave times the order.
    """

    low: float = 300.0
    high: float = 3400.0
    order: int = 4

    def __post_init__(self) -> None:
        low, high = checks.positive(self.low, "Band low"), checks.positive(self.high, "Band high")
        if low >= high:
            raise DescriptionError(f"Band: got low {low:g} and high {high:g} Hz, expected low < high")
        set_checked(self, low=low, high=high, order=checks.whole(self.order, "Band order", minimum=1, maximum=20))

    def __call__(self, X: Any) -> Any:
        """Return the recording, or the list of recordings, without the other frequencies."""
        return each_recording(X, "Band", self._passed)

    def _passed(self, sound: Recording) -> Floats:
        if self.high >= sound.sample_rate / 2:
            raise DescriptionError(
                f"Band high: got {self.high:g} Hz for a recording at {sound.sample_rate} Hz, expected less than half of that"
            )
        from scipy.signal import butter, sosfilt

        sections = butter(self.order, (self.low, self.high), "bandpass", fs=sound.sample_rate, output="sos")
        return np.asarray(sosfilt(sections, sound.samples))
