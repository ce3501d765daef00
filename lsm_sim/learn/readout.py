"""Readouts: scikit-learn's linear models on standardised features.

`fit` can choose the regularisation of `ridge` by leaving groups out. Imported on demand, because scikit-learn takes a second to load.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, clone
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV, RidgeCV
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler
from sklearn.svm import LinearSVC

from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats, Ints

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
    return clone(readout)


def fit(readout: Any, X: Floats, y: Any, groups: Any = None) -> Any:
    """Fit a readout; with ``groups``, `ridge` chooses alpha by leaving one group out instead of one sample.

    Recordings of one speaker or patient resemble each other. If a readout is to work for others, leaving out one recording
    chooses too small an alpha, because the rest of the speaker is still in the training set. The error that is minimised is
    the same as without groups: squared, summed over targets of +1/-1 per class.

    Parameters
    ----------
    readout
        A scikit-learn estimator. If it is not `ridge`, or a pipeline that ends in scikit-learn's RidgeCV or RidgeClassifierCV
        with their default ``cv``, groups have no effect.
    X, y
        Features (samples, features), and labels or values.
    groups
        Name or number of each sample's group, shape (samples,), at least two of them. None: samples are independent.
    """
    if groups is not None and np.shape(groups) != (len(X),):
        raise DescriptionError(f"groups: got shape {np.shape(groups)}, expected ({len(X)},), one per sample")
    last = readout.steps[-1][1] if isinstance(readout, Pipeline) else readout
    if groups is not None and isinstance(last, (RidgeCV, RidgeClassifierCV)) and last.cv is None:
        numbers = np.unique(groups, return_inverse=True)[1]
        if numbers.max(initial=0) == 0:
            raise DescriptionError("groups: got one group only, expected at least two to leave one out")
        scaled = clone(readout[:-1]).fit(X, y).transform(X) if isinstance(readout, Pipeline) and len(readout) > 1 else X
        targets = (
            LabelBinarizer(neg_label=-1).fit_transform(y) if isinstance(last, RidgeClassifierCV) else np.asarray(y)
        )
        errors = errors_left_out(np.asarray(scaled), targets.reshape(len(X), -1), np.asarray(last.alphas), numbers)
        last.set_params(alphas=[float(np.asarray(last.alphas)[errors.argmin()])])
    return readout.fit(X, y)


def errors_left_out(X: Floats, y: Floats, alphas: Floats, groups: Ints) -> Floats:
    """Return the mean squared error of ridge regression on each group after training on all others, for each alpha.

    With H the matrix that maps targets to predictions (intercept included), and r the residuals of all samples, those of a
    group g that is left out are  (I - H_gg)^-1 r_g  (as for single samples in Golub, Heath and Wahba 1979), so one decomposition
    serves all alphas and groups.

    Parameters
    ----------
    X, y
        Features (n, p) and targets (n, k).
    alphas
        Strengths of the regularisation, all > 0.
    groups
        Number of each sample's group, (n,).
    """
    n = len(X)
    U, s, _ = np.linalg.svd(X - X.mean(axis=0), full_matrices=False)
    kept = s > s.max(initial=0) * np.finfo(np.float64).eps * max(X.shape)
    U, s = U[:, kept], s[kept]
    centred = y - y.mean(axis=0)
    out = np.empty(len(alphas))
    for j, alpha in enumerate(alphas):
        weight = s**2 / (s**2 + alpha)
        residual = centred - U @ (weight[:, None] * (U.T @ centred))
        total = 0.0
        for group in np.unique(groups):
            own = np.flatnonzero(groups == group)
            remaining = np.eye(own.size) - 1 / n - (U[own] * weight) @ U[own].T
            total += float(np.sum(np.linalg.solve(remaining, residual[own]) ** 2))
        out[j] = total / y.size
    return out
