"""The spectral tilt of a sound: taken out by its own first-order prediction, or brought to a given slope."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.filters import filtered
from lsm_sim.audio.sounds import each_changed
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_BANDS_PER_OCTAVE = 6
_STEEPEST = 24.0  # dB per octave by which a sound is changed at most


class AdaptivePreEmphasis(TransformerMixin, BaseEstimator):
    """Pre-emphasis by as much as each sound needs: y[n] = x[n] - amount * (r1 / r0) * x[n-1], y[0] = x[0].

    r0 is the sum of x[n]^2, r1 that of x[n] x[n-1] over the whole sound; r1 / r0 is the best prediction of a sample from
    the one before. With ``amount`` 1 the tilt of the spectrum is removed to first order, whatever it was. A silent sound stays as it is.
    `fit` learns nothing. The sound must be complete, so that there is no stream.

    Parameters
    ----------
    amount
        From 0 (none) to 1.

    Examples
    --------
    >>> [flat] = AdaptivePreEmphasis().fit_transform([np.array([1.0, 1.0, 0.0])])
    >>> flat.tolist()
    [1.0, 0.5, -0.5]
    """

    def __init__(self, amount: float = 1.0) -> None:
        self.amount = amount

    def fit(self, X: Any, y: Any = None) -> AdaptivePreEmphasis:
        """Check the parameters; nothing is learnt from the sounds."""
        checks.probability(self.amount, "AdaptivePreEmphasis amount")
        return self

    def transform(self, X: Any) -> list[Any]:
        """Return the sounds after the filter: a `Recording` for each one, else an array."""
        amount = checks.probability(self.amount, "AdaptivePreEmphasis amount")

        def flat(samples: Floats, _: int) -> Floats:
            energy = float((samples**2).sum())
            if energy == 0:
                return samples
            a = amount * float((samples[1:] * samples[:-1]).sum()) / energy
            return np.append(samples[0], samples[1:] - a * samples[:-1])

        return each_changed(X, 1, flat)  # the rate does not matter

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class TiltTo(TransformerMixin, BaseEstimator):
    """Bring the spectral tilt of each sound to a given slope.

    The tilt is the slope of a straight line through the levels, in dB, of the bands of a sixth of an octave from ``f_min`` to ``f_max``
    over log2 of their frequency, by least squares. The sound is filtered by a gain of (slope - tilt) * log2(f / f0) dB, where
    f0 is the geometric mean of ``f_min`` and ``f_max``, held outside them; the filter has no delay. A change of more than 24 dB
    per octave is cut to that. A silent sound stays as it is. `fit` learns nothing. The sound must be complete, so that there is no stream.

    Parameters
    ----------
    slope
        In dB per octave.
    f_min, f_max
        In Hz; what is outside a telephone's band is not looked at by default.
    sample_rate
        Sample rate of sounds that are arrays, in Hz; a `Recording` has its own.

    Examples
    --------
    >>> noise = np.random.default_rng(0).normal(size=8000)
    >>> round(tilt_of(*TiltTo(-6.0).fit_transform([noise]), 8000, 400, 3200), 1)
    -6.0
    """

    def __init__(
        self, slope: float = 0.0, *, f_min: float = 400.0, f_max: float = 3200.0, sample_rate: int = 8000
    ) -> None:
        self.slope = slope
        self.f_min = f_min
        self.f_max = f_max
        self.sample_rate = sample_rate

    def fit(self, X: Any, y: Any = None) -> TiltTo:
        """Check the parameters; nothing is learnt from the sounds."""
        self._checked()
        return self

    def transform(self, X: Any) -> list[Any]:
        """Return the sounds with this tilt: a `Recording` for each one, else an array."""
        slope, low, high, own_rate = self._checked()

        def tilted(samples: Floats, rate: int) -> Floats:
            if high > rate / 2:
                raise DescriptionError(
                    f"TiltTo f_max: got {high:g} Hz for a sound at {rate} Hz, expected at most half of that"
                )
            if not samples.any():
                return samples
            change = float(np.clip(slope - tilt_of(samples, rate, low, high), -_STEEPEST, _STEEPEST))
            return filtered(samples, rate, lambda f: _gain(f, change, low, high))

        return each_changed(X, own_rate, tilted)

    def _checked(self) -> tuple[float, float, float, int]:
        slope = checks.real(self.slope, "TiltTo slope")
        if abs(slope) > _STEEPEST:
            raise DescriptionError(f"TiltTo slope: got {slope:g} dB per octave, expected a slope within +-24")
        low, high = checks.positive(self.f_min, "TiltTo f_min"), checks.positive(self.f_max, "TiltTo f_max")
        if not 1 <= low <= high / 2 <= 1e9:
            raise DescriptionError(
                f"TiltTo: got f_min {low:g} and f_max {high:g} Hz, expected at least an octave, from 1 Hz to 2e9 Hz"
            )
        rate = checks.whole(self.sample_rate, "TiltTo sample_rate", minimum=1, maximum=checks.MOST)
        return slope, low, high, rate

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def tilt_of(samples: Floats, rate: int, f_min: float, f_max: float) -> float:
    """Return the tilt of a sound between two frequencies in dB per octave, as in `TiltTo`."""
    size = max(
        1 << (len(samples) - 1).bit_length(), 1 << round(np.log2(rate / f_min * 16))
    )  # a band has some frequencies
    power = np.abs(np.fft.rfft(samples, size)) ** 2
    n_bands = round(np.log2(f_max / f_min) * _BANDS_PER_OCTAVE)
    edges = f_min * (f_max / f_min) ** (np.arange(n_bands + 1) / n_bands)
    first = np.searchsorted(np.fft.rfftfreq(size, 1 / rate), edges)
    total = np.concatenate([[0.0], np.cumsum(power)])
    mean = (total[first[1:]] - total[first[:-1]]) / np.maximum(np.diff(first), 1)
    level = 10 * np.log10(np.maximum(mean, max(mean.max() * 1e-10, 1e-300)))
    octaves = np.log2(edges[:-1] * edges[1:]) / 2
    centred = octaves - octaves.mean()
    return float((centred * level).sum() / (centred**2).sum())


def _gain(frequency: Floats, slope: float, low: float, high: float) -> Floats:
    octaves = np.log2(np.clip(frequency, low, high) / np.sqrt(low * high))
    return np.asarray(10 ** (slope * octaves / 20))
