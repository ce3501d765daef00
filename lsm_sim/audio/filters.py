"""A filter of any gain in frequency, without delay."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lsm_sim.support.checks import Floats


def filtered(samples: Floats, rate: int, gain: Callable[[Floats], Floats]) -> Floats:
    """Return samples after a filter without delay whose gain is a function of the frequency in Hz.

    As many zeros as samples are appended before the transform, so that the end of a sound does not wrap to its beginning.
    """
    n = len(samples)
    size = 1 << (2 * n - 1).bit_length()
    spectrum = np.fft.rfft(samples, size) * gain(np.fft.rfftfreq(size, 1 / rate))
    return np.asarray(np.fft.irfft(spectrum, size)[:n])
