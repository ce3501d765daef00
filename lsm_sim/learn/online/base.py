"""What all online readouts have in common: fit, partial_fit, learn_one and predict around a rule of learning.

A rule is a record of weights that learns from one sample after the other; `RLSRegressor` and the others define their rules.
`fit` forgets everything and learns each sample once, in the order given. `partial_fit` goes on. The bits of the result do not
depend on how samples are divided among calls, nor on the number of threads, unless a readout says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.online import checked
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats


class Rule(Protocol):
    """Weights that learn."""

    n_targets: int

    def learn(self, X: Floats, targets: Floats) -> None:
        """Learn from samples: finite features (samples, features) and targets (samples, targets)."""

    def learn_one(self, x: Floats, target: Floats) -> None:
        """Learn from one sample: finite features (features,) and target (targets,)."""

    def outputs(self, X: Floats) -> Floats:
        """Return the outputs for features (..., features), shape (..., targets)."""


@dataclass(frozen=True, eq=False)
class Inputs:
    """How features become the inputs of weights: scaled, and followed by a constant 1 for the intercept.

    Parameters
    ----------
    mean, scale
        Each feature minus its mean is divided by its scale, both of shape (features,). None: not scaled.
    intercept
        Whether there is a constant input.
    """

    mean: Floats | None
    scale: Floats | None
    intercept: bool

    @staticmethod
    def learn(X: Floats, scaler: Any, intercept: Any) -> Inputs:
        """Learn the scale from the samples of the first call."""
        constant = checks.flag(intercept, "intercept")
        if scaler is None:
            return Inputs(None, None, constant)
        checks.instance(scaler, StandardScaler, "scaler", "a StandardScaler, a SoftScaler, or None")
        if len(X) < 2:
            raise DescriptionError(
                f"scaler: got n_samples = {len(X)} in the first call, expected at least 2 to learn the scale from; fit a batch first"
            )
        fitted = clone(scaler).set_output(transform="default").fit(X)
        mean = np.zeros(X.shape[1]) if fitted.mean_ is None or not fitted.with_mean else fitted.mean_
        return Inputs(mean, np.ones(X.shape[1]) if fitted.scale_ is None else fitted.scale_, constant)

    def __call__(self, X: Floats) -> Floats:
        """Return the inputs (..., inputs) for features (..., features)."""
        n = X.shape[-1]
        out = np.empty((*X.shape[:-1], n + self.intercept))
        if self.mean is None or self.scale is None:
            out[..., :n] = X
        else:
            np.subtract(X, self.mean, out=out[..., :n])
            out[..., :n] /= self.scale
        if self.intercept:
            out[..., n] = 1.0
        return out

    def unscaled(self, weights: Floats) -> tuple[Floats, Floats]:
        """Return coefficients (targets, features) and intercepts (targets,) for features that are not scaled."""
        n = weights.shape[1] - self.intercept
        coefficients, intercept = weights[:, :n], weights[:, n] if self.intercept else np.zeros(len(weights))
        if self.mean is None or self.scale is None:
            return coefficients.copy(), intercept.copy()
        coefficients = coefficients / self.scale
        return coefficients, intercept - coefficients @ self.mean


class _Online(BaseEstimator):
    """The rule of an estimator, and its outputs."""

    rule_: Any
    n_features_in_: int

    def _new_rule(self, X: Floats, n_targets: int) -> Rule:
        """Return a rule that has learnt nothing but the scale of the samples of the first call."""
        raise NotImplementedError

    def _learning(self) -> Rule:
        rule: Rule | None = self.__dict__.get("rule_")
        if rule is None:
            name = type(self).__name__
            raise DescriptionError(
                f"{name}: got a sample before anything is fitted; call fit or partial_fit first, for one sample "
                "partial_fit(x[None], y)"
            )
        return rule

    def _outputs(self, X: Any) -> Floats:
        check_is_fitted(self, "rule_")
        return np.asarray(self.rule_.outputs(checked.rows(self, X, reset=False)))

    def _outputs_one(self, x: Any) -> Floats:
        check_is_fitted(self, "rule_")
        return np.asarray(self.rule_.outputs(checked.row(x, self.n_features_in_)))


class OnlineRegressor(RegressorMixin, _Online):
    """The methods of a regressor with a rule; values to learn have shape (samples,) or (samples, targets)."""

    def fit(self, X: Any, y: Any) -> Any:
        """Forget everything and learn these samples, features (samples, features)."""
        rows = checked.rows(self, X, reset=True)
        targets = checked.targets(self, y, len(rows))
        columns = targets.reshape(len(rows), -1)
        rule = self._new_rule(rows, columns.shape[1])
        rule.learn(rows, columns)
        self.rule_, self._one_target = rule, targets.ndim == 1
        return self

    def partial_fit(self, X: Any, y: Any) -> Any:
        """Learn more samples; the first call of all is `fit`."""
        if "rule_" not in self.__dict__:
            return self.fit(X, y)
        rows = checked.rows(self, X, reset=False)
        columns = checked.targets(self, y, len(rows)).reshape(len(rows), -1)
        n_targets = self.rule_.n_targets
        if columns.shape[1] != n_targets:
            raise DescriptionError(f"y: got {columns.shape[1]} targets, expected {n_targets} as in fit")
        self.rule_.learn(rows, columns)
        return self

    def learn_one(self, x: Any, y: Any) -> None:
        """Learn one sample, without scikit-learn's checks: features (features,), a number or values (targets,)."""
        rule = self._learning()
        rule.learn_one(checked.row(x, self.n_features_in_), checked.target(y, rule.n_targets))

    def predict(self, X: Any) -> Floats:
        """Return predictions, shape (samples,) or (samples, targets) as the values in the first call."""
        outputs = self._outputs(X)
        return outputs[:, 0] if self._one_target else outputs

    def predict_one(self, x: Any) -> Any:
        """Return the prediction for one sample, without scikit-learn's checks: a number, or values (targets,)."""
        outputs = self._outputs_one(x)
        return float(outputs[0]) if self._one_target else outputs

    def __sklearn_tags__(self) -> Any:
        """Declare that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


class OnlineClassifier(ClassifierMixin, _Online):
    """The methods of a classifier with a rule, which learns a target of +1/-1 for each class, or for the second of two."""

    def fit(self, X: Any, y: Any) -> Any:
        """Forget everything and learn these samples, features (samples, features) and labels (samples,)."""
        rows = checked.rows(self, X, reset=True)
        labels = checked.labels(self, y, len(rows))
        classes = np.unique(labels)
        if len(classes) < 2:
            raise DescriptionError(f"y: got one class only, {brief(classes[0])}; expected at least two classes")
        return self._start(rows, labels, classes)

    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> Any:
        """Learn more samples; the first call of all needs ``classes``, every label that will ever be learnt."""
        first = "rule_" not in self.__dict__
        if classes is not None:
            classes = _checked_classes(classes)
            if not first and not np.array_equal(classes, self.classes_):
                raise DescriptionError(
                    f"classes: got {brief(classes.tolist())}, expected {brief(self.classes_.tolist())} as in the first call"
                )
        elif first:
            raise DescriptionError(
                "classes: got None in the first call of partial_fit, expected every label that may occur"
            )
        rows = checked.rows(self, X, reset=first)
        labels = checked.labels(self, y, len(rows))
        if first:
            return self._start(rows, labels, classes)
        self.rule_.learn(rows, self._columns(labels, self.classes_))
        return self

    def _start(self, rows: Floats, labels: Any, classes: Any) -> Any:
        columns = self._columns(labels, classes)
        rule = self._new_rule(rows, columns.shape[1])
        rule.learn(rows, columns)
        self.rule_, self.classes_ = rule, classes
        return self

    @staticmethod
    def _columns(labels: Any, classes: Any) -> Floats:
        """Return the targets of +1/-1, shape (samples, classes), or (samples, 1) for two classes."""
        return _signs(len(classes))[checked.class_numbers(labels, classes)]

    def learn_one(self, x: Any, y: Any) -> None:
        """Learn one sample, without scikit-learn's checks: features (features,) and its label."""
        rule = self._learning()
        row = checked.row(x, self.n_features_in_)
        rule.learn_one(row, _signs(len(self.classes_))[checked.class_number(y, self.classes_)])

    def decision_function(self, X: Any) -> Floats:
        """Return the score of each class, shape (samples, classes), or (samples,) for two classes."""
        outputs = self._outputs(X)
        return outputs[:, 0] if outputs.shape[1] == 1 else outputs

    def predict(self, X: Any) -> Any:
        """Return the label with the highest score of each sample."""
        outputs = self._outputs(X)
        return self.classes_[outputs.argmax(axis=1) if outputs.shape[1] > 1 else (outputs[:, 0] > 0).astype(int)]

    def predict_one(self, x: Any) -> Any:
        """Return the label of one sample, without scikit-learn's checks."""
        outputs = self._outputs_one(x)
        return self.classes_[int(outputs.argmax()) if outputs.size > 1 else int(outputs[0] > 0)]


class HasWeights(BaseEstimator):
    """The weights of a rule that keeps them for scaled inputs."""

    rule_: Any

    @property
    def coef_(self) -> Floats:
        """Weights of the features before scaling, shape (targets, features)."""
        return np.asarray(self.rule_.inputs.unscaled(self.rule_.weights)[0])

    @property
    def intercept_(self) -> Floats:
        """Intercepts for the features before scaling, shape (targets,)."""
        return np.asarray(self.rule_.inputs.unscaled(self.rule_.weights)[1])


def _signs(n_classes: int) -> Floats:
    """Return the targets of each class, a row of +1/-1."""
    return np.array([[-1.0], [1.0]]) if n_classes == 2 else 2 * np.eye(n_classes) - 1


def _checked_classes(classes: Any) -> Any:
    try:
        known = np.unique(np.asarray(classes))
    except (TypeError, ValueError):
        raise DescriptionError(f"classes: got {brief(repr(classes))}, expected a list of labels") from None
    if known.size < 2 or np.ndim(classes) != 1:
        raise DescriptionError(f"classes: got {brief(repr(classes))}, expected a list of at least two labels")
    return known
