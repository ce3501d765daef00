"""Readouts: scikit-learn's linear models on standardised features.

`fit` can choose the regularisation of `ridge` by leaving groups out. Imported on demand, because scikit-learn takes a second to load.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone, is_classifier, is_regressor
from sklearn.linear_model import LogisticRegression, RidgeClassifierCV, RidgeCV
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import LabelBinarizer, StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.validation import check_is_fitted, has_fit_parameter

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.common_scale import CommonScaler, common_logistic
from lsm_sim.learn.left_out import errors_left_out
from lsm_sim.learn.online import (
    IncrementalRidge,
    IncrementalRidgeClassifier,
    LMSClassifier,
    LMSRegressor,
    RLSClassifier,
    RLSRegressor,
)
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.warn import warn

__all__ = [
    "CommonScaler",
    "Probabilities",
    "SoftScaler",
    "centred_ridge",
    "common_logistic",
    "fit",
    "force",
    "incremental_ridge",
    "linear_svm",
    "lms",
    "logistic",
    "resolve",
    "ridge",
    "rls",
]

Task = Literal["classify", "regress"]
ALPHAS = tuple(np.logspace(-1, 5, 9).tolist())
CENTRED_ALPHAS = tuple(np.logspace(-1, 6, 15).tolist())


class SoftScaler(StandardScaler):
    """Standardise half-way: divide by the geometric mean of a feature's own standard deviation and the median one.

    Neurons that hardly fire are then not scaled up to the variance of the others. ``copy``, ``with_mean`` and ``with_std`` are
    those of scikit-learn's StandardScaler.
    """

    scale_: Any

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> SoftScaler:
        """Learn the means and the scales."""
        super().fit(X, y, sample_weight)
        varies = self.var_ > 0
        if varies.any():
            self.scale_ = np.sqrt(self.scale_ * np.median(self.scale_[varies]))
        return self


class Probabilities(ClassifierMixin, MetaEstimatorMixin, BaseEstimator):
    """A classifier with probabilities: its scores, divided by a temperature, in a softmax.

    With the score s_k of each class, or the score s of the second of two classes,

        p_k = exp(s_k / T) / sum over j of exp(s_j / T),        p_2 = 1 / (1 + exp(-s / T))

    Labels and scores are those of ``classifier``, so the most probable class is the predicted one. The temperature T has the
    smallest log loss on held-out training samples: each of ``folds`` stratified folds is scored by a copy trained on the
    others. (The target is 1 - 1/(n + 2) instead of 1 for n samples, as in Platt's method, so that T > 0 even if no score is
    wrong.) Probabilities are too high for new speakers or patients if samples of each are spread over the folds.

    Parameters
    ----------
    classifier
        A scikit-learn classifier with `decision_function`.
    folds
        At most this number; fewer if a class has fewer samples.

    Attributes
    ----------
    temperature_
        T, in units of the score.
    """

    def __init__(self, classifier: Any, folds: int = 5) -> None:
        self.classifier = classifier
        self.folds = folds

    def fit(self, X: Any, y: Any) -> Probabilities:
        """Train the classifier, and copies of it for the temperature."""
        self.classes_, index, counts = np.unique(y, return_inverse=True, return_counts=True)
        if len(counts) < 2 or counts.min() < 2:
            got = f"class {self.classes_[counts.argmin()]!s} with {counts.min()} samples, of {len(counts)} classes"
            raise DescriptionError(f"probabilities: got {got}, expected at least two classes with two samples each")
        folds = StratifiedKFold(min(self.folds, int(counts.min())), shuffle=True, random_state=0)
        scores = cross_val_predict(self.classifier, X, y, cv=folds, method="decision_function")
        self.temperature_ = _temperature(_columns(scores), index)
        self.classifier_ = clone(self.classifier).fit(X, y)
        self.n_features_in_ = self.classifier_.n_features_in_
        return self

    def decision_function(self, X: Any) -> Floats:
        """Return the scores of the classifier."""
        check_is_fitted(self, "classifier_")
        return np.asarray(self.classifier_.decision_function(X))

    def predict(self, X: Any) -> Any:
        """Return the labels of the classifier."""
        check_is_fitted(self, "classifier_")
        return self.classifier_.predict(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (samples, classes)."""
        return np.asarray(softmax(_columns(self.decision_function(X)) / self.temperature_, axis=1))


