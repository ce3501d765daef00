"""Cutting off silence before and after a sound."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin

from lsm_sim.audio.sounds import each_changed, n_samples
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_MOST_SAMPLES = 2**24  # of a window
_MOST_DB = 300.0  # beyond which powers of 10 would soon overflow


class Trim(TransformerMixin, BaseEstimator):
    """Cut off what is quiet before and after a sound; pauses within it stay.

    The power is the mean of x^2 in windows of ``window`` seconds, of which one ends at each sample; beyond the sound there are
    zeros. What is kept reaches from the sample at which the first window within ``db`` decibels of the loudest one ends, to
    the sample at which the last such window begins, and ``hang_over`` seconds more on both sides, as far as the sound reaches. A silent
    sound stays as it is. `fit` learns nothing. The sound must be complete, so that there is no stream.

    Parameters
    ----------
    db
        Range below the loudest window, in dB.
    hang_over
        What is kept beyond the first and last loud window, in seconds.
    window
        In seconds.
    sample_rate
        Sample rate of sounds that are arrays, in Hz; a `Recording` has its own.

    Examples
    --------
    >>> burst = np.concatenate([np.zeros(800), np.ones(400), np.zeros(800)])
    >>> [kept] = Trim(hang_over=0).fit_transform([burst])
    >>> len(kept)
    400
    """

    def __init__(
        self,
        db: float = 35.0,
        *,
        hang_over: float = 20 * ms,
        window: float = 10 * ms,
        sample_rate: int = 8000,
    ) -> None:
        self.db = db
        self.hang_over = hang_over
        self.window = window
        self.sample_rate = sample_rate

    def fit(self, X: Any, y: Any = None) -> Trim:
        """Check the parameters; nothing is learnt from the sounds."""
        self._checked()
        n_samples(self.window, self._rate(), "Trim window")
        return self

    def transform(self, X: Any) -> list[Any]:
        """Return the sounds without silence at their ends: a `Recording` for each one, else an array."""
        db, hang_over = self._checked()

        def cut(samples: Floats, rate: int) -> Floats:
            if not samples.any():
                return samples
            width = round(n_samples(self.window, rate, "Trim window"))
            if width > _MOST_SAMPLES:
                raise DescriptionError(f"Trim window: got {width} samples, expected at most {_MOST_SAMPLES}")
            first, end = loud_part(samples, width, db)
            extra = round(hang_over * rate)
            return samples[max(0, first - extra) : end + extra]

        return each_changed(X, self._rate(), cut)

    def _checked(self) -> tuple[float, float]:
        db = checks.positive(self.db, "Trim db")
        if db > _MOST_DB:
            raise DescriptionError(f"Trim db: got {db:g} dB, expected at most {_MOST_DB:g} dB")
        hang_over = checks.real(self.hang_over, "Trim hang_over", "time")
        if not 0 <= hang_over <= 3600:
            raise DescriptionError(f"Trim hang_over: got {hang_over:g} s, expected 0 to 3600 s")
        return db, hang_over

    def _rate(self) -> int:
        return checks.whole(self.sample_rate, "Trim sample_rate", minimum=1, maximum=checks.MOST)

    def __sklearn_tags__(self) -> Any:
        """Declare that no fit is needed."""
        tags = super().__sklearn_tags__()
        tags.requires_fit = False
        return tags


def loud_part(samples: Floats, width: int, db: float) -> tuple[int, int]:
    """Return the sample with which the first window within ``db`` of the loudest one ends, and one after the start of the last one.

    The sound is followed and preceded by zeros, so that zeros around it change nothing.
    """
    total = np.cumsum(np.pad(samples**2, (width, width - 1)))
    power = total[width:] - total[:-width]  # of the windows that end at samples 0, 1, ..., n + width - 2
    loud = np.flatnonzero(power >= power.max() * 10 ** (-db / 10))
    first, last = int(loud[0]), int(loud[-1]) - width + 1
    return min(first, last), min(max(first, last), len(samples) - 1) + 1
