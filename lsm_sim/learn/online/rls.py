"""Recursive least squares, with forgetting; also the update of FORCE learning."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.linalg.blas import dsymv, dsyr

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.online.base import HasWeights, Inputs, OnlineClassifier, OnlineRegressor
from lsm_sim.learn.online.threads import one_thread
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_LIMIT = 100.0  # of the diagonal of P, in units of 1/alpha
_LARGEST_FACTOR = 2.0**64  # of P, in units of 1/alpha, before it is multiplied into the matrix


class RecursiveLeastSquares:
    """The rule of `RLSRegressor`; P is ``factor`` times a symmetric matrix of which only the upper triangle is kept.

    The factor makes division of P by the forgetting cheap.
    """

    def __init__(self, inputs: Inputs, n_features: int, n_targets: int, forgetting: float, alpha: float) -> None:
        self.inputs = inputs
        self.n_targets = n_targets
        self.forgetting = forgetting
        self.alpha = alpha
        n = n_features + inputs.intercept
        self.weights = np.zeros((n_targets, n))
        self.matrix = np.eye(n, order="F")
        self.factor = 1 / alpha
        self.seen = np.zeros(n, dtype=bool)  # inputs that were ever different from 0

    @property
    def P(self) -> Floats:  # noqa: N802 - its name in the literature
        """The matrix P, (inputs, inputs)."""
        upper = np.triu(self.matrix)
        return np.asarray(self.factor * (upper + np.triu(upper, 1).T))

    def learn(self, X: Floats, targets: Floats) -> None:
        """Learn samples one after the other."""
        with one_thread():
            for x, target in zip(self.inputs(X), targets, strict=True):
                self._update(x, target)

    def learn_one(self, x: Floats, target: Floats) -> None:
        """Learn one sample."""
        with one_thread():
            self._update(self.inputs(x), target)

    def _update(self, x: Floats, target: Floats) -> None:
        error = target - self.weights @ x
        direction = dsymv(1.0, self.matrix, x)
        variance = self.factor * float(x @ direction)  # x'Px
        if not (np.isfinite(variance) and np.isfinite(error).all()):
            raise DescriptionError(
                f"rls: got a feature of size {np.abs(x).max():g}, whose square or prediction overflows; scale the features"
            )
        size = self.factor / (self.forgetting + max(variance, 0.0))  # less than 0 only by rounding
        self.weights += np.multiply.outer(error, size * direction)
        self.matrix = dsyr(-size, direction, a=self.matrix, overwrite_a=True)
        if self.forgetting < 1:
            np.logical_or(self.seen, x, out=self.seen)
            self._forget()

    def _forget(self) -> None:
        """Divide P by the forgetting, unless its diagonal would exceed the limit."""
        factor, limit = self.factor / self.forgetting, _LIMIT / self.alpha
        diagonal = self.matrix.T.reshape(-1)[:: len(self.matrix) + 1]  # a view
        if factor * diagonal.max() > limit:
            unseen = ~self.seen  # their rows of P are 0 but for the diagonal
            diagonal[unseen] = np.minimum(diagonal[unseen], 1 / (self.alpha * factor))
            largest = int(diagonal.argmax())
            if factor * diagonal[largest] > limit:
                self._restore(largest, 1 / (self.alpha * factor))
            if factor * diagonal.max() > limit:
                return
        self.factor = factor
        if factor * self.alpha > _LARGEST_FACTOR:
            self.matrix *= factor * self.alpha
            self.factor = 1 / self.alpha

    def _restore(self, j: int, goal: float) -> None:
        """Reduce a diagonal element of the matrix to ``goal``, as an observation of weight j that equals its value does."""
        column = np.concatenate([self.matrix[:j, j], self.matrix[j, j:]])
        self.matrix = dsyr(-(column[j] - goal) / column[j] ** 2, column, a=self.matrix, overwrite_a=True)

    def outputs(self, X: Floats) -> Floats:
        """Return the outputs, (..., targets)."""
        with one_thread():
            return np.asarray(self.inputs(X) @ self.weights.T)


class _RLS(HasWeights):
    """The parameters of recursive least squares."""

    rule_: RecursiveLeastSquares

    def __init__(self, forgetting: float = 1.0, alpha: float = 1.0, intercept: bool = True, scaler: Any = None) -> None:
        self.forgetting = forgetting
        self.alpha = alpha
        self.intercept = intercept
        self.scaler = scaler

    def _new_rule(self, X: Floats, n_targets: int) -> RecursiveLeastSquares:
        forgetting = checks.real(self.forgetting, "forgetting")
        if not 0 < forgetting <= 1:
            raise DescriptionError(f"forgetting: got {forgetting:g}, expected a number in (0, 1]; 1 forgets nothing")
        inputs = Inputs.learn(X, self.scaler, self.intercept)
        return RecursiveLeastSquares(inputs, X.shape[1], n_targets, forgetting, _checked_alpha(self.alpha))


def _checked_alpha(alpha: Any) -> float:
    strength = checks.positive(alpha, "alpha")
    if not 1e-100 <= strength <= 1e100:
        raise DescriptionError(f"alpha: got {strength:g}, expected a number from 1e-100 to 1e100")
    return strength


class RLSRegressor(_RLS, OnlineRegressor):
    r"""Linear regression by recursive least squares with exponential forgetting.

    For each sample with inputs x, target y and forgetting l,

        e = y - w'x                    the error before the update
        k = P x / (l + x'P x)
        w = w + k e
        P = (P - k x'P) / l

    from w = 0 and P = I / alpha (S. Haykin, Adaptive Filter Theory, chapter on the RLS algorithm). After n samples the weights
    minimise

        sum over i of l^(n - i) (y_i - w'x_i)^2  +  l^n alpha |w|^2

    so without forgetting they are those of ridge regression with penalty alpha. **The intercept** is the weight of a constant
    input 1 and penalised like the others: the same as scikit-learn's ``Ridge(alpha, fit_intercept=False)`` with a column of ones.

    An update takes time and memory in proportion to the square of the number of features.

    **Wind-up.** With forgetting, P grows without limit in directions that the samples do not have, and the first sample that has
    them then changes the weights by any amount. So no diagonal element of P may exceed 100 / alpha, and no eigenvalue
    100 n / alpha for n inputs: where forgetting would go beyond that, the element is first reduced to 1 / alpha, as by an
    observation that weight j is what it is (one in an update; elements of inputs that were always 0 all at once). If another one
    is still too large, this update forgets nothing. Where samples vary in all directions the limit has no effect, provided that
    they are more than about a hundredth of alpha together. Choose a forgetting whose memory, 1 / (1 - l) samples, is several
    times the number of features.

    **FORCE** (D. Sussillo and L. F. Abbott, Neuron 63, 2009) is this update with forgetting 1, no intercept and no scaler, where
    the output is fed back into the network; see `lsm_sim.readout.force`.

    Parameters
    ----------
    forgetting
        l, in (0, 1]; 1: all samples count alike. A sample's weight falls to 1/e after 1 / (1 - l) samples.
    alpha
        Penalty, > 0; P begins as I / alpha.
    intercept
        Whether there is a constant input.
    scaler
        A `StandardScaler` or `lsm_sim.readout.SoftScaler`. It learns from the samples of the first call and does not change
        after that, because weights for another scale would be wrong. None: features are used as they are.

    Attributes
    ----------
    coef_, intercept_
        Weights for features that are not scaled, shapes (targets, features) and (targets,).

    Examples
    --------
    >>> model = RLSRegressor().fit([[0.0], [1.0], [2.0]], [1.0, 3.0, 5.0])
    >>> for x in 100 * [0.0, 1.0, 2.0]:
    ...     model.learn_one([x], 2 * x + 1)
    >>> round(model.predict_one([4.0]), 1)
    9.0
    """


class RLSClassifier(_RLS, OnlineClassifier):
    """Classification by recursive least squares on a target of +1/-1 for each class; see `RLSRegressor`.

    For two classes there is one target, +1 for the second class. Parameters and attributes are those of `RLSRegressor`.

    Examples
    --------
    >>> model = RLSClassifier().partial_fit([[0.0], [1.0]], ["low", "high"], classes=["low", "high"])
    >>> model.learn_one([0.9], "high")
    >>> str(model.predict_one([1.1]))
    'high'
    """
