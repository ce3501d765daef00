"""The scores of a fitted linear readout for one sample, without the checks that scikit-learn makes in every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lsm_sim.learn.readout import SoftScaler
from lsm_sim.support.checks import Floats

_SCALERS = (StandardScaler, SoftScaler)
_MODELS = (LinearSVC, LogisticRegression, Ridge, RidgeCV, RidgeClassifier, RidgeClassifierCV)

Scores = Callable[[Floats], Floats]


def linear_scores(readout: Any) -> Scores | None:
    """Return a function from the features of one sample (features,) to scores or values (classes,) or (); None if it is not linear.

    It knows the readouts of `lsm_sim.readout` that are scalers followed by a linear model. Its results are those of
    ``decision_function`` and ``predict`` up to rounding, because sums are added in another order: on one thread, which for so
    few numbers is faster than to wake others.
    """
    steps = [step for _, step in readout.steps] if type(readout) is Pipeline else [readout]
    *scalers, model = steps
    if type(model) not in _MODELS or not all(type(scaler) in _SCALERS for scaler in scalers):
        return None
    weights = np.atleast_2d(np.asarray(model.coef_, np.float64))
    offset = np.broadcast_to(np.asarray(model.intercept_, np.float64), len(weights)).copy()
    for scaler in reversed(scalers):  # w . (x - m) / s + b  =  (w / s) . x + b - (w / s) . m
        if scaler.scale_ is not None:
            weights = weights / scaler.scale_
        if scaler.mean_ is not None:
            offset = offset - weights @ scaler.mean_
    single = np.ndim(model.intercept_) == 0 or len(weights) == 1

    def scores(features: Floats) -> Floats:
        out = np.einsum("kf,f->k", weights, features) + offset
        return np.asarray(out[0] if single else out)

    return scores
