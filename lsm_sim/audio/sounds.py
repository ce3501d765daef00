"""Code shared by both front ends: resampling, framing, and levels in decibels as values in [0, 1]."""

from __future__ import annotations

from collections.abc import Callable
from math import gcd
from typing import Any

import numpy as np

from lsm_sim.audio.wav import Recording
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints


def each_sound(X: Any, sample_rate: int, convert: Callable[[Floats], Floats]) -> list[Floats]:
    """Return ``convert(samples)`` for each sound, resampled to ``sample_rate``."""
    if isinstance(X, Recording):
        raise DescriptionError("X: got one Recording, expected a list of them; write [recording]")
    return [convert(_samples(sound, b, sample_rate)) for b, sound in enumerate(X)]


def each_changed(X: Any, sample_rate: int, change: Callable[[Floats, int], Floats]) -> list[Any]:
    """Return ``change(samples, rate)`` for each sound, as a `Recording` for each one; ``sample_rate`` is that of arrays."""
    if isinstance(X, Recording):
        raise DescriptionError("X: got one Recording, expected a list of them; write [recording]")
    out: list[Any] = []
    for b, sound in enumerate(checks.items(X, "X", "a list of sounds")):
        if isinstance(sound, Recording):
            out.append(Recording(change(sound.samples, sound.sample_rate), sound.sample_rate))
        else:
            out.append(change(_array(sound, b), sample_rate))
    return out


def _array(sound: Any, b: int) -> Floats:
    """Return the samples of a sound that is an array."""
    samples = checks.real_array(sound, f"sound {b}")
    if samples.ndim != 1 or samples.size == 0:
        raise DescriptionError(
            f"sound {b}: got shape {samples.shape}, expected (n,) with at least one sample; average channels first"
        )
    return samples


def _samples(sound: Any, b: int, sample_rate: int) -> Floats:
    if not isinstance(sound, Recording):
        return _array(sound, b)
    if sound.sample_rate == sample_rate:
        return sound.samples
    from scipy.signal import resample_poly  # takes long to import

    common = gcd(sample_rate, sound.sample_rate)
    return np.asarray(resample_poly(sound.samples, sample_rate // common, sound.sample_rate // common))


def n_samples(seconds: Any, sample_rate: int, where: str) -> float:
    """Return how many samples last ``seconds``: at least 1, not necessarily a whole number."""
    count = checks.positive(seconds, where) * sample_rate
    if count < 1:
        raise DescriptionError(f"{where}: got {seconds:g} s, expected at least one sample of {1 / sample_rate:g} s")
    return count


def frame_starts(n: int, window: int, hop: float) -> Ints:
    """Return the first sample of each frame of ``window`` samples out of ``n``: the samples nearest to 0, hop, 2 hop, ..."""
    starts = np.floor(np.arange((n - window) / hop + 2) * hop + 0.5).astype(np.int64)
    return np.asarray(starts[starts <= n - window])


def framed(samples: Floats, window: int, hop: float) -> Floats:
    """Return the frames, shape (frames, window); a sound shorter than a window is zero-padded to one frame."""
    if len(samples) < window:
        samples = np.pad(samples, (0, window - len(samples)))
    windows = np.lib.stride_tricks.sliding_window_view(samples, window)
    return np.asarray(windows[frame_starts(len(samples), window, hop)])


def compressed(power: Floats, floor: float) -> Floats:
    """Return levels relative to the maximum, 0 at ``-floor`` dB and below, 1 at 0 dB; silence gives zeros.

    level = 1 + 10 log10(power / max power) / floor
    """
    peak = power.max()
    if peak <= 0:
        return np.zeros_like(power)
    least = 10 ** (-floor / 10)
    return np.asarray(np.clip(1 + 10 * np.log10(np.maximum(power / peak, least)) / floor, 0, 1))


def checked_levels(levels: Any, where: str, n_bands: int | None = None) -> Floats:
    """Return the levels of a sound, (frames, bands), whose values must be in [0, 1]."""
    frames = checks.real_array(levels, where)
    if frames.ndim != 2 or frames.shape[1] != (n_bands or frames.shape[1]) or 0 in frames.shape[1:]:
        expected = "(frames, bands)" if n_bands is None else f"(frames, {n_bands})"
        raise DescriptionError(f"{where}: got shape {frames.shape}, expected {expected}")
    if frames.size and (frames.min() < 0 or frames.max() > 1):
        raise DescriptionError(
            f"{where}: got levels outside [0, 1], expected those of a front end such as MelSpectrogram"
        )
    return frames