def _columns(scores: Any) -> Floats:
    """Return one score per class, whose softmax is the logistic function of a single score."""
    return np.column_stack([np.zeros(len(scores)), scores]) if scores.ndim == 1 else np.asarray(scores)


def _temperature(scores: Floats, index: Ints) -> float:
    """Return the temperature with the smallest log loss, between 1/1000 and 1000 times the mean size of a score."""
    n, n_classes = scores.shape
    doubt = 1 / (n + 2)
    target = np.full(scores.shape, doubt / (n_classes - 1))
    target[np.arange(n), index] = 1 - doubt
    size = float(np.abs(scores).mean()) or 1.0

    def loss(log_ratio: float) -> float:
        return -float((target * log_softmax(scores / (size * np.exp(log_ratio)), axis=1)).mean())

    best = minimize_scalar(loss, bounds=(-np.log(1000), np.log(1000)), method="bounded")
    return size * float(np.exp(best.x))


def ridge(
    task: Task = "classify", alphas: tuple[float, ...] = ALPHAS, *, soft: bool = False, probabilities: bool = False
) -> BaseEstimator:
    """Return ridge regression (on one target of +1/-1 per class) with the alpha of the smallest leave-one-out error.

    ``task``: ``"classify"`` or ``"regress"``; ``alphas``: the values to choose from.

    scikit-learn computes all leave-one-out errors from one decomposition (Golub, Heath and Wahba, Technometrics 21, 1979):
    of X if there are more samples than features, else of the Gram matrix X X'. ``soft``: features are scaled by
    `SoftScaler` instead of standardised. ``probabilities``: a classifier with `predict_proba`, see `Probabilities`.
    """
    checks.choice(task, "ridge task", ("classify", "regress"))
    strengths = _checked_alphas(alphas, "ridge")
    checks.flag(soft, "ridge soft")
    model = RidgeClassifierCV(alphas=strengths) if task == "classify" else RidgeCV(alphas=strengths)
    readout = make_pipeline(SoftScaler() if soft else StandardScaler(), model)
    if not probabilities:
        return readout
    if task != "classify":
        raise DescriptionError("ridge: got probabilities=True for values, expected a classifier; leave it out")
    return Probabilities(readout)


def _checked_alphas(alphas: Any, where: str) -> list[float]:
    strengths = checks.real_array(alphas, f"{where} alphas")
    if strengths.ndim != 1 or not strengths.size or (strengths <= 0).any():
        raise DescriptionError(f"{where} alphas: got {brief(alphas)}, expected a list of numbers > 0")
    return list(strengths.tolist())


def centred_ridge(task: Task = "classify", alphas: tuple[float, ...] | None = None) -> BaseEstimator:
    """Return ridge regression on centred features that are not scaled, the readout that loses least on a chip.

    Standardising divides by the standard deviation of each feature, so that neurons that hardly fire get large weights; in 8
    bits with one exponent the others are then rounded away (see docs/deployment.md). Alpha is chosen as in `ridge`, among
    ``alphas`` or, if they are None, from a grid that has the scale of spike counts. ``task``: ``"classify"`` or ``"regress"``.
    """
    checks.choice(task, "centred_ridge task", ("classify", "regress"))
    strengths = _checked_alphas(CENTRED_ALPHAS if alphas is None else alphas, "centred_ridge")
    model = RidgeClassifierCV(alphas=strengths) if task == "classify" else RidgeCV(alphas=strengths)
    return make_pipeline(StandardScaler(with_std=False), model)


def logistic(C: float = 1.0, max_iter: int = 1000) -> BaseEstimator:
    """Return multinomial logistic regression with the inverse regularisation ``C``, and at most ``max_iter`` iterations."""
    return make_pipeline(StandardScaler(), LogisticRegression(C=C, max_iter=max_iter))


def linear_svm(C: float = 1.0, *, probabilities: bool = False) -> BaseEstimator:
    """Return a linear support vector machine, one-vs-rest, with the inverse regularisation ``C``.

    ``probabilities``: with `predict_proba`, see `Probabilities`.
    """
    readout = make_pipeline(StandardScaler(), LinearSVC(C=C, random_state=0))
    return Probabilities(readout) if probabilities else readout


