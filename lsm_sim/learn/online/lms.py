"""Least mean squares, the delta rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.online.base import HasWeights, Inputs, OnlineClassifier, OnlineRegressor
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


class LeastMeanSquares:
    """The rule of `LMSRegressor`."""

    def __init__(self, inputs: Inputs, n_features: int, n_targets: int, rate: float, *, normalised: bool) -> None:
        self.inputs = inputs
        self.n_targets = n_targets
        self.rate = rate
        self.normalised = normalised
        self.weights = np.zeros((n_targets, n_features + inputs.intercept))

    def learn(self, X: Floats, targets: Floats) -> None:
        """Learn samples one after the other."""
        for x, target in zip(self.inputs(X), targets, strict=True):
            self._update(x, target)

    def learn_one(self, x: Floats, target: Floats) -> None:
        """Learn one sample."""
        self._update(self.inputs(x), target)

    def _update(self, x: Floats, target: Floats) -> None:
        error = target - (self.weights * x).sum(axis=1)  # no BLAS, so that sums do not depend on threads
        power = float((x * x).sum()) if self.normalised else 1.0
        if not (np.isfinite(power) and np.isfinite(error).all()):
            raise DescriptionError(
                f"lms: got a feature of size {np.abs(x).max():g}, whose square or prediction overflows; scale the features, or "
                "use a smaller rate or normalised=True"
            )
        if power > 0:
            self.weights += np.multiply.outer(error * (self.rate / power), x)

    def outputs(self, X: Floats) -> Floats:
        """Return the outputs, (..., targets)."""
        return np.asarray(self.inputs(X) @ self.weights.T)


class _LMS(HasWeights):
    """The parameters of the delta rule."""

    rule_: LeastMeanSquares

    def __init__(self, rate: float = 0.1, normalised: bool = True, intercept: bool = True, scaler: Any = None) -> None:
        self.rate = rate
        self.normalised = normalised
        self.intercept = intercept
        self.scaler = scaler

    def _new_rule(self, X: Floats, n_targets: int) -> LeastMeanSquares:
        normalised = checks.flag(self.normalised, "normalised")
        rate = checks.positive(self.rate, "rate")
        if normalised and rate >= 2:
            raise DescriptionError(
                f"rate: got {rate:g}, expected a number in (0, 2), because from 2 on the error grows"
            )
        inputs = Inputs.learn(X, self.scaler, self.intercept)
        return LeastMeanSquares(inputs, X.shape[1], n_targets, rate, normalised=normalised)


class LMSRegressor(_LMS, OnlineRegressor):
    """Linear regression by least mean squares, also called the delta rule, or the Widrow-Hoff rule.

    For each sample with inputs x and target y,

        e = y - w'x                            the error before the update
        w = w + rate e x / (x'x)               normalised
        w = w + rate e x                       not normalised

    from w = 0 (B. Widrow and M. E. Hoff 1960; normalised: S. Haykin, Adaptive Filter Theory). The normalised step removes the
    fraction ``rate`` of the sample's error, whatever the size of x. An update takes time in proportion to the number of features.
    Neurons that fire together make it slow to learn; `RLSRegressor` is not slowed down by that.

    Without normalisation this is scikit-learn's ``SGDRegressor(penalty=None, learning_rate="constant", eta0=rate)``, which has
    one target; this class has several, `learn_one`, and an error instead of weights that overflow. The intercept is the weight
    of a constant input 1.

    Parameters
    ----------
    rate
        Size of a step, > 0; < 2 if normalised. A smaller one averages over more samples.
    normalised
        Whether steps are divided by x'x.
    intercept, scaler
        As in `RLSRegressor`.

    Attributes
    ----------
    coef_, intercept_
        Weights for features that are not scaled, shapes (targets, features) and (targets,).

    Examples
    --------
    >>> model = LMSRegressor(rate=0.5)
    >>> for x in 100 * [0.0, 1.0, 2.0]:
    ...     model = model.partial_fit([[x]], [2 * x + 1])
    >>> round(model.predict_one([4.0]), 3)
    9.0
    """


class LMSClassifier(_LMS, OnlineClassifier):
    """Classification by least mean squares on a target of +1/-1 for each class; see `LMSRegressor`."""
