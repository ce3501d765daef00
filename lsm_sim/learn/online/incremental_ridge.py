"""Ridge regression from accumulated moments: equal to ridge regression on all samples, without keeping them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from scipy.linalg.blas import dsyr
from sklearn.base import BaseEstimator

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.online.base import OnlineClassifier, OnlineRegressor
from lsm_sim.learn.online.threads import one_thread
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats

_BLOCK = 4096  # samples centred at a time
_EPS = float(np.finfo(np.float64).eps)


@dataclass(frozen=True, eq=False)
class Solution:
    """The weights for centred features, (targets, features), and the penalty that they belong to."""

    weights: Floats
    alpha: float


class Moments:
    """The rule of `IncrementalRidge`: means, and sums of products about them.

    Of ``gram``, the features' products, only the upper triangle counts.
    """

    def __init__(self, n_features: int, n_targets: int, alphas: Floats, *, standardise: bool) -> None:
        self.n_targets = n_targets
        self.alphas = alphas
        self.standardise = standardise
        self.n = 0
        self.mean, self.target_mean = np.zeros(n_features), np.zeros(n_targets)
        self.gram = np.zeros((n_features, n_features), order="F")
        self.cross = np.zeros((n_features, n_targets))
        self.target_squares = np.zeros(n_targets)
        self.solved: list[Solution] = []  # empty, or the solution for these moments

    def learn(self, X: Floats, targets: Floats) -> None:
        """Add the moments of samples."""
        if len(X) == 1:
            self.learn_one(X[0], targets[0])
            return
        for first in range(0, len(X), _BLOCK):
            self._add(X[first : first + _BLOCK], targets[first : first + _BLOCK])

    def _add(self, X: Floats, targets: Floats) -> None:
        mean, target_mean = X.mean(axis=0), targets.mean(axis=0)
        centred, centred_targets = X - mean, targets - target_mean
        gram = centred.T @ centred
        if not np.isfinite(gram).all():
            raise DescriptionError(f"X: got values of size {np.abs(X).max():g}, whose square overflows; scale them")
        self._shift(len(X), mean, target_mean)
        self.gram += gram
        self.cross += centred.T @ centred_targets
        self.target_squares += (centred_targets**2).sum(axis=0)

    def learn_one(self, x: Floats, target: Floats) -> None:
        """Add the moments of one sample."""
        if not np.isfinite(np.square(x).sum()):
            raise DescriptionError(
                f"features: got values of size {np.abs(x).max():g}, whose square overflows; scale them"
            )
        with one_thread():
            self._shift(1, x, target)

    def _shift(self, n: int, mean: Floats, target_mean: Floats) -> None:
        """Merge with the means of ``n`` samples; their moments about these means are added elsewhere."""
        self.solved.clear()
        total = self.n + n
        change, target_change = mean - self.mean, target_mean - self.target_mean
        weight = self.n * n / total
        self.gram = dsyr(weight, change, a=self.gram, overwrite_a=True)
        self.cross += np.multiply.outer(weight * change, target_change)
        self.target_squares += weight * target_change**2
        self.mean = self.mean + change * (n / total)
        self.target_mean = self.target_mean + target_change * (n / total)
        self.n = total

    def solution(self) -> Solution:
        """Return the weights, which are computed when they are first needed after samples were added."""
        solved = self.solved[:1] or [self._solve()]
        self.solved[:] = solved
        return solved[0]

    def _solve(self) -> Solution:
        scale = self._scale()
        gram, cross = self.gram / np.multiply.outer(scale, scale), self.cross / scale[:, None]
        if len(self.alphas) == 1:
            alpha = float(self.alphas[0])
            gram.flat[:: len(gram) + 1] += alpha
            weights = scipy.linalg.cho_solve(scipy.linalg.cho_factor(gram, lower=False, overwrite_a=True), cross)
        else:
            values, vectors = scipy.linalg.eigh(gram, lower=False, overwrite_a=True)
            values, rotated = values.clip(min=0), vectors.T @ cross
            alpha = self._best(values, rotated)
            weights = vectors @ (rotated / (values + alpha)[:, None])
        return Solution((weights / scale[:, None]).T, alpha)

    def _scale(self) -> Floats:
        """Return the standard deviations as scikit-learn's StandardScaler: 1 for a feature that is constant but for rounding."""
        if not self.standardise:
            return np.ones(len(self.mean))
        variance = np.diagonal(self.gram) / self.n
        constant = variance <= self.n * _EPS * variance + (self.n * self.mean * _EPS) ** 2
        return np.where(constant, 1.0, np.sqrt(variance))

    def _best(self, values: Floats, rotated: Floats) -> float:
        """Return the alpha with the smallest error of generalised cross-validation, summed over targets."""
        squares = (rotated**2).sum(axis=1)
        total = float(self.target_squares.sum())
        errors = []
        for alpha in self.alphas:
            explained = float((squares * (values + 2 * alpha) / (values + alpha) ** 2).sum())
            freedom = self.n - 1 - float((values / (values + alpha)).sum())
            errors.append(max(total - explained, _EPS * total) / max(freedom, _EPS * self.n) ** 2)
        return float(self.alphas[int(np.argmin(errors))])

    def outputs(self, X: Floats) -> Floats:
        """Return the outputs, (..., targets)."""
        return np.asarray((X - self.mean) @ self.solution().weights.T + self.target_mean)


