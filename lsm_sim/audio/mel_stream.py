"""The mel spectrogram of a sound that comes in pieces, with a fixed reference level."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


@dataclass(frozen=True, eq=False)
class Levels:
    """How the samples of a window become the levels of bands, one frame at a time.

    A product of matrices may sum in another order when the number of frames or of threads changes, so there is none here: a
    frame has the same bits whatever comes with it.
    """

    bank: Floats  # (n_bands, frequencies)
    taper: Floats  # (window,)
    hop: float  # in samples
    floor: float
    emphasis: float
    reference: float

    @property
    def full_scale(self) -> float:
        """The peak of a sine of amplitude 1 in the power spectrum of a window."""
        return float((self.taper.sum() / 2) ** 2)

    def power(self, samples: Floats) -> Floats:
        """Return the power in each band of one window of samples."""
        spectrum = np.fft.rfft(samples * self.taper, 2 * (self.bank.shape[1] - 1))
        return np.asarray((self.bank * (spectrum.real**2 + spectrum.imag**2)).sum(axis=1))

    def level(self, samples: Floats) -> Floats:
        """Return 1 + 10 log10(power / reference power) / floor, clipped to [0, 1], of one window of samples."""
        relative = self.power(samples) / (self.full_scale * 10 ** (self.reference / 10))
        least = 10 ** (-self.floor / 10)
        return np.asarray(np.clip(1 + 10 * np.log10(np.maximum(relative, least)) / self.floor, 0, 1))


class MelStream:
    """The mel spectrogram of one sound that comes in pieces of any size, from `MelSpectrogram.stream`.

    The frames of all pieces are those of the whole sound, to the bit.

    Attributes
    ----------
    n_bands
        Number of bands.
    """

    def __init__(self, levels: Levels) -> None:
        self._levels = levels
        self.n_bands = len(levels.bank)
        self._previous = 0.0  # sample
        self._lifted = np.empty(0)  # samples after pre-emphasis, from the start of the next frame
        self._n_samples = self._n_frames = 0
        self._ended = False

    def advance(self, samples: Any) -> Floats:
        """Return the frames that the next samples (n,) complete, (frames, n_bands); often there is none."""
        self._check_open()
        new = checks.real_array(samples, "samples")
        if new.ndim != 1:
            raise DescriptionError(f"samples: got shape {new.shape}, expected (n,); average channels first")
        if not new.size:
            return np.empty((0, self.n_bands))
        lifted = new - self._levels.emphasis * np.append(self._previous, new[:-1])
        if self._n_samples == 0:
            lifted[0] = new[0]
        begin = self._n_samples - len(self._lifted)  # where the samples that are kept begin
        kept = np.concatenate([self._lifted, lifted])
        self._previous, self._n_samples = new[-1], self._n_samples + len(new)
        window, frames = len(self._levels.taper), []
        while self._start() + window <= self._n_samples:
            first = self._start() - begin
            frames.append(self._levels.level(kept[first : first + window]))
            self._n_frames += 1
        self._lifted = kept[max(0, self._start() - begin) :].copy()
        return np.array(frames).reshape(len(frames), self.n_bands)

    def finish(self) -> Floats:
        """Return the frames at the end of the sound: one, padded with zeros, if it is shorter than a window, else none."""
        self._check_open()
        self._ended = True
        if self._n_frames or not self._n_samples:
            return np.empty((0, self.n_bands))
        window = len(self._levels.taper)
        return self._levels.level(np.pad(self._lifted, (0, window - len(self._lifted))))[None]

    def _start(self) -> int:
        """Return the first sample of the next frame, the one nearest to its time."""
        return math.floor(self._n_frames * self._levels.hop + 0.5)

    def _check_open(self) -> None:
        if self._ended:
            raise DescriptionError("samples: got more after finish(), expected none; start another stream")
