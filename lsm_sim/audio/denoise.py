"""Subtracting steady noise from the spectrum of a sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.sounds import each_changed, n_samples
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_OVERLAP = 4  # windows that cover a sample


class SpectralSubtraction(TransformerMixin, BaseEstimator):
    """Take steady noise out of a sound: its power spectrum is estimated from the quietest frames, and subtracted.

    With the power P[k, f] of frame k (Hann windows, four over each sample) and frequency f::

        N[f] = quantile over k of P[k, f] / -ln(1 - quantile)       # the mean, for noise with a normal distribution
        gain[k, f] = sqrt(max(1 - factor N[f] / P[k, f], 10^(-floor / 10)))

    The sound is the overlapping sum of the frames after this gain. `fit` learns nothing. The sound must be complete, so that
    there is no stream.

    Parameters
    ----------
    factor
        More than 1 subtracts more than the estimate, because noise fluctuates around its mean; 0: no change.
    floor
        Most attenuation, in dB.
    quantile
        Share of the frames that are taken for noise, between 0 and 1.
    window
        In seconds.
    sample_rate
        Sample rate of sounds that are arrays, in Hz; a `Recording` has its own.

    References
    ----------
    Boll, IEEE Transactions on Acoustics, Speech and Signal Processing 27, 113-120 (1979); Berouti, Schwartz and Makhoul, ICASSP
    1979, 208-211 (subtracting more than the estimate).

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> noise = 0.1 * rng.normal(size=8000)
    >>> [quieter] = SpectralSubtraction().fit_transform([noise])
    >>> bool(quieter.std() < 0.5 * noise.std())
    True
    """

    def __init__(
        self,
        factor: float = 2.0,
        *,
        floor: float = 20.0,
        quantile: float = 0.2,
        window: float = 32 * ms,
        sample_rate: int = 8000,
    ) -> None:
        self.factor = factor
        self.floor = floor
        self.quantile = quantile
        self.window = window
        self.sample_rate = sample_rate

    def fit(self, X: Any, y: Any = None) -> SpectralSubtraction:
        """Check the parameters; nothing is learnt from the sounds."""
        self._checked()
        self._width(self._rate())
        return self

    def transform(self, X: Any) -> list[Any]:
        """Return the sounds with less noise: a `Recording` for each one, else an array."""
        factor, least, quantile = self._checked()

        def subtract(samples: Floats, rate: int) -> Floats:
            return subtracted(samples, self._width(rate), factor, least, quantile)

        return each_changed(X, self._rate(), subtract)

    def _checked(self) -> tuple[float, float, float]:
        factor = checks.real(self.factor, "SpectralSubtraction factor")
        if not 0 <= factor <= 100:
            raise DescriptionError(f"SpectralSubtraction factor: got {factor:g}, expected 0 to 100")
        floor = checks.positive(self.floor, "SpectralSubtraction floor")
        if floor > 300:
            raise DescriptionError(f"SpectralSubtraction floor: got {floor:g} dB, expected at most 300 dB")
        quantile = checks.probability(self.quantile, "SpectralSubtraction quantile")
        if quantile in (0, 1):
            raise DescriptionError(
                f"SpectralSubtraction quantile: got {quantile:g}, expected more than 0 and less than 1"
            )
        return factor, 10 ** (-floor / 10), quantile

    def _width(self, rate: int) -> int:
        """Return the window in samples, a multiple of the overlap."""
        width = n_samples(self.window, rate, "SpectralSubtraction window")
        if width > 2**24:
            raise DescriptionError(f"SpectralSubtraction window: got {width:g} samples, expected at most 2^24")
        return _OVERLAP * max(2, round(width / _OVERLAP))

    def _rate(self) -> int:
        return checks.whole(self.sample_rate, "SpectralSubtraction sample_rate", minimum=1, maximum=checks.MOST)

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def subtracted(samples: Floats, width: int, factor: float, least: float, quantile: float) -> Floats:
    """Return the sound after the gain of `SpectralSubtraction`."""
    hop = width // _OVERLAP
    taper = np.sin(np.pi * (np.arange(width) + 0.5) / width) ** 2  # Hann; four of them sum to 2
    n = -(-(len(samples) + 2 * width) // hop) * hop
    padded = np.zeros(n)
    padded[width : width + len(samples)] = samples
    frames = np.lib.stride_tricks.sliding_window_view(padded, width)[::hop]
    spectrum = np.fft.rfft(frames * taper)
    power = spectrum.real**2 + spectrum.imag**2
    whole = _full(len(frames), hop, width, len(samples))  # frames without the zeros around the sound
    noise = np.quantile(power[whole], quantile, axis=0) / -np.log1p(-quantile)
    with np.errstate(divide="ignore", invalid="ignore"):
        gain = np.sqrt(np.maximum(1 - factor * noise / power, least))
    quieter = np.fft.irfft(spectrum * np.where(power > 0, gain, 1.0), width)
    total = np.zeros(n)
    for k, frame in enumerate(quieter):
        total[k * hop : k * hop + width] += frame
    return np.asarray(total[width : width + len(samples)] / (_OVERLAP / 2))


def _full(n_frames: int, hop: int, width: int, n: int) -> slice:
    """Return the frames that lie within the sound; all of them if it is shorter than a window."""
    first, last = width // hop, n // hop  # frame k covers samples k hop - width .. k hop
    return slice(first, last + 1) if last >= first else slice(0, n_frames)
