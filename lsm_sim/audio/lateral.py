"""Lateral inhibition: each band is reduced by what its neighbours have, which sharpens spectra and evens out voices."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.ndimage import gaussian_filter1d
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.frame_stream import FrameStream
from lsm_sim.audio.sounds import checked_levels
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_MOST_BANDS = 2**20  # of the width
_QUIETEST = 0.2  # frames below it are raised as if they reached it: 48 dB below the peak with a floor of 60 dB


class LateralInhibition(TransformerMixin, BaseEstimator):
    """Subtract from the level of each band a share of the mean level around it, and stretch what is left.

    For levels x[k, c] of frame k and band c, as from `MelSpectrogram`, with the mean m over the bands of the frame, weighted by a
    Gaussian of standard deviation ``width`` around c::

        y[k, c] = clip((x[k, c] - amount m[k, c]) / (1 - amount), 0, 1)

    A frame whose bands all have one level keeps it. Formants stay; the tilt of a voice, its loudness and background noise, which
    are the same in neighbouring bands, count less. Beyond the first and last band, the level of that band is continued. With
    ``compression`` e, quiet frames, such as those of an s, are then raised towards loud ones, by the largest level of the frame::

        z[k, c] = clip(y[k, c] max(0.2, max over c of y[k, c])^-e, 0, 1)

    Each frame is changed by itself, so that a `stream` gives the same bits. `fit` learns nothing.

    Parameters
    ----------
    amount
        From 0 (none) to less than 1.
    width
        Of the Gaussian, in bands; it ends at 4 standard deviations.
    compression
        From 0 (none) to 1 (frames with a level of 0.2 or more all reach 1).

    References
    ----------
    Yang, Wang and Shamma, Auditory representations of acoustic signals, IEEE Trans. Information Theory 38, 824-839 (1992).

    Examples
    --------
    >>> LateralInhibition(0.5, 1.0).fit_transform([np.array([[0.4, 0.4, 0.4, 0.4], [0.4, 0.4, 0.8, 0.4]])])[0].round(2).tolist()
    [[0.4, 0.4, 0.4, 0.4], [0.38, 0.3, 1.0, 0.3]]
    """

    def __init__(self, amount: float = 0.5, width: float = 8.0, compression: float = 0.0) -> None:
        self.amount = amount
        self.width = width
        self.compression = compression

    def fit(self, X: Any, y: Any = None) -> LateralInhibition:
        """Check the parameters; nothing is learnt from the levels."""
        self._checked()
        return self

    def transform(self, X: Any) -> list[Floats]:
        """Return the levels of each sound, (frames, bands), after inhibition."""
        parameters = self._checked()
        sounds = checks.items(X, "X", "a list of arrays (frames, bands)")
        return [_inhibited(checked_levels(levels, f"sound {b}"), *parameters) for b, levels in enumerate(sounds)]

    def stream(self) -> LateralStream:
        """Return the stream of one sound whose frames come in pieces."""
        return LateralStream(*self._checked())

    def _checked(self) -> tuple[float, float, float]:
        amount = checks.real(self.amount, "LateralInhibition amount")
        if not 0 <= amount < 1:
            raise DescriptionError(f"LateralInhibition amount: got {amount:g}, expected at least 0 and less than 1")
        width = checks.positive(self.width, "LateralInhibition width")
        if width > _MOST_BANDS:
            raise DescriptionError(f"LateralInhibition width: got {width:g} bands, expected at most {_MOST_BANDS}")
        return amount, width, checks.probability(self.compression, "LateralInhibition compression")

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


class LateralStream(FrameStream):
    """The inhibition of one sound whose frames come in pieces of any size, from `LateralInhibition.stream`."""

    def __init__(self, amount: float, width: float, compression: float) -> None:
        super().__init__()
        self._parameters = amount, width, compression

    def _changed(self, levels: Floats) -> Floats:
        return _inhibited(levels, *self._parameters)


def _inhibited(levels: Floats, amount: float, width: float, compression: float) -> Floats:
    around = gaussian_filter1d(levels, width, axis=1, mode="nearest")
    sharp: Floats = np.clip((levels - amount * around) / (1 - amount), 0, 1)
    if not compression:
        return sharp
    largest = np.maximum(sharp.max(axis=1, keepdims=True, initial=0.0), _QUIETEST)
    return np.asarray(np.clip(sharp * largest**-compression, 0, 1))
