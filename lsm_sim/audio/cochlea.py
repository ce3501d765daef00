"""The cochleagram: gammatone filters evenly spaced on the ERB (equivalent rectangular bandwidth) scale."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.sounds import compressed, each_sound, frame_starts, n_samples
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_RESPONSE = 0.064  # seconds after which even the response of a filter at 80 Hz has decayed by 80 dB


class Cochleagram(TransformerMixin, BaseEstimator):
    """Convert sounds to cochleagrams, lists of (frames, n_bands) arrays with values in [0, 1].

    Gammatone filters of order 4 (`scipy.signal.gammatone`, finite response) with centre frequencies evenly spaced on the
    ERB-rate scale 21.4 log10(1 + 0.00437 f / Hz) of Glasberg and Moore; the mean power of each filter's output in windows of
    ``window`` seconds every ``hop`` seconds; decibels, and short and silent sounds, as in `MelSpectrogram`.

    Parameters
    ----------
    sample_rate, n_bands, window, hop, floor, pre_emphasis
        As for `MelSpectrogram`.
    f_min, f_max
        Centre frequency of the first and of the last band, in Hz; ``f_max`` None: 0.45 times the sample rate.

    References
    ----------
    Glasberg and Moore, Hearing Research 47, 103-138 (1990); Slaney, Apple Computer technical report 35 (1993).

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 1000 * np.arange(800) / 8000)
    >>> [loudness] = Cochleagram(n_bands=32).fit_transform([tone])
    >>> loudness.shape
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
    ) -> None:
        self.sample_rate = sample_rate
        self.n_bands = n_bands
        self.window = window
        self.hop = hop
        self.f_min = f_min
        self.f_max = f_max
        self.floor = floor
        self.pre_emphasis = pre_emphasis

    def fit(self, X: Any, y: Any = None) -> Cochleagram:
        """Check the parameters; nothing is learnt from the sounds."""
        self._bank()
        return self

    def transform(self, X: Any) -> list[Floats]:
        """Return the cochleagram of each sound, shape (frames, n_bands)."""
        bank, window, hop = self._bank()
        floor = checks.positive(self.floor, "Cochleagram floor")
        emphasis = checks.real(self.pre_emphasis, "Cochleagram pre_emphasis")

        def convert(samples: Floats) -> Floats:
            lifted = np.append(samples[0], samples[1:] - emphasis * samples[:-1])
            return compressed(_powers(lifted, bank, window, hop), floor)

        return each_sound(X, self.sample_rate, convert)

    def _bank(self) -> tuple[tuple[int, int, float, float], int, float]:
        """Return the arguments of `gammatone_bank`, and the window and the hop in samples."""
        rate = checks.whole(self.sample_rate, "Cochleagram sample_rate", minimum=1)
        window = round(n_samples(self.window, rate, "Cochleagram window"))
        hop = n_samples(self.hop, rate, "Cochleagram hop")
        f_max = 0.45 * rate if self.f_max is None else checks.positive(self.f_max, "Cochleagram f_max")
        f_min = checks.positive(self.f_min, "Cochleagram f_min")
        if not f_min < f_max < rate / 2:
            raise DescriptionError(
                f"Cochleagram: got f_min {f_min:g} and f_max {f_max:g} Hz, expected f_min < f_max < {rate / 2:g}"
            )
        n_bands = checks.whole(self.n_bands, "Cochleagram n_bands", minimum=1)
        return (n_bands, rate, f_min, f_max), window, hop

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def erb_space(f_min: float, f_max: float, n: int) -> Floats:
    """Return ``n`` frequencies in Hz, evenly spaced on the ERB-rate scale, both ends included.

    >>> erb_space(100, 1000, 3).round().tolist()
    [100.0, 407.0, 1000.0]
    """
    low, high = np.log10(1 + 0.00437 * np.array([f_min, f_max]))
    return np.asarray((10 ** np.linspace(low, high, n) - 1) / 0.00437)


@lru_cache(maxsize=16)
def gammatone_bank(n_bands: int, rate: int, f_min: float, f_max: float) -> Floats:
    """Return the impulse responses of the filters, shape (n_bands, taps)."""
    from scipy.signal import gammatone  # takes long to import

    taps = max(16, round(_RESPONSE * rate))
    bank = np.stack([gammatone(f, "fir", numtaps=taps, fs=rate)[0] for f in erb_space(f_min, f_max, n_bands)])
    return np.asarray(checks.read_only(bank))


@lru_cache(maxsize=8)
def _spectra(n_bands: int, rate: int, f_min: float, f_max: float, size: int) -> npt.NDArray[np.complex128]:
    return np.asarray(np.fft.rfft(gammatone_bank(n_bands, rate, f_min, f_max), size))


def _powers(samples: Floats, bank: tuple[int, int, float, float], window: int, hop: float) -> Floats:
    """Return the mean power of each filter's output in each window, shape (frames, n_bands)."""
    samples = np.pad(samples, (0, max(0, window - len(samples))))
    n = len(samples)
    size = 1 << (n + gammatone_bank(*bank).shape[1] - 2).bit_length()  # no wrap-around; a power of two, so few spectra
    output = np.fft.irfft(np.fft.rfft(samples, size) * _spectra(*bank, size), size)[:, :n]
    total = np.pad(np.cumsum(output**2, axis=1), ((0, 0), (1, 0)))
    first = frame_starts(n, window, hop)
    return np.asarray((total[:, first + window] - total[:, first]).T / window)