class _IncrementalRidge(BaseEstimator):
    """The parameters of incremental ridge regression."""

    rule_: Moments

    def __init__(self, alphas: Any = 1.0, standardise: bool = True) -> None:
        self.alphas = alphas
        self.standardise = standardise

    def _new_rule(self, X: Floats, n_targets: int) -> Moments:
        alphas = checks.real_array(self.alphas, "alphas")
        if alphas.ndim > 1 or not alphas.size or (alphas <= 0).any():
            raise DescriptionError(f"alphas: got {brief(self.alphas)}, expected a number > 0 or a list of them")
        standardise = checks.flag(self.standardise, "standardise")
        return Moments(X.shape[1], n_targets, np.atleast_1d(alphas), standardise=standardise)

    @property
    def alpha_(self) -> float:
        """The penalty of the current weights."""
        return self.rule_.solution().alpha

    @property
    def coef_(self) -> Floats:
        """Weights of the features before standardisation, shape (targets, features)."""
        return self.rule_.solution().weights.copy()

    @property
    def intercept_(self) -> Floats:
        """Intercepts for the features before standardisation, shape (targets,)."""
        return self.rule_.target_mean - self.rule_.solution().weights @ self.rule_.mean


class IncrementalRidge(_IncrementalRidge, OnlineRegressor):
    """Ridge regression from accumulated moments, on standardised features.

    For n samples the means, X'X and X'y of centred samples, and y'y are kept. Those of two sets a and b are merged by

        d = mean_b - mean_a
        X'X = X'X_a + X'X_b + d d' n_a n_b / (n_a + n_b)

    which keeps its precision where means are large (T. F. Chan, G. H. Golub, R. J. LeVeque, The American Statistician 37, 1983).
    The weights are computed when they are first needed after samples were added, with all samples' means and standard
    deviations. They equal, but for rounding, those of scikit-learn's ``make_pipeline(StandardScaler(), Ridge(alpha))`` on all
    samples, however these were divided among calls; the intercept is not penalised. All samples count alike: nothing is forgotten.

    A sample takes time in proportion to the square of the number of features, and weights to its cube.

    Parameters
    ----------
    alphas
        Penalty, > 0, or a list of penalties. Of a list the one is used that has the smallest error of generalised
        cross-validation, n RSS / (n - degrees of freedom)^2 (Golub, Heath and Wahba, Technometrics 21, 1979), which, unlike errors
        of left-out samples, can be computed from moments.
    standardise
        Whether features are divided by their standard deviation, as scikit-learn's StandardScaler does.

    Attributes
    ----------
    alpha_
        The penalty used.
    coef_, intercept_
        Weights for features that are not standardised, shapes (targets, features) and (targets,).

    Examples
    --------
    >>> model = IncrementalRidge(alphas=1e-6)
    >>> for x in [0.0, 1.0, 2.0]:
    ...     model = model.partial_fit([[x]], [2 * x + 1])
    >>> model.predict([[4.0]]).round(3).tolist()
    [9.0]
    """


class IncrementalRidgeClassifier(_IncrementalRidge, OnlineClassifier):
    """Classification by incremental ridge regression on a target of +1/-1 for each class; see `IncrementalRidge`.

    For two classes there is one target, +1 for the second class. Parameters and attributes are those of `IncrementalRidge`.
    """
