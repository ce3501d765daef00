"""Readouts: scikit-learn's linear models on standardised features.

Imported on demand, because scikit-learn takes a second to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, clone, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV, RidgeCV
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lsm_sim.errors import DescriptionError

Task = Literal["classify", "regress"]
ALPHAS = tuple(np.logspace(-1, 5, 9).tolist())


class SoftScaler(StandardScaler):
    """Standardise half-way: divide by the geometric mean of a feature's own standard deviation and the median one.

    Neurons that hardly fire are then not scaled up to the variance of the others.
    """

    scale_: Any

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SoftScaler:
        """Learn the means and the scales."""
        super().fit(X, y, sample_weight)
        varies = self.var_ > 0
        if varies.any():
            self.scale_ = np.sqrt(self.scale_ * np.median(self.scale_[varies]))
        return self


def ridge(task: Task = "classify", alphas: tuple[float, ...] = ALPHAS, *, soft: bool = False) -> BaseEstimator:
    """Return ridge regression (on one target of +1/-1 per class) with the alpha of the smallest leave-one-out error.

    scikit-learn computes all leave-one-out errors from one decomposition (Golub, Heath and Wahba, Technometrics 21, 1979):
    of X if there are more samples than features, else of the Gram matrix X X'. ``soft``: features are scaled by
    `SoftScaler` instead of standardised.
    """
    model = RidgeClassifierCV(alphas=list(alphas)) if task == "classify" else RidgeCV(alphas=list(alphas))
    return make_pipeline(SoftScaler() if soft else StandardScaler(), model)


def logistic(C: float = 1.0, max_iter: int = 1000) -> BaseEstimator:
    """Return multinomial logistic regression."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=max_iter))


def linear_svm(C: float = 1.0) -> BaseEstimator:
    """Return a linear support vector machine, one-vs-rest."""
    return make_pipeline(StandardScaler(), LinearSVC(C=C, random_state=0))


def resolve(readout: Any, task: Task) -> Any:
    """Return an unfitted readout: a copy of the given estimator, or the readout with the given name."""
    if isinstance(readout, str):
        named = {"ridge": lambda: ridge(task)}
        if task == "classify":
            named |= {"logistic": logistic, "svm": linear_svm}
        if readout not in named:
            raise DescriptionError(
                f"readout: got {readout!r}, expected one of {', '.join(named)}, or a scikit-learn estimator"
            )
        return named[readout]()
    _check_readout(readout, task)
    return clone(readout)


def _check_readout(readout: Any, task: Task) -> None:
    """Raise unless the readout is an estimator for this task."""
    if isinstance(readout, type):
        raise DescriptionError(
            f"readout: got the class {readout.__name__}, expected an object; write {readout.__name__}(...) with brackets"
        )
    wanted, other = ("a classifier", is_regressor) if task == "classify" else ("a regressor", is_classifier)
    methods = ("fit", "predict", "get_params")
    if not all(callable(getattr(readout, method, None)) for method in methods) or _declares(other, readout):
        raise DescriptionError(f"readout: got {type(readout).__name__}, expected {wanted} of scikit-learn, or 'ridge'")


def _declares(kind: Callable[[Any], bool], readout: Any) -> bool:
    """Return whether the tags of an estimator declare this kind; those of other packages may have no tags."""
    try:
        return kind(readout)
    except (AttributeError, TypeError, ValueError):
        return False
