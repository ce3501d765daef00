"""A fitted linear readout as one weight for each output and feature: scalers are folded into the weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lsm_sim.learn.common_scale import CommonScaler
from lsm_sim.learn.nested import chosen
from lsm_sim.learn.readout import Probabilities, SoftScaler
from lsm_sim.support.checks import Floats

SCALERS = (StandardScaler, SoftScaler, CommonScaler)
MODELS = (LinearSVC, LogisticRegression, Ridge, RidgeCV, RidgeClassifier, RidgeClassifierCV)


def steps_of(readout: Any) -> tuple[Sequence[Any], Any]:
    """Return the scalers and the model of a readout, of a choice those of the chosen one.

    Probabilities are left out, because they change no score.
    """
    readout = chosen(readout)
    if type(readout) is Probabilities:
        readout = readout.classifier_ if hasattr(readout, "classifier_") else readout.classifier
    steps = [step for _, step in readout.steps] if type(readout) is Pipeline else [readout]
    return steps[:-1], steps[-1]


def folded(scalers: Sequence[Any], model: Any) -> tuple[Floats, Floats]:
    """Return weights (outputs, features) and offset (outputs,) of a fitted linear model behind fitted scalers.

    score = w . (x - m) / s + b   =   (w / s) . x  +  b - (w / s) . m
    """
    weights = np.atleast_2d(np.asarray(model.coef_, np.float64))
    offset = np.broadcast_to(np.asarray(model.intercept_, np.float64), len(weights)).copy()
    for scaler in reversed(scalers):
        if scaler.scale_ is not None:
            weights = weights / scaler.scale_
        if scaler.mean_ is not None:
            offset = offset - weights @ scaler.mean_
    return weights, offset