def rls(task: Task = "classify", forgetting: float = 1.0, alpha: float = 1.0, *, soft: bool = False) -> BaseEstimator:
    """Return recursive least squares on features that are scaled as in the first call; see `lsm_sim.learn.online.RLSRegressor`.

    ``task``: ``"classify"`` or ``"regress"``; ``forgetting``: the weight of a sample falls by this factor with each one after it; ``alpha``: the
    regularisation at the start; ``soft``: scale features by `SoftScaler`.
    """
    kind = RLSClassifier if _classifies(task, "rls") else RLSRegressor
    return kind(forgetting=forgetting, alpha=alpha, scaler=_scaler(soft, "rls"))


def force(alpha: float = 1.0) -> RLSRegressor:
    """Return the update of FORCE learning (D. Sussillo and L. F. Abbott, Neuron 63, 2009).

    It is recursive least squares without forgetting, from P = I / alpha, with the error before the update, for features as they
    are and without intercept. Learning is FORCE if what the readout predicts is fed back into the liquid.
    """
    return RLSRegressor(forgetting=1.0, alpha=alpha, intercept=False)


def lms(task: Task = "classify", rate: float = 0.1, *, normalised: bool = True, soft: bool = False) -> BaseEstimator:
    """Return the delta rule on features that are scaled as in the first call; see `lsm_sim.learn.online.LMSRegressor`.

    ``task``: ``"classify"`` or ``"regress"``; ``rate``: the learning rate; ``normalised``: divide the step by the squared norm of the
    features; ``soft``: scale them by `SoftScaler`.
    """
    kind = LMSClassifier if _classifies(task, "lms") else LMSRegressor
    return kind(rate=rate, normalised=normalised, scaler=_scaler(soft, "lms"))


def incremental_ridge(task: Task = "classify", alphas: Any = ALPHAS) -> BaseEstimator:
    """Return ridge regression from accumulated moments; see `lsm_sim.learn.online.IncrementalRidge`.

    ``task``: ``"classify"`` or ``"regress"``; ``alphas``: the values of the regularisation to choose from.
    """
    return (IncrementalRidgeClassifier if _classifies(task, "incremental_ridge") else IncrementalRidge)(alphas)


def _classifies(task: Any, where: str) -> bool:
    return bool(checks.choice(task, f"{where} task", ("classify", "regress")) == "classify")


def _scaler(soft: Any, where: str) -> StandardScaler:
    return SoftScaler() if checks.flag(soft, f"{where} soft") else StandardScaler()


def resolve(readout: Any, task: Task) -> Any:
    """Return an unfitted readout: a copy of the given estimator, or the readout for ``task`` with the given name."""
    if isinstance(readout, str):
        named: dict[str, Callable[[], Any]] = {"ridge": lambda: ridge(task)}
        if task == "classify":
            named["logistic"], named["svm"] = logistic, linear_svm
        named |= {
            "centred_ridge": lambda: centred_ridge(task),
            "rls": lambda: rls(task),
            "lms": lambda: lms(task),
            "incremental_ridge": lambda: incremental_ridge(task),
        }
        if readout not in named:
            raise DescriptionError(
                f"readout: got {readout!r}, expected one of {', '.join(named)}, or a scikit-learn estimator"
            )
        return named[readout]()
    _check_readout(readout, task)
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
    if not hasattr(readout, "fit"):
        raise DescriptionError(f"readout: got {type(readout).__name__}, expected an estimator of scikit-learn")
    X = checks.real_array(X, "features")
    if X.ndim != 2 or len(checks.shape(y, "y")) not in (1, 2) or len(y) != len(X):
        raise DescriptionError(
            f"readout: got features of shape {X.shape} and y of shape {np.shape(y)}, expected (samples, features) and one y per sample"
        )
    if X.size and not X.any():
        warn(
            "readout: every feature is 0, so there is nothing to learn from; did the network spike at all? If not, use larger input "
            "weights, a target_rate such as 20 * Hz, or an encoder with more spikes"
        )
    if groups is not None and checks.shape(groups, "groups") != (len(X),):
        raise DescriptionError(f"groups: got shape {np.shape(groups)}, expected ({len(X)},), one per sample")
    if groups is not None and has_fit_parameter(readout, "groups"):
        return readout.fit(X, y, groups=groups)
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
