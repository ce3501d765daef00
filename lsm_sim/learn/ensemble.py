"""Several liquids as one estimator, with different seeds, encoders or sizes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, clone
from sklearn.pipeline import Pipeline
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.learn import model_file
from lsm_sim.learn.estimator_input import checked_labels
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.model_checks import check_readout, count_features
from lsm_sim.learn.pipelines import front_and_liquid
from lsm_sim.learn.readout import fit, resolve
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats

_MOST_MEMBERS = 2**20  # in a file
COMBINATIONS = ("features", "scores")


def _has_probabilities(model: Any) -> bool:
    readout = getattr(model, "readout_", None) or resolve(model.readout, "classify")
    return model.combine == "features" and hasattr(readout, "predict_proba")


def _goes_on_learning(model: Any) -> bool:
    if model.combine == "features":
        readout = getattr(model, "readout_", None) or resolve(model.readout, "classify")
        return hasattr(readout, "partial_fit")
    members = getattr(model, "members_", model.members)
    return isinstance(members, (list, tuple)) and all(hasattr(member, "partial_fit") for member in members)


class LiquidEnsemble(ClassifierMixin, BaseEstimator):
    """Classify samples by the spikes that they cause in several liquids.

    Parameters
    ----------
    members
        `LiquidClassifier` objects, or pipelines of front ends that end in one.
    combine
        ``"features"``: one readout sees the features of all liquids. ``"scores"``: each liquid has its own readout, and the
        class with the highest mean score wins.
    readout
        Readout of all features; if scores are averaged, the members' own readouts are used.

    Examples
    --------
    >>> import lsm_sim_models as models
    >>> X, y = [np.full((4, 1), 0.2), np.full((6, 1), 0.9)] * 5, ["low", "high"] * 5
    >>> members = [LiquidClassifier(models.speech(n_inputs=1, n_neurons=20, seed=seed)) for seed in range(3)]
    >>> LiquidEnsemble(members).fit(X, y).predict(X[:2]).tolist()
    ['low', 'high']
    """

    def __init__(
        self, members: Sequence[Any], combine: Literal["features", "scores"] = "features", readout: Any = "ridge"
    ) -> None:
        self.members = members
        self.combine = combine
        self.readout = readout

    def fit(self, X: Any, y: Any, groups: Any = None) -> LiquidEnsemble:
        """Run the samples through all liquids and train the readouts; ``groups`` as in `LiquidClassifier.fit`."""
        y = checked_labels(self, y)
        self._check_members()
        if np.unique(y).size == 1:
            raise DescriptionError(f"y: got one class only, {y[0]!s}; expected at least two classes")
        if self.combine == "scores":
            self.members_ = [_fitted(_checked(member), X, y, groups) for member in self.members]
            self._copy_n_features()
            self.classes_ = self.members_[0].classes_
            return self
        self.members_ = [_transforming(member).fit(X) for member in self.members]
        self._copy_n_features()
        features = self._features(X)
        if len(features) != len(y):
            raise DescriptionError(f"y: got {len(y)} values for {len(features)} samples of X")
        self.readout_ = fit(resolve(self.readout, "classify"), features, y, groups)
        self.classes_ = self.readout_.classes_
        return self

    def _check_members(self) -> None:
        checks.choice(self.combine, "combine", COMBINATIONS)
        if not isinstance(self.members, (list, tuple)):
            raise DescriptionError(f"members: got {self.members!r}, expected a list of LiquidClassifier")
        if not self.members:
            raise DescriptionError("members: got none, expected at least one")

    @available_if(_goes_on_learning)
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> LiquidEnsemble:
        """Run more samples through the liquids and update the readouts, as `LiquidClassifier.partial_fit` does.

        The readout of all features must be able to do it; for ``"scores"`` every member must, so none may be a pipeline.
        """
        labels, begins = checked_labels(self, y), not hasattr(self, "classes_")
        if begins:
            self._check_members()
        if self.combine == "scores":
            members = [_checked(member) for member in self.members] if begins else self.members_
            for member in members:
                member.partial_fit(X, labels, classes)
            found = members[0]
        else:
            members = [_transforming(member).fit(X) for member in self.members] if begins else self.members_
            features = np.hstack([member.transform(X) for member in members])
            if len(features) != len(labels):
                raise DescriptionError(f"y: got {len(labels)} values for {len(features)} samples of X")
            found = resolve(self.readout, "classify") if begins else self.readout_
            self.readout_ = found.partial_fit(features, labels, classes)
        self.members_, self.classes_ = members, found.classes_
        self._copy_n_features()
        return self

    def _copy_n_features(self) -> None:
        """Copy ``n_features_in_`` from the first member; pipelines do not define it."""
        if not isinstance(self.members_[0], Pipeline):
            self.n_features_in_ = self.members_[0].n_features_in_

    def decision_function(self, X: Any) -> Floats:
        """Return the score of each class, shape (samples, classes), or (samples,) for two classes."""
        check_is_fitted(self, "members_")
        if self.combine == "scores":
            return np.asarray(np.mean([member.decision_function(X) for member in self.members_], axis=0))
        return np.asarray(self.readout_.decision_function(self._features(X)))

    def predict(self, X: Any) -> Any:
        """Return the predicted label of each sample."""
        return winners(self.decision_function(X), self.classes_)

    @available_if(_has_probabilities)
    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class; only if one readout sees all features and has `predict_proba`."""
        check_is_fitted(self, "members_")
        return np.asarray(self.readout_.predict_proba(self._features(X)))

    def _features(self, X: Any) -> Floats:
        return np.hstack([member.transform(X) for member in self.members_])

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained ensemble to a file, without pickle; see `lsm_sim.learn.model_file`."""
        model_file.save(self, path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> LiquidEnsemble:
        """Read an ensemble that `save` wrote."""
        return model_file.load(path, cls)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a model file stores; the names of the arrays of member k begin with "k/"."""
        check_is_fitted(self, "members_")
        arrays: dict[str, Any] = {}
        for k, member in enumerate(self.members_):
            if isinstance(member, Pipeline):
                raise DescriptionError(
                    f"cannot save an ensemble whose members have front ends, such as member {k}; put one front end before "
                    "the ensemble, in a pipeline, and save the ensemble alone"
                )
            arrays |= {f"{k}/{name}": value for name, value in model_file.pack(member).items()}
        if self.combine != "scores":
            arrays["readout"] = model_file.pack_readout(self.readout_)
        return {"combine": self.combine, "members": len(self.members_)}, arrays

    @classmethod
    def from_parts(cls, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> LiquidEnsemble:
        """Return the fitted ensemble from the result of `to_parts`."""
        if description["combine"] not in COMBINATIONS:
            raise DescriptionError(f"combine: got {brief(description['combine'])}, expected 'features' or 'scores'")
        scores = description["combine"] == "scores"
        fitted: list[Any] = []
        for k in range(checks.whole(description["members"], "members", minimum=1, maximum=_MOST_MEMBERS)):
            own = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith(f"{k}/")}
            fitted.append(model_file.unpack(own, LiquidClassifier if scores else LiquidTransformer))
        members = fitted if scores else [LiquidClassifier(**one.get_params(deep=False)) for one in fitted]
        model = cls(members, description["combine"])
        model.members_ = fitted
        if not scores:
            model.readout_ = model_file.unpack_readout(arrays["readout"])
            parts = [count_features(one.features_, one.n_sources) for one in fitted]
            n_features = None if None in parts else sum(part for part in parts if part is not None)
            check_readout(model.readout_, n_features, 1, "decision_function", "classes_")
        model.classes_ = fitted[0].classes_ if scores else model.readout_.classes_
        return model

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        return tags


def winners(scores: Floats, classes: Any) -> Any:
    """Return the class with the highest score for each sample; of two classes the second if its score is above 0."""
    return classes[(scores > 0).astype(int)] if scores.ndim == 1 else classes[scores.argmax(axis=1)]


def _fitted(member: Any, X: Any, y: Any, groups: Any) -> Any:
    """Return the member after fitting it; in a pipeline, groups are for its last step."""
    if groups is None:
        return member.fit(X, y)
    name = f"{member.steps[-1][0]}__groups" if isinstance(member, Pipeline) else "groups"
    return member.fit(X, y, **{name: groups})


def _checked(member: Any) -> Any:
    """Return an unfitted copy of a member that is a LiquidClassifier, or a pipeline that ends in one."""
    _, last = front_and_liquid(member)
    if not isinstance(last, LiquidClassifier):
        raise DescriptionError(
            f"members: got {type(last).__name__}, expected LiquidClassifier, or pipelines that end in one"
        )
    return clone(member)


def _transforming(member: Any) -> Any:
    """Return a member without its readout."""
    front, last = front_and_liquid(_checked(member))
    return last.transformer() if front is None else Pipeline([*front.steps, ("liquid", last.transformer())])
