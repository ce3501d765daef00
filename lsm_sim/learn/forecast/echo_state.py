"""An echo-state network that continues a series by itself: the control of `LiquidForecaster.generate`."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast.free_running import checked_warm_up, closed_loop
from lsm_sim.learn.forecast.ridge import TimeRidge
from lsm_sim.learn.forecast.series import Scaler, aligned, checked_series
from lsm_sim.learn.readout import resolve
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.seeding import stream


class EchoStateForecaster(RegressorMixin, BaseEstimator):
    """Predict the next sample of a series from the states of an echo-state network, as `LiquidForecaster` does from spikes.

    The range of each channel is mapped to [-1, 1]. Horizon 1 only.

    Parameters
    ----------
    reservoir
        An `lsm_sim.learn.echo_state.EchoStateRegressor`, whose readout is not used; None: one of 500 units with a spectral
        radius of 0.95.
    washout, readout, margin
        As for `LiquidForecaster`.
    noise, seed
        Training adds normal noise to the samples that the network sees, of this fraction of each channel's standard deviation.

    Examples
    --------
    >>> series = np.sin(np.arange(600) / 5)
    >>> model = EchoStateForecaster(EchoStateRegressor(50), washout=50).fit(series[:500])
    >>> bool(np.abs(model.generate(20, series[:500]) - series[500:520]).max() < 0.1)
    True
    """

    def __init__(
        self,
        reservoir: EchoStateRegressor | None = None,
        *,
        washout: int = 100,
        readout: Any = None,
        margin: float = 0.02,
        noise: float = 0.0,
        seed: int = 0,
    ) -> None:
        self.reservoir = reservoir
        self.washout = washout
        self.readout = readout
        self.margin = margin
        self.noise = noise
        self.seed = seed

    def fit(self, series: Any) -> EchoStateForecaster:
        """Train the readout on a series, (T,) or (T, channels)."""
        array = checked_series(series)
        rows, ahead = aligned(len(array), 1, self.washout)
        self.scaler_ = Scaler.fit(array, self.margin)
        self._one_target = np.ndim(series) == 1
        default = EchoStateRegressor(500, spectral_radius=0.95)
        self.reservoir_ = (default if self.reservoir is None else self.reservoir).drawn(array.shape[1])
        targets = array[ahead, 0] if self._one_target else array[ahead]
        seen = with_noise(array, self.noise, self.seed)
        readout = TimeRidge() if self.readout is None else resolve(self.readout, "regress")
        self.readout_ = readout.fit(self.features(seen)[rows], targets)
        return self

    def features(self, series: Any) -> Floats:
        """Return the state of the network after each sample, (T, units)."""
        return np.asarray(self.reservoir_.run([self._drive(self.scaler_(checked_series(series)))])[0])

    def predict(self, series: Any) -> Floats:
        """Return predictions, one for each sample: row t predicts sample t + 1."""
        check_is_fitted(self, "readout_")
        return np.asarray(self.readout_.predict(self.features(series)))

    def generate(self, n: int, series: Any) -> Floats:
        """Return ``n`` samples after a series, (n,) or (n, channels); see `LiquidForecaster.generate`."""
        check_is_fitted(self, "readout_")
        n_more, array = checked_warm_up(n, series, self.scaler_)
        state = self.features(array)[-1]

        def advance(sample: Floats) -> Floats:
            nonlocal state
            state = self.reservoir_.step(state, self._drive(sample)[0])
            return state

        out = closed_loop(n_more, self.scaler_, state, advance, self.readout_.predict)
        return out[:, 0] if self._one_target else out

    @staticmethod
    def _drive(scaled: Floats) -> Floats:
        return np.asarray(2 * scaled - 1)


def with_noise(series: Floats, noise: Any, seed: Any) -> Floats:
    """Return the series with normal noise, of a fraction of each channel's standard deviation."""
    share = checks.real(noise, "noise")
    if share == 0:
        return series
    rng = stream(checks.whole(seed, "seed"), "forecast/noise")
    return np.asarray(series + abs(share) * series.std(axis=0) * rng.normal(size=series.shape))
