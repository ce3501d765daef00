"""Predictions and errors on the part of a series after the training part: one protocol for liquids and controls."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import clone

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.forecast.ridge import TimeRidge
from lsm_sim.learn.forecast.series import aligned, checked_series, checked_targets, nrmse
from lsm_sim.support.checks import Floats


def held_out(
    features: Any, targets: Any, *, n_train: int, horizon: int, washout: int = 100, readout: Any = None
) -> tuple[Floats, Floats]:
    """Return a readout's predictions after sample ``n_train`` of a series, and the true values, (rows, targets) each.

    The readout is trained on the samples before ``n_train``.

    Parameters
    ----------
    features
        Of the whole series, (T, features), row t from samples 0 ... t only: a forecaster's `features`, its
        `encoder_features`, `lags`, or the states of another reservoir.
    targets
        (T,) or (T, targets); row t + horizon is predicted from row t of the features.
    n_train
        Training uses the features and targets before this sample; predictions made at it and later are returned.
    horizon, washout
        In samples.
    readout
        Any scikit-learn regressor; None: `TimeRidge`.
    """
    rows = np.asarray(features)
    wanted = checked_targets(targets, len(rows))
    if not washout < n_train < len(rows):
        raise DescriptionError(
            f"n_train: got {n_train}, expected more than the washout of {washout} and less than the {len(rows)} samples"
        )
    seen, known = aligned(n_train, horizon, washout)
    tested, true = aligned(len(rows), horizon, n_train)
    model = (TimeRidge() if readout is None else clone(readout)).fit(rows[seen], wanted[known])
    return checked_series(model.predict(rows[tested])), wanted[true]


def held_out_nrmse(
    features: Any, targets: Any, *, n_train: int, horizon: int, washout: int = 100, readout: Any = None
) -> float:
    """Return the NRMSE of the predictions of `held_out`."""
    return nrmse(*held_out(features, targets, n_train=n_train, horizon=horizon, washout=washout, readout=readout))
