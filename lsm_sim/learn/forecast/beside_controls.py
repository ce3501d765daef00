"""A forecaster and its controls on one series: last values, encoder, recurrence off, an echo-state network."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sklearn.base import clone

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.echo_state import EchoStateRegressor
from lsm_sim.learn.forecast.forecaster import LiquidForecaster
from lsm_sim.learn.forecast.held_out import held_out
from lsm_sim.learn.forecast.series import checked_series, checked_targets, lags, nrmse
from lsm_sim.support.checks import Floats

VIEWS = ("raw", "encoder", "recurrence_off", "esn", "liquid")


@dataclass(frozen=True, eq=False)
class Forecasts:
    """What the forecaster and its controls ``predicted``, and the true values, (rows, targets) each.

    By view: ``n_features`` of its readout, and the ``seconds`` that it took. ``rate``: spikes per neuron and second of the
    liquid; None if its counts are not among the features.
    """

    true: Floats
    predicted: Mapping[str, Floats]
    n_features: Mapping[str, int]
    seconds: Mapping[str, float]
    rate: float | None

    def nrmse(self) -> dict[str, float]:
        """Return the error of each view."""
        return {view: nrmse(predicted, self.true) for view, predicted in self.predicted.items()}


def beside_controls(
    model: LiquidForecaster,
    series: Any,
    targets: Any = None,
    *,
    n_train: int,
    n_lags: int = 20,
    esn: Mapping[str, Any] | None = None,
    seed: int = 0,
    views: Sequence[str] = VIEWS,
) -> Forecasts:
    """Return forecasts after sample ``n_train`` by readouts of the same kind on different views of the series.

    Views are ``raw``: the last ``n_lags`` values; ``encoder``: counts and traces of the spikes that enter the liquid;
    ``recurrence_off``: the liquid with recurrent weights of 0; ``esn``: the states of an echo-state network with as many
    units as the liquid has neurons, fed with the series in [-1, 1]; ``liquid``.

    Parameters
    ----------
    model
        Unfitted; its readout, horizon and washout are used for all views, its range is learnt from samples before ``n_train``.
    series, targets
        As in `LiquidForecaster.fit`, the training part followed by the test part.
    n_train, n_lags
        In samples.
    esn
        Parameters of `lsm_sim.learn.echo_state.EchoStateRegressor`.
    seed
        Seed of the echo-state network.
    """
    array = checked_series(series)
    wanted = array if targets is None else checked_targets(targets, len(array))
    ready = clone(model).prepare(array[:n_train])
    true, predicted, n_features, seconds, rate = wanted[:0], {}, {}, {}, None
    for view in views:
        start = time.perf_counter()
        features = _features(view, ready, array, n_lags, {"seed": seed} | dict(esn or {}))
        predicted[view], true = held_out(
            features, wanted, n_train=n_train, horizon=model.horizon, washout=model.washout, readout=model.readout
        )
        if view == "liquid" and model.counts:
            rate = float(features[:, : ready.liquid_.n_neurons].mean() / ready.encode(array[:1]).durations[0])
        n_features[view], seconds[view] = features.shape[1], time.perf_counter() - start
    return Forecasts(true, predicted, n_features, seconds, rate)


def _features(view: str, ready: LiquidForecaster, series: Floats, n_lags: int, esn: Mapping[str, Any]) -> Floats:
    if view == "raw":
        return lags(series, n_lags)
    if view == "encoder":
        return ready.encoder_features(series)
    if view == "recurrence_off":
        return ready.without_recurrence().features(series)
    if view == "esn":
        reservoir = EchoStateRegressor(ready.liquid_.n_neurons, n_threads=ready.n_threads, **esn)
        return reservoir.states([2 * ready.scaler_(series) - 1])[0]
    if view == "liquid":
        return ready.features(series)
    raise DescriptionError(f"views: got {view!r}, expected some of {', '.join(VIEWS)}")
