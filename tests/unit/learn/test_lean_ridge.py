"""Ridge regression in less memory is that of scikit-learn."""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import RidgeClassifierCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from lsm_sim.learn.controls.folds import folds_of
from lsm_sim.learn.controls.lean_ridge import fit_lean, is_lean
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.readout import centred_ridge, logistic, ridge

READOUTS = {"ridge": ridge(), "half-way": ridge(soft=True), "centred": centred_ridge(), "one": ridge(alphas=(3.0,))}


def task(seed, classes, n=60, features=80):
    rng = np.random.default_rng(seed)
    y = np.array(["a", "b", "c", "d"])[np.arange(n) % classes]
    means = rng.normal(size=(classes, features))
    X = means[np.arange(n) % classes] + 3 * rng.normal(size=(n, features)) * rng.gamma(1.0, size=features)
    X[:, 5] = 2.0  # a constant
    return X, y


@pytest.mark.parametrize("classes", [2, 4])
@pytest.mark.parametrize("name", READOUTS)
def test_scores_are_those_of_scikit_learn(name, classes):
    X, y = task(7, classes)
    readout, before, train = clone(READOUTS[name]), X.copy(), np.arange(50)
    assert is_lean(readout, X, train)
    expected = clone(READOUTS[name]).fit(X[:50], y[:50])
    found = fit_lean(readout, X, y, train)
    np.testing.assert_array_equal(X, before)
    scores = found.decision_function(X[50:].copy())  # scaled in place
    # Older versions of scikit-learn add in another order.
    np.testing.assert_allclose(scores, expected.decision_function(X[50:]), rtol=1e-9, atol=1e-11)
    np.testing.assert_array_equal(found.predict(X[50:].copy()), expected.predict(X[50:]))


@pytest.mark.parametrize("classes", [2, 4])
def test_a_comparison_leaves_its_features_and_predicts_as_scikit_learn(classes):
    X, y = task(8, classes)
    before = X.copy()
    folds = folds_of(4, y, "classify", 0)
    found = cross_validate({"X": View([X], [ridge()])}, y, folds, 1, lambda _: None)["X"]
    np.testing.assert_array_equal(X, before)
    for train, test in folds:
        np.testing.assert_array_equal(found[test], ridge().fit(X[train], y[train]).predict(X[test]))


def test_other_readouts_and_features_are_left_to_scikit_learn():
    (X, _), rows = task(9, 2), np.arange(60)
    assert is_lean(ridge(), X, rows)
    assert not is_lean(ridge(), X[:, :40], rows)  # fewer features than samples
    assert not is_lean(ridge(), np.zeros_like(X), rows)  # `fit` warns
    assert not is_lean(logistic(), X, rows)
    for other in ({"cv": 3}, {"scoring": "accuracy"}, {"class_weight": "balanced"}, {"fit_intercept": False}):
        assert not is_lean(make_pipeline(StandardScaler(), RidgeClassifierCV(**other)), X, rows)
