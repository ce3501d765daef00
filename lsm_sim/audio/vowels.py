"""Vowels from glottal pulses and resonances, for examples and tests that need speech without a data set."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

FORMANTS = {"a": (730, 1090, 2440), "i": (270, 2290, 3010), "u": (300, 870, 2240), "e": (530, 1840, 2480)}  # Hz
_BANDWIDTHS = (60, 90, 120)  # Hz
_DURATION = (0.12, 0.2)  # s
_HIGHEST_RATE = 1e6  # Hz


def spoken_vowels(
    vowels: str, pitch: float, tract: float, rng: np.random.Generator, sample_rate: float = 8000
) -> Floats:
    """Return the samples of vowels said one after the other, (n,), not normalised.

    A train of glottal pulses, whose rate falls by a tenth during each vowel, and some noise go through three resonances in a
    row, each y[n] = x[n] + 2 r cos(w) y[n-1] - r^2 y[n-2] (D. H. Klatt, J. Acoust. Soc. Am. 67, 971, 1980). The first three
    formants are the means of adult men by G. E. Peterson and H. L. Barney (J. Acoust. Soc. Am. 24, 175, 1952). Durations, pitch
    and formants vary at random by up to a quarter, a twentieth and a twelfth.

    Parameters
    ----------
    vowels
        Of a, e, i, u, such as ``"ai"``.
    pitch
        In Hz.
    tract
        Length of the vocal tract, in multiples of that of an adult man; it divides the formants.
    rng
        Source of all that varies.
    sample_rate
        In Hz.

    Examples
    --------
    >>> spoken_vowels("ai", 120, 1.0, np.random.default_rng(0)).shape
    (2885,)
    """
    from scipy.signal import lfilter

    rate = checks.positive(sample_rate, "spoken_vowels sample_rate", "rate")
    if not 1000 <= rate <= _HIGHEST_RATE:
        raise DescriptionError(f"spoken_vowels sample_rate: got {rate:g} Hz, expected 1000 to {_HIGHEST_RATE:g}")
    pitch, tract = (
        checks.positive(pitch, "spoken_vowels pitch", "rate"),
        checks.positive(tract, "spoken_vowels tract"),
    )
    checks.instance(rng, np.random.Generator, "spoken_vowels rng", "a numpy.random.Generator")
    checks.instance(vowels, str, "spoken_vowels vowels", "a text")
    if not vowels or not set(vowels) <= set(FORMANTS):
        raise DescriptionError(f"spoken_vowels: got {vowels!r}, expected a text of {', '.join(FORMANTS)}")
    parts: list[Any] = []
    state: list[Any] = [np.zeros(2)] * 3
    for vowel in vowels:
        n = int(rng.uniform(*_DURATION) * rate)
        phase = np.cumsum(pitch * rng.uniform(0.95, 1.05) / rate * np.linspace(1.05, 0.95, n))
        sound = np.diff(np.floor(phase), prepend=0) + 0.02 * rng.normal(size=n)
        for k, (formant, width) in enumerate(zip(FORMANTS[vowel], _BANDWIDTHS, strict=True)):
            angle = 2 * np.pi * formant / tract * rng.uniform(0.92, 1.08) / rate
            radius = np.exp(-np.pi * width / rate)
            sound, state[k] = lfilter([1], [1, -2 * radius * np.cos(angle), radius**2], sound, zi=state[k])
        parts.append(sound)
    return np.concatenate(parts)
