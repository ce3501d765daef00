"""Memory capacity: how many past values of a random series a linear readout can tell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.forecast.ridge import TimeRidge
from lsm_sim.learn.forecast.series import checked_series
from lsm_sim.measures.checked import checked_states, plain
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.support.warn import warn

_FEWEST = 200  # rows to train on, and half as many for the test
_ENOUGH = 0.05  # squared correlation at the longest lag beyond which there is more memory


@dataclass(frozen=True, eq=False)
class MemoryCapacity:
    """How well the past of a series can be told from the present state.

    Parameters
    ----------
    capacity
        In samples: the sum of the profile.
    profile
        Squared correlation at lags 1, 2, ..., 0 to 1.
    delay_horizon
        In samples: what the longest delay of a synapse would reach without recurrence; None: not given.
    n_train, n_test
        Number of samples. Chance alone gives about 1 / n_test at each lag.
    """

    capacity: float
    profile: Floats
    delay_horizon: float | None
    n_train: int
    n_test: int

    def __str__(self) -> str:
        horizon = "" if self.delay_horizon is None else f"; delays alone reach back {self.delay_horizon:.3g} samples"
        return f"memory capacity: {self.capacity:.2f} samples up to lag {self.profile.size}{horizon}"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the profile over lags and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.plot(1 + np.arange(self.profile.size), self.profile, color=figures.BLUE, linewidth=figures.LINE)
        label = "Lag (samples)"
        if self.delay_horizon is not None:
            ax.axvline(self.delay_horizon, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
            label += "; dashed: longest delay"
        ax.set_ylim(0, 1.02)
        figures.tidy(ax, label, "Squared correlation")
        return ax


def memory_capacity(
    states: Any,
    series: Any,
    *,
    n_lags: int = 60,
    washout: int = 100,
    test: float = 1 / 3,
    delay_horizon: float | None = None,
) -> MemoryCapacity:
    """Return the sum over lags k of the squared correlation of y_k[t] and x[t - k], k = 1 ... n_lags, in samples.

    x is a random series without correlations, uniform for example, and y_k a linear readout of the state at t, trained to give
    x[t - k] (`lsm_sim.learn.forecast.TimeRidge`) on the first samples and tested on the last. H. Jaeger: Short term memory in
    echo state networks. GMD Report 152 (2001), where it is shown to be at most the number of features.

    A shift register has the largest capacity possible and computes nothing; and in a liquid, synaptic delays are a shift
    register. So compare with the delay horizon, and with the same liquid without recurrence.

    Parameters
    ----------
    states
        State at the end of each sample, (T, features).
    series
        (T,), the input.
    n_lags
        Longest lag, in samples. There is a warning if there is memory beyond it.
    washout
        Samples at the start that are not used; at least the longest lag is left out.
    test
        Fraction of the samples, at the end, for the test.
    delay_horizon
        Longest delay, in samples; it is only printed beside.

    Examples
    --------
    >>> x = np.random.default_rng(1).uniform(size=2000)
    >>> delayed = np.stack([np.roll(x, k) for k in range(1, 6)], axis=1)  # a delay line of 5 samples
    >>> round(memory_capacity(delayed, x, n_lags=8).capacity, 1)
    5.0
    """
    array, x = checked_states(states, "memory_capacity"), one_channel(series, len(states), "memory_capacity")
    n_lags = checks.whole(n_lags, "memory_capacity n_lags", 1, checks.MOST)
    first = max(checks.whole(washout, "memory_capacity washout", 0, checks.MOST), n_lags)
    n_test = round((len(x) - first) * checks.probability(test, "memory_capacity test"))
    n_train = len(x) - first - n_test
    if n_train < _FEWEST or n_test < _FEWEST // 2:
        raise DescriptionError(
            f"memory_capacity: got {len(x)} samples, expected at least {first + 2 * _FEWEST}: {first} before the first row, {_FEWEST} to train on and "
            f"{_FEWEST // 2} for the test (a third); use a longer series or fewer lags"
        )
    delayed = np.stack([np.roll(x, lag) for lag in range(1, n_lags + 1)], axis=1)[
        first:
    ]  # no lag is longer than `first`
    rows = array[first:]
    predicted = TimeRidge().fit(rows[:n_train], delayed[:n_train]).predict(rows[n_train:])
    profile = squared_correlation(predicted, delayed[n_train:])
    if profile[-1] > _ENOUGH:
        warn(
            f"memory_capacity: the squared correlation at the longest lag, {n_lags}, is {profile[-1]:.2f}; increase n_lags"
        )
    horizon = None if delay_horizon is None else checks.real(delay_horizon, "memory_capacity delay_horizon")
    return MemoryCapacity(float(profile.sum()), profile, horizon, n_train, n_test)


def squared_correlation(one: Floats, other: Floats) -> Floats:
    """Return the squared correlation of each pair of columns; 0 for a constant column."""
    a, b = one - one.mean(axis=0), other - other.mean(axis=0)
    scale = (a**2).sum(axis=0) * (b**2).sum(axis=0)
    return np.asarray((a * b).sum(axis=0) ** 2 / np.where(scale > 0, scale, 1.0))


def one_channel(series: Any, n_samples: int, where: str) -> Floats:
    """Return a series of one channel, as long as the states, that is not constant."""
    array = checked_series(series, f"{where}: series")
    if array.shape != (n_samples, 1):
        raise DescriptionError(
            f"{where}: got a series of shape {array.shape} and {n_samples} rows of states, expected one value for each row"
        )
    if (array == array[0]).all():
        raise DescriptionError(f"{where}: got a constant series, expected random values; use rng.uniform(size=n)")
    return array[:, 0]
