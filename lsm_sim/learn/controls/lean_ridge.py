"""Ridge regression on classes as scikit-learn computes it, in half the memory, for wide features."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import LabelBinarizer

from lsm_sim.learn.ensemble import winners
from lsm_sim.learn.linear_readout import SCALERS
from lsm_sim.support.checks import Floats, Ints

_DEFAULTS = {"cv": None, "scoring": None, "class_weight": None, "fit_intercept": True, "store_cv_results": False}


@dataclass(frozen=True, eq=False)
class LeanRidge:
    """A fitted scaler and the weights (features, outputs) of a linear classifier, as in a fitted pipeline of scikit-learn."""

    scaler: Any
    weights: Floats
    offset: Floats
    classes_: Any

    def decision_function(self, X: Floats) -> Floats:
        """Return the score of each class, or that of the second of two."""
        return np.asarray(self.scaler.transform(X) @ self.weights + self.offset)

    def predict(self, X: Floats) -> Any:
        """Return the labels."""
        return winners(self.decision_function(X), self.classes_)


def is_lean(readout: Any, X: Floats, train: Ints) -> bool:
    """Return whether `fit_lean` can fit an unfitted readout: one scaler and ridge regression, no fewer features than rows.

    Features that are all 0 are left to `lsm_sim.readout.fit`, which warns.
    """
    if type(readout) is not Pipeline or len(readout) != 2 or X.shape[1] < train.size or not X[train].any():
        return False
    if type(readout[0]) not in SCALERS or type(readout[1]) is not RidgeClassifierCV:
        return False
    parameters = readout[1].get_params()
    return all(parameters[name] == value for name, value in _DEFAULTS.items())


def fit_lean(readout: Any, X: Floats, y: Any, train: Ints) -> LeanRidge:
    """Fit a readout that `is_lean` accepts on some rows of X, (samples, features), and y.

    With the eigenvectors Q and eigenvalues l of the Gram matrix X X' of centred features, and G = X X' + alpha I, the errors
    with one sample left out are  c / d,  c = G^-1 y,  d = diag(G^-1) - 1/n G^-1 1  for all alphas (G. H. Golub, M. Heath and G.
    Wahba, Technometrics 21, 1979); the weights are X' c. scikit-learn keeps several copies of X meanwhile. Here X is scaled
    twice, before and after, and each operation is the same in the same order.
    """
    targets = LabelBinarizer(pos_label=1, neg_label=-1)
    values = targets.fit_transform(y[train]).astype(np.float64)
    shift = np.average(values, axis=0)
    values -= shift
    scaler = readout[0].set_params(copy=False).fit(X[train])
    squared, Q = np.linalg.eigh(_gram(scaler, X[train]))
    c = _best(squared, Q, values, readout[1].alphas)
    del Q
    scaled, means = _centred(scaler, X[train])
    weights = scaled.T @ c
    weights = weights.ravel() if weights.shape[1] == 1 else weights
    return LeanRidge(scaler, weights, shift - means @ weights, targets.classes_)


def _centred(scaler: Any, X: Floats) -> tuple[Floats, Floats]:
    """Return scaled and centred features, and what was subtracted; X is overwritten."""
    X = scaler.transform(X)
    means = np.average(X, axis=0)
    X -= means
    return X, means


def _gram(scaler: Any, X: Floats) -> Floats:
    scaled, _ = _centred(scaler, X)
    return np.asarray(scaled @ scaled.T)


def _best(squared: Floats, Q: Floats, y: Floats, alphas: Any) -> Floats:
    """Return G^-1 y, (samples, outputs), for the alpha with the smallest error."""
    projected, ones = Q.T @ y, Q.T @ np.ones(len(y))
    best, least = y, np.inf
    for k, alpha in enumerate(alphas):
        shrunk = 1.0 / (squared + float(alpha))
        c = Q @ (shrunk[:, None] * projected)
        d = np.sum(shrunk * Q**2, axis=1) - Q @ (shrunk * ones) / len(y)
        error = float(np.mean((c / d[:, None]) ** 2))
        if k == 0 or error < least:
            best, least = c, error
    return best
