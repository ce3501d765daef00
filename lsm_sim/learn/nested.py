"""A readout that is chosen among several by cross-validation of the training samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.common_scale import common_logistic
from lsm_sim.learn.readout import centred_ridge, fit, ridge
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_STRENGTHS = (1.0, 10.0, 100.0)  # C of logistic regression on features with a common scale


def candidates() -> dict[str, Any]:
    """Return readouts to choose from: ridge regression on three scales of features, logistic regression on one common scale.

    Ridge regression with an intercept, as here, gives the same for raw and for centred features.
    """
    found: dict[str, Any] = {
        "ridge, centred": centred_ridge(),
        "ridge, scaled half-way": ridge(soft=True),
        "ridge, standardised": ridge(),
    }
    for C in _STRENGTHS:
        found[f"logistic, common scale, C = {C:g}"] = common_logistic(C)
    return found


def _chosen_has(method: str) -> Callable[[Any], bool]:
    """Return a function that tells whether the chosen readout, or before `fit` every candidate, has this method."""

    def check(choice: Any) -> bool:
        if hasattr(choice, "readout_"):
            return hasattr(choice.readout_, method)
        known = candidates() if choice.readouts is None else choice.readouts
        return isinstance(known, Mapping) and all(hasattr(one, method) for one in known.values())

    return check


class NestedChoice(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """The classifier with the highest accuracy in cross-validation of the training samples, trained on all of them.

    Of equal ones the first is chosen. In a comparison whose test samples are in no training set this is nested
    cross-validation (S. Varma and R. Simon, BMC Bioinformatics 7, 2006).

    The file of a model with this readout contains the chosen readout alone, without the choice: the loaded model predicts the same,
    and its readout is that one. What needs a linear readout, such as `lsm_sim.deploy`, looks at the chosen one.

    Parameters
    ----------
    readouts
        Unfitted classifiers by name. None: `candidates`.
    folds
        Number of stratified folds, shuffled with a fixed seed; fewer if a class has fewer samples. With ``groups`` in `fit`, one
        group is left out at a time instead.

    Attributes
    ----------
    accuracy_
        Of each readout, by name.
    chosen_
        Name of the best one.
    readout_
        The best one, trained on all samples.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> y = np.arange(40) % 2
    >>> X = y[:, None] + np.random.default_rng(0).normal(size=(40, 3))
    >>> NestedChoice({"chance": DummyClassifier(), "ridge": ridge()}).fit(X, y).chosen_
    'ridge'
    """

    def __init__(self, readouts: Mapping[str, Any] | None = None, folds: int = 5) -> None:
        self.readouts = readouts
        self.folds = folds

    def fit(self, X: Any, y: Any, groups: Any = None) -> NestedChoice:
        """Choose a readout and train it; with ``groups``, shape (samples,), by leaving one group out at a time."""
        readouts = candidates() if self.readouts is None else self.readouts
        checks.instance(readouts, Mapping, "readouts", "a dict of classifiers by name")
        if not readouts:
            raise DescriptionError("readouts: got none, expected at least one classifier")
        labels, features = np.asarray(y), np.asarray(X)
        pairs = self._folds(labels, None if groups is None else np.asarray(groups))
        self.accuracy_ = {
            name: float(np.mean([_accuracy(one, features, labels, groups, *pair) for pair in pairs]))
            for name, one in readouts.items()
        }
        self.chosen_ = max(self.accuracy_, key=lambda name: self.accuracy_[name])
        self.readout_ = fit(clone(readouts[self.chosen_]), features, labels, groups)
        self.classes_, self.n_features_in_ = self.readout_.classes_, features.shape[1]
        return self

    def _folds(self, y: Any, groups: Any) -> list[Any]:
        if groups is not None:
            names = np.unique(groups)
            if names.size < 2:
                raise DescriptionError("groups: got one group only, expected at least two to leave one out")
            return [(np.flatnonzero(groups != name), np.flatnonzero(groups == name)) for name in names]
        n, least = checks.whole(self.folds, "folds", minimum=2), int(np.unique(y, return_counts=True)[1].min())
        if least < 2:
            raise DescriptionError(
                "y: got a class with one sample, expected at least two of each class to choose a readout"
            )
        return list(StratifiedKFold(min(n, least), shuffle=True, random_state=0).split(y, y))

    @available_if(_chosen_has("decision_function"))
    def decision_function(self, X: Any) -> Floats:
        """Return the scores of the chosen readout, if it has some."""
        check_is_fitted(self, "readout_")
        return np.asarray(self.readout_.decision_function(X))

    @available_if(_chosen_has("predict_proba"))
    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, if the chosen readout has them."""
        check_is_fitted(self, "readout_")
        return np.asarray(self.readout_.predict_proba(X))

    def predict(self, X: Any) -> Any:
        """Return the labels of the chosen readout."""
        check_is_fitted(self, "readout_")
        return self.readout_.predict(X)


def chosen(readout: Any) -> Any:
    """Return the readout that predicts: of a fitted `NestedChoice` the chosen one, else the readout itself."""
    while type(readout) is NestedChoice and hasattr(readout, "readout_"):
        readout = readout.readout_
    return readout


def _accuracy(readout: Any, X: Floats, y: Any, groups: Any, train: Any, test: Any) -> float:
    """Return the accuracy on some samples after training on others; groups choose alpha if two or more remain."""
    own = None if groups is None else np.asarray(groups)[train]
    several = own is not None and np.unique(own).size > 1
    found = fit(clone(readout), X[train], y[train], own if several else None)
    return float(np.mean(found.predict(X[test]) == y[test]))
