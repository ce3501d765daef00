"""Forecasting of time series: one long run of a liquid, and a readout at every sample.

``LiquidForecaster(liquid, horizon=84).fit(series).nrmse(longer_series, start=len(series))``. Imported on demand, because
scikit-learn takes a second to load.
"""

from lsm_sim.learn.forecast.beside_controls import VIEWS, Forecasts, beside_controls
from lsm_sim.learn.forecast.echo_state import EchoStateForecaster
from lsm_sim.learn.forecast.forecaster import LiquidForecaster
from lsm_sim.learn.forecast.held_out import held_out, held_out_nrmse
from lsm_sim.learn.forecast.ridge import TimeRidge
from lsm_sim.learn.forecast.series import lags, nrmse, valid_time

__all__ = [
    "VIEWS",
    "EchoStateForecaster",
    "Forecasts",
    "LiquidForecaster",
    "TimeRidge",
    "beside_controls",
    "held_out",
    "held_out_nrmse",
    "lags",
    "nrmse",
    "valid_time",
]
