"""Ridge regression for series: the penalty is chosen on the last rows, not on shuffled ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

ALPHAS = tuple(float(f"1e{exponent}") for exponent in range(-7, 5))
_FEWEST_ROWS = 10
# Relative to the largest standard deviation. A neuron that was almost silent in training has tiny traces, and could otherwise
# change the prediction by thousands of standard deviations when it fires later.
_LEAST_SPREAD = 1e-3
_BLOCK = 1024  # rows standardised at a time, to avoid a copy of all features


class TimeRidge(RegressorMixin, BaseEstimator):
    """Linear regression on standardised features with a penalty alpha |w|^2, alpha chosen in time order.

    Each alpha is validated on the last rows after training on the rows before; for each target, the alpha with the smallest
    squared error is then used for training on all rows. Neighbouring rows of a series are nearly equal, so validation on
    shuffled or left-out rows would choose too small a penalty.

    Parameters
    ----------
    alphas
        Penalties to try, each > 0.
    validation
        Fraction of the rows, at the end, on which alpha is chosen.

    Attributes
    ----------
    alpha_, validation_nrmse_
        The chosen penalty of each target, and its error on the validation rows before training on them.
    coef_, intercept_
        For standardised features, shapes (features, targets) and (targets,).
    """

    def __init__(self, alphas: tuple[float, ...] = ALPHAS, validation: float = 0.2) -> None:
        self.alphas = alphas
        self.validation = validation

    def fit(self, X: Any, y: Any) -> TimeRidge:
        """Train on rows in time order: features (rows, features), targets (rows,) or (rows, targets)."""
        features, targets = _rows(X, "features"), _rows(y, "targets")
        if len(features) != len(targets):
            raise DescriptionError(f"targets: got {len(targets)} rows, expected {len(features)} as the features")
        cut, alphas = self._cut(len(features)), self._checked_alphas()
        self.n_features_in_, self._one_target = features.shape[1], np.ndim(y) == 1
        self.mean_, self.scale_ = features.mean(axis=0), _spread(features, _LEAST_SPREAD)
        target_mean, target_scale = targets.mean(axis=0), _spread(targets)
        scaled = (targets - target_mean) / target_scale
        early = self._moments(features[:cut], scaled[:cut])
        errors = self._errors(features[cut:], scaled[cut:], *_paths(_centred(early), alphas))
        best = errors.argmin(axis=0)
        self.alpha_ = alphas[best]
        self.validation_nrmse_ = np.sqrt(errors.min(axis=0)) / _spread(scaled[cut:])
        whole = _centred(early + self._moments(features[cut:], scaled[cut:]))
        weights = _ridge(whole, self.alpha_)
        self.coef_ = weights * target_scale
        self.intercept_ = (whole.target_mean - whole.mean @ weights) * target_scale + target_mean
        return self

    def predict(self, X: Any) -> Floats:
        """Return the predictions, shape (rows,) or (rows, targets) as the targets in `fit`.

        That of a row does not depend on the other rows, to the bit.
        """
        check_is_fitted(self, "coef_")
        features = _rows(X, "features")
        if features.shape[1] != self.n_features_in_:
            raise DescriptionError(f"features: got {features.shape[1]}, expected {self.n_features_in_} as in fit")
        # One product for each row: that of all rows would round each in a way that depends on the others.
        parts = [(self._standardised(b)[:, None] @ self.coef_)[:, 0] for b in _blocks(features)]
        out = np.concatenate(parts) + self.intercept_
        return out[:, 0] if self._one_target else out

    def _cut(self, n_rows: int) -> int:
        share = checks.probability(self.validation, "validation")
        cut = n_rows - round(share * n_rows)
        if n_rows < _FEWEST_ROWS or not 2 <= cut <= n_rows - 2:
            raise DescriptionError(
                f"readout: got {n_rows} rows of which {n_rows - cut} are for validation, expected at least {_FEWEST_ROWS}, "
                "some of each kind; use a longer series or another validation share"
            )
        return cut

    def _checked_alphas(self) -> Floats:
        alphas = checks.real_array(self.alphas, "alphas")
        if alphas.ndim != 1 or alphas.size == 0 or (alphas <= 0).any():
            raise DescriptionError(f"alphas: got {self.alphas!r}, expected a list of numbers > 0")
        return alphas

    def _standardised(self, block: Floats) -> Floats:
        return np.asarray((block - self.mean_) / self.scale_)

    def _moments(self, features: Floats, targets: Floats) -> _Moments:
        parts = zip(_blocks(features), _blocks(targets), strict=True)
        first, *others = (_Moments.of(self._standardised(x), y) for x, y in parts)
        return sum(others, start=first)

    def _errors(self, features: Floats, targets: Floats, weights: Floats, offsets: Floats) -> Floats:
        """Return the mean squared error of each alpha on each target, shape (alphas, targets)."""
        total = np.zeros(offsets.shape)
        for x, y in zip(_blocks(features), _blocks(targets), strict=True):
            total += ((self._standardised(x) @ weights + offsets[:, None] - y) ** 2).sum(axis=1)
        return total / len(features)


@dataclass(frozen=True, eq=False)
class _Moments:
    """Sums over rows that are sufficient for ridge regression; those of more rows are added."""

    n: int
    feature_sum: Floats
    target_sum: Floats
    gram: Floats
    cross: Floats

    @staticmethod
    def of(x: Floats, y: Floats) -> _Moments:
        return _Moments(len(x), x.sum(axis=0), y.sum(axis=0), x.T @ x, x.T @ y)

    def __add__(self, other: _Moments) -> _Moments:
        return _Moments(*(getattr(self, name) + getattr(other, name) for name in self.__dataclass_fields__))


@dataclass(frozen=True, eq=False)
class _Centred:
    """Means, and moments about them: ``gram`` is X'X and ``cross`` X'y of centred rows."""

    mean: Floats
    target_mean: Floats
    gram: Floats
    cross: Floats


def _centred(moments: _Moments) -> _Centred:
    mean, target_mean = moments.feature_sum / moments.n, moments.target_sum / moments.n
    gram = moments.gram - moments.n * np.outer(mean, mean)
    return _Centred(mean, target_mean, gram, moments.cross - moments.n * np.outer(mean, target_mean))


def _paths(rows: _Centred, alphas: Floats) -> tuple[Floats, Floats]:
    """Return weights (alphas, features, targets) and offsets (alphas, targets), from one eigendecomposition.

    With X'X = V diag(l) V' and q = V'X'y the weights are V (q / (l + alpha)).
    """
    values, vectors = np.linalg.eigh(rows.gram)
    rotated = vectors.T @ rows.cross
    weights = vectors @ (rotated / (values.clip(min=0)[:, None] + alphas[:, None, None]))
    return weights, rows.target_mean - rows.mean @ weights


def _ridge(rows: _Centred, alpha: Floats) -> Floats:
    """Return the weights (features, targets) with one alpha for each target."""
    diagonal = np.eye(len(rows.gram))
    least = np.finfo(float).eps * np.trace(rows.gram)  # the rounding error of X'X
    out = np.empty(rows.cross.shape)
    for value in np.unique(alpha):
        own = alpha == value
        out[:, own] = np.linalg.solve(rows.gram + (value + least) * diagonal, rows.cross[:, own])
    return out


def _rows(value: Any, where: str) -> Floats:
    """Return ``value`` as finite floats (rows, columns), without a copy if it is that already."""
    array = np.asarray(value)
    array = array if array.dtype == np.float64 else checks.real_array(value, where)
    array = array[:, None] if array.ndim == 1 else array
    if array.ndim != 2 or 0 in array.shape:
        raise DescriptionError(f"{where}: got shape {array.shape}, expected (rows, columns)")
    if not np.isfinite(array).all():
        raise DescriptionError(f"{where}: got NaN or infinite values, expected finite numbers; remove or replace them")
    return array


def _spread(array: Floats, least: float = 0.0) -> Floats:
    """Return the standard deviation of each column, at least ``least`` times the largest, and 1 instead of 0."""
    mean = array.mean(axis=0)
    variance = sum(((block - mean) ** 2).sum(axis=0) for block in _blocks(array)) / len(array)
    deviation = np.sqrt(variance)
    floored = np.maximum(deviation, least * deviation.max())
    return np.where(floored > 0, floored, 1.0)


def _blocks(array: Floats) -> list[Floats]:
    return [array[first : first + _BLOCK] for first in range(0, len(array), _BLOCK)]
