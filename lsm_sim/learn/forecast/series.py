"""Checks and scaling of time series: arrays of one row per sample."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.warn import warn

FEWEST = 10  # rows to train or to score on
_LARGEST = 1e100  # so that squares do not overflow
_OUTSIDE = 0.1  # share of samples outside the range of `fit`, from which on there is a warning


def checked_series(series: Any, where: str = "series") -> Floats:
    """Return a series as floats of shape (T, channels), T >= 1, after checking it."""
    array = checks.real_array(series, where)
    if array.ndim == 1:
        array = array[:, None]
    if array.ndim != 2 or 0 in array.shape:
        raise DescriptionError(f"{where}: got shape {array.shape}, expected (samples,) or (samples, channels)")
    return array


def checked_targets(targets: Any, n_samples: int) -> Floats:
    """Return targets as floats of shape (T, targets), one row for each sample of the series."""
    array = checked_series(targets, "targets")
    if len(array) != n_samples:
        raise DescriptionError(f"targets: got {len(array)} rows, expected one for each of the {n_samples} samples")
    return array


def aligned(n_samples: int, horizon: Any, first: Any) -> tuple[slice, slice]:
    """Return the rows from ``first`` on that have a target ``horizon`` samples later, and the rows of those targets."""
    ahead, begin = (
        checks.whole(horizon, "horizon"),
        checks.whole(first, "first sample after the washout", 0, checks.MOST),
    )
    if ahead >= n_samples:
        raise DescriptionError(f"horizon: got {ahead}, expected less than the {n_samples} samples of the series")
    if begin + ahead + FEWEST > n_samples:
        raise DescriptionError(
            f"series: got {n_samples} samples, expected at least {begin + ahead + FEWEST}: {begin} before the first row, "
            f"the horizon of {ahead} and {FEWEST} rows; use a longer series or a shorter washout"
        )
    return slice(begin, n_samples - ahead), slice(begin + ahead, n_samples)


@dataclass(frozen=True, eq=False)
class Scaler:
    """Maps each channel from [low, high] to [0, 1]; values outside are clipped."""

    low: Floats
    high: Floats

    @staticmethod
    def fit(series: Floats, margin: float) -> Scaler:
        """Learn the range of each channel, widened at both ends by ``margin`` times its extent."""
        low, high = series.min(axis=0), series.max(axis=0)
        largest = float(np.abs(series).max())
        if largest > _LARGEST:
            raise DescriptionError(
                f"series: got values up to {largest:.3g}, expected at most {_LARGEST:g}; does the series diverge? scale it or cut it"
            )
        room = checks.probability(margin, "margin") * (high - low)
        return Scaler(low - room, high + room)

    def warn_if_outside(self, series: Floats) -> None:
        """Warn if so many samples are outside the range of `fit` that the series is probably unstable, or of another kind."""
        if series.shape[1] != len(self.low):
            return
        outside = float(((series < self.low) | (series > self.high)).any(axis=1).mean())
        if outside > _OUTSIDE:
            warn(
                f"series: {outside:.0%} of its samples are outside the range of fit and are clipped; train on a series that covers "
                "the range, use a larger margin, or forecast the differences of an unstable series"
            )

    def __call__(self, series: Floats) -> Floats:
        """Return the series in [0, 1], shape (T, channels)."""
        if series.shape[1] != len(self.low):
            raise DescriptionError(f"series: got {series.shape[1]} channels, expected {len(self.low)} as in fit")
        extent = np.where(self.high > self.low, self.high - self.low, 1.0)
        return np.clip((series - self.low) / extent, 0, 1)


def lags(series: Any, n: int) -> Floats:
    """Return the last ``n`` values of each channel as features, the newest first, shape (T, n * channels).

    Values before the start of the series are 0. A linear readout of the lags is the control without spikes.

    Examples
    --------
    >>> lags([1.0, 2.0, 3.0], 2)
    array([[1., 0.],
           [2., 1.],
           [3., 2.]])
    """
    array = checked_series(series)
    out = np.zeros((len(array), checks.whole(n, "lags n", minimum=1), array.shape[1]))
    for lag in range(min(n, len(array))):
        out[lag:, lag] = array[: len(array) - lag]
    return out.reshape(len(array), -1)


def nrmse(predicted: Any, true: Any) -> float:
    """Return the root of the mean squared error of ``predicted``, (rows, targets), over the standard deviation of ``true``; the mean over targets.

    1 is the error of always predicting the mean.
    """
    a, b = checked_series(predicted, "predicted"), checked_series(true, "true")
    if a.shape != b.shape:
        raise DescriptionError(f"nrmse: got predictions of shape {a.shape}, expected {b.shape} as the true values")
    spread = b.std(axis=0)
    if (spread == 0).any():
        raise DescriptionError("nrmse: got constant true values, expected values that vary; use a longer series")
    return float((np.sqrt(((a - b) ** 2).mean(axis=0)) / spread).mean())


def valid_time(generated: Any, true: Any, lyapunov_time: Any, threshold: float = 0.4) -> float:
    """Return for how long a generated series follows the true one: the valid prediction time, in Lyapunov times.

    This is the time until the error first exceeds ``threshold``, or that of all samples if it never does. The error of a
    sample is the root mean square over channels of the differences, each divided by the standard deviation of the true
    channel, so pass true values that are long enough to know it. See J. Pathak, A. Wikner, R. Fussell, S. Chandra, B. R. Hunt,
    M. Girvan, E. Ott: Hybrid forecasting of chaotic processes. Chaos 28, 041101 (2018).

    Parameters
    ----------
    generated
        (n,) or (n, channels), the samples after a known series.
    true
        The same samples of the true series; later samples count for the standard deviation only.
    lyapunov_time
        1 / (largest Lyapunov exponent), in samples: about 160 units of time for Mackey-Glass with tau = 17 (exponent 0.006),
        1.10 for Lorenz (0.906), divided by the time between samples.
    threshold
        Largest valid error, in standard deviations.

    Examples
    --------
    >>> true = np.sin(np.arange(100.0))
    >>> generated = true + np.where(np.arange(100) < 30, 0.1, 1.0)
    >>> valid_time(generated, true, lyapunov_time=10)
    3.0
    """
    a, b = checked_series(generated, "generated"), checked_series(true, "true")
    if a.shape[1] != b.shape[1] or len(a) > len(b):
        raise DescriptionError(
            f"valid_time: got {a.shape[0]} generated samples of {a.shape[1]} channels, expected at most as many as the true "
            f"ones, of shape {b.shape}"
        )
    unit = checks.positive(lyapunov_time, "lyapunov_time")
    most = checks.positive(threshold, "threshold")
    spread = b.std(axis=0)
    if (spread == 0).any():
        raise DescriptionError("valid_time: got constant true values, expected values that vary; use a longer series")
    error = np.sqrt((((a - b[: len(a)]) / spread) ** 2).mean(axis=1))
    exceeded = np.flatnonzero(error > most)
    return float((exceeded[0] if exceeded.size else len(a)) / unit)
