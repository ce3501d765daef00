"""The mel spectrogram: short-time spectra, summed in bands that are evenly spaced on the mel scale."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.mel_stream import Levels, MelStream
from lsm_sim.audio.sounds import compressed, each_sound, framed, n_samples
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.units import ms

_MOST_DB = 300.0  # beyond which powers of 10 would soon overflow


class MelSpectrogram(TransformerMixin, BaseEstimator):
    """Convert sounds to log-mel spectrograms, lists of (frames, n_bands) arrays with values in [0, 1].

    Hamming windows of ``window`` seconds every ``hop`` seconds; the power spectrum of each, weighted by triangles whose
    corners are evenly spaced on the scale mel = 2595 log10(1 + f / 700 Hz); decibels relative to the loudest value of the
    sound, or to ``reference``, from ``-floor`` dB (0) to 0 dB (1). A sound shorter than a window is zero-padded to one frame; silence gives
    zeros. `fit` learns nothing. A frame lasts ``hop``: use ``frame=hop`` in the encoder.

    Parameters
    ----------
    sample_rate
        Sample rate of the sounds, in Hz; a `Recording` of another rate is resampled to it.
    n_bands
        Number of bands.
    window, hop
        In seconds; a window is rounded to whole samples, and each frame starts at the sample nearest to its time.
    f_min, f_max
        Lower end of the first band and upper end of the last, in Hz; ``f_max`` None: half the sample rate.
    floor
        Range of levels, in dB.
    pre_emphasis
        x[n] - pre_emphasis * x[n-1] emphasises high frequencies; 0: none.
    warp
        Factor on all frequencies of the triangles: 1.1 has the same effect as formants that are 10 % lower. Training
        sounds with several warps simulate speakers with other vocal tracts.
    reference
        The level that gives 1, in dB; louder ones give 1 too. 0 dB is the peak that a sine of amplitude 1 has in the power
        spectrum of one window without pre-emphasis, (sum of the window / 2)^2. None: the loudest value of each sound, which
        is known only at its end, so that a `stream` needs a number; `loudest` returns one for given sounds.

    References
    ----------
    Jaitly and Hinton, Vocal tract length perturbation (VTLP) improves speech recognition, ICML workshop 2013.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(800) / 8000)
    >>> [mel] = MelSpectrogram(n_bands=32).fit_transform([tone])
    >>> mel.shape
    (16, 32)
    """

    def __init__(
        self,
        sample_rate: int = 8000,
        n_bands: int = 32,
        *,
        window: float = 25 * ms,
        hop: float = 5 * ms,
        f_min: float = 80.0,
        f_max: float | None = None,
        floor: float = 60.0,
        pre_emphasis: float = 0.97,
        warp: float = 1.0,
        reference: float | None = None,
    ) -> None:
        self.sample_rate = sample_rate
        self.n_bands = n_bands
        self.window = window
        self.hop = hop
        self.f_min = f_min
        self.f_max = f_max
        self.floor = floor
        self.pre_emphasis = pre_emphasis
        self.warp = warp
        self.reference = reference

    def fit(self, X: Any, y: Any = None) -> MelSpectrogram:
        """Check the parameters; nothing is learnt from the sounds."""
        self._bank()
        if self.reference is not None:
            self._levels()
        return self

    def transform(self, X: Any) -> list[Floats]:
        """Return the spectrogram of each sound, shape (frames, n_bands)."""
        if self.reference is not None:
            levels = self._levels()
            return each_sound(X, self.sample_rate, lambda samples: _whole(levels, samples))
        bank, window, hop = self._bank()
        taper = np.hamming(window)
        floor = checks.positive(self.floor, "MelSpectrogram floor")
        emphasis = checks.real(self.pre_emphasis, "MelSpectrogram pre_emphasis")
        n_fft = 2 * (bank.shape[1] - 1)

        def convert(samples: Floats) -> Floats:
            lifted = np.append(samples[0], samples[1:] - emphasis * samples[:-1])
            spectrum = np.fft.rfft(framed(lifted, window, hop) * taper, n_fft)
            return compressed((spectrum.real**2 + spectrum.imag**2) @ bank.T, floor)

        return each_sound(X, self.sample_rate, convert)

    def stream(self) -> MelStream:
        """Return the stream of one sound that comes in pieces; it needs ``reference``."""
        if self.reference is None:
            raise DescriptionError(
                "MelSpectrogram: got no reference, so that levels are relative to the loudest value of the whole sound, which is "
                "not known while it plays; give reference, such as MelSpectrogram().loudest(sounds), and train with it"
            )
        return MelStream(self._levels())

    def loudest(self, X: Any) -> float:
        """Return the loudest level in these sounds, such as those of training, in dB as ``reference`` counts."""
        levels = self._levels()
        peaks = each_sound(X, self.sample_rate, lambda samples: np.array([_peak(levels, samples)]))
        peak = max((float(peak[0]) for peak in peaks), default=0.0)
        if peak <= 0:
            raise DescriptionError("MelSpectrogram.loudest: got silence, expected a sound")
        return float(10 * np.log10(peak / levels.full_scale))

    def _levels(self) -> Levels:
        bank, window, hop = self._bank()
        floor = checks.positive(self.floor, "MelSpectrogram floor")
        emphasis = checks.real(self.pre_emphasis, "MelSpectrogram pre_emphasis")
        reference = 0.0 if self.reference is None else checks.real(self.reference, "MelSpectrogram reference")
        if abs(reference) > _MOST_DB:
            raise DescriptionError(
                f"MelSpectrogram reference: got {reference:g} dB, expected a level within +-{_MOST_DB:g} dB"
            )
        return Levels(bank, np.hamming(window), hop, floor, emphasis, reference)

    def _bank(self) -> tuple[Floats, int, float]:
        """Return the triangles, (n_bands, frequencies), and the window and the hop in samples."""
        rate = checks.whole(self.sample_rate, "MelSpectrogram sample_rate", minimum=1, maximum=checks.MOST)
        window = round(n_samples(self.window, rate, "MelSpectrogram window"))
        hop = n_samples(self.hop, rate, "MelSpectrogram hop")
        f_max = rate / 2 if self.f_max is None else checks.positive(self.f_max, "MelSpectrogram f_max")
        f_min = checks.real(self.f_min, "MelSpectrogram f_min")
        if not 0 <= f_min < f_max <= rate / 2:
            raise DescriptionError(
                f"MelSpectrogram: got f_min {f_min:g} and f_max {f_max:g} Hz, expected 0 <= f_min < f_max <= {rate / 2:g}"
            )
        n_bands = checks.whole(self.n_bands, "MelSpectrogram n_bands", minimum=1, maximum=checks.MOST)
        warp, n_fft = checks.positive(self.warp, "MelSpectrogram warp"), 1 << (window - 1).bit_length()
        check_memory(20.0 * n_bands * n_fft, "MelSpectrogram")  # five arrays of triangles
        return mel_bank(n_bands, n_fft, rate, f_min, f_max, warp), window, hop

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def _whole(levels: Levels, samples: Floats) -> Floats:
    """Return the levels of a whole sound, (frames, n_bands), computed as those of a stream."""
    stream = MelStream(levels)
    return np.concatenate([stream.advance(samples), stream.finish()])


def _peak(levels: Levels, samples: Floats) -> float:
    """Return the largest power in a band of a sound."""
    lifted = np.append(samples[0], samples[1:] - levels.emphasis * samples[:-1])
    return max(float(levels.power(frame).max()) for frame in framed(lifted, len(levels.taper), levels.hop))


@lru_cache(maxsize=16)
def mel_bank(n_bands: int, n_fft: int, rate: int, f_min: float, f_max: float, warp: float = 1.0) -> Floats:
    """Return triangles of sum 1 over the frequencies of a spectrum, shape (n_bands, n_fft // 2 + 1).

    A triangle narrower than the frequency resolution consists of the nearest frequency only.
    """
    frequency = np.arange(n_fft // 2 + 1) * rate / n_fft
    first, last = 2595 * np.log10(1 + np.array([f_min, f_max]) / 700)
    corners = warp * 700 * (10 ** (np.linspace(first, last, n_bands + 2) / 2595) - 1)
    low, middle, high = (corners[i : i + n_bands, None] for i in range(3))
    bank = np.clip(np.minimum((frequency - low) / (middle - low), (high - frequency) / (high - middle)), 0, None)
    empty = np.flatnonzero(~bank.any(axis=1))
    bank[empty, np.abs(frequency - middle[empty]).argmin(axis=1)] = 1
    bank /= bank.sum(axis=1, keepdims=True)
    return np.asarray(checks.read_only(bank))
