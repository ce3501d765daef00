"""scikit-learn estimators around a liquid: fit, transform, predict, score, in pipelines and grid searches.

X is always a batch of samples, in one of two forms:

- sequences: an array (samples, frames, channels), or a list of (frames, channels) arrays of any lengths;
- a table: an array, list or data frame (samples, features), whose rows are samples of one frame, or of several frames if
  ``sample_shape`` is given.

After `fit` with sequences a table is an error, because one sample (frames, channels) looks like one: write ``X[:1]`` instead of
``X[0]``, or ``[signal]``. With `lsm_sim.encode.Passthrough` X is spikes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from lsm_sim.encode import Encoder
from lsm_sim.engine.protocol import DEFAULT
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import model_file
from lsm_sim.learn.estimator_input import checked_labels, checked_y
from lsm_sim.learn.features import Features
from lsm_sim.learn.gain import AUTO
from lsm_sim.learn.live import LiveModel
from lsm_sim.learn.model_checks import check_readout, count_features
from lsm_sim.learn.nested_parameters import changed_readout
from lsm_sim.learn.parts import HoldsRecords, LiquidLike
from lsm_sim.learn.readout import Task, fit, resolve
from lsm_sim.learn.transformer import DEFAULT_PARTS, LiquidTransformer
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

Predictor = TypeVar("Predictor", bound="_LiquidPredictor")


class _LiquidPredictor(HoldsRecords):
    """A transformer and a readout; the parameters are the transformer's and ``readout``."""

    _task: Task
    _default_parts = DEFAULT_PARTS

    def __init__(
        self,
        liquid: LiquidLike,
        encoder: Encoder | None = None,
        features: Features | None = None,
        readout: Any = "ridge",
        *,
        dt: float = 1 * ms,
        sample_shape: tuple[int, int] | None = None,
        scale: str | None = "channel",
        backend: str = DEFAULT,
        arithmetic: str = "float64",
        n_threads: int | None = None,
        progress: bool | None = None,
        target_rate: float | str | None = AUTO,
        with_encoder: bool = False,
    ) -> None:
        self.liquid = liquid
        self.encoder = encoder
        self.features = features
        self.readout = readout
        self.dt = dt
        self.sample_shape = sample_shape
        self.scale = scale
        self.backend = backend
        self.arithmetic = arithmetic
        self.n_threads = n_threads
        self.progress = progress
        self.target_rate = target_rate
        self.with_encoder = with_encoder

    def set_params(self, **parameters: Any) -> Any:
        """Set parameters; of a readout that is a name, ``readout__alpha`` and others of `changed_readout`, too."""
        own = {name: parameters.pop(name) for name in list(parameters) if name.startswith("readout__")}
        super().set_params(**parameters)
        if own and isinstance(self.readout, str):
            changes = {name.partition("__")[2]: value for name, value in own.items()}
            self.readout = changed_readout(self.readout, self._task, changes)
        elif own:
            super().set_params(**own)
        return self

    def transformer(self) -> LiquidTransformer:
        """Return the unfitted transformer: the estimator without its readout."""
        parameters = self.get_params(deep=False)
        parameters.pop("readout")
        return LiquidTransformer(**parameters)

    def _fit(self, X: Any, y: Any, groups: Any) -> None:
        self.transformer_ = self.transformer().fit(X)
        if self.transformer_.input_.n_samples != len(y):
            raise DescriptionError(f"y: got {len(y)} values for {self.transformer_.input_.n_samples} samples of X")
        self.n_features_in_ = self.transformer_.input_.n_features
        if self._task == "classify" and np.unique(y).size < 2:
            raise DescriptionError(f"y: got one class only, {y[0]!r}; expected at least two classes")
        self.readout_ = resolve(self.readout, self._task)
        fit(self.readout_, self._features(X), y, groups)

    def _partial_fit(self, X: Any, y: Any, **classes: Any) -> None:
        """Update the readout; the first call learns the range of X and builds the network."""
        fitted = hasattr(self, "readout_")
        transformer = self._with_runtime(self.transformer_) if fitted else self.transformer().fit(X)
        stimulus = transformer.encode(X)
        if len(stimulus) != len(y):
            raise DescriptionError(f"y: got {len(y)} values for {len(stimulus)} samples of X")
        readout = self.readout_ if fitted else resolve(self.readout, self._task)
        readout.partial_fit(transformer.respond(stimulus), y, **classes)
        self.transformer_, self.readout_ = transformer, readout
        self.n_features_in_ = transformer.input_.n_features

    def predict(self, X: Any) -> Any:
        """Return the predicted label or value of each sample."""
        features = self._features(X)
        return self.readout_.predict(features)

    def open(
        self,
        *,
        window: float | None = None,
        rng: np.random.Generator | None = None,
        state: State | None = None,
        trial: int = 0,
    ) -> LiveModel:
        """Start a live session of the trained model: frames in, the answer at any time; see `lsm_sim.learn.live.LiveModel`.

        Parameters
        ----------
        window
            The answer depends on the spikes of the last ``window`` seconds, as if they were a sample; None: on all since the
            start, as if the sample ended now.
        rng
            Random numbers for an encoder that needs them, such as `lsm_sim.encode.Poisson` with a number as seed.
        state
            State of the liquid to begin with, of one sample; None: at rest.
        trial
            Number of the trial, on which background noise of the liquid depends.
        """
        check_is_fitted(self, "readout_")
        return LiveModel(self, window=window, rng=rng, state=state, trial=trial)

    def live_parts(self) -> tuple[LiquidTransformer, Any]:
        """Return the fitted transformer, with the current parameters of how to run, and the readout."""
        check_is_fitted(self, "readout_")
        return self._with_runtime(self.transformer_), self.readout_

    def _features(self, X: Any) -> Floats:
        check_is_fitted(self, "readout_")
        transformer = self._with_runtime(self.transformer_)
        return transformer.respond(transformer.encode(X))  # an array, whatever scikit-learn's set_config says

    def _with_runtime(self, transformer: LiquidTransformer) -> LiquidTransformer:
        """Return the fitted transformer with the current parameters of how to run."""
        runtime = {name: getattr(self, name) for name in ("backend", "arithmetic", "n_threads", "progress")}
        changed: LiquidTransformer = transformer.set_params(**runtime)
        return changed

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to a file, without pickle; see `lsm_sim.learn.model_file`."""
        model_file.save(self, path)

    @classmethod
    def load(cls: type[Predictor], path: str | os.PathLike[str]) -> Predictor:
        """Read a model that `save` wrote."""
        return model_file.load(path, cls)

    def to_parts(self) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return what a model file stores, see `lsm_sim.learn.model_file.Saved`."""
        check_is_fitted(self, "readout_")
        description, arrays = self.transformer_.to_parts()
        return description, arrays | {"readout": model_file.pack_readout(self.readout_)}

    @classmethod
    def from_parts(cls: type[Predictor], description: Mapping[str, Any], arrays: Mapping[str, Any]) -> Predictor:
        """Return the fitted estimator from the result of `to_parts`."""
        transformer = LiquidTransformer.from_parts(description, arrays)
        model = cls(**transformer.get_params(deep=False))
        model.transformer_, model.readout_ = transformer, model_file.unpack_readout(arrays["readout"])
        n_sources = transformer.n_sources
        n_features = count_features(transformer.features_, n_sources)
        check_readout(model.readout_, n_features, n_sources, *(["classes_"] if cls._task == "classify" else []))
        model.n_features_in_ = transformer.n_features_in_
        if hasattr(model.readout_, "classes_"):
            model.classes_ = model.readout_.classes_
        return model

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions and y is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


def _readout_has(method: str) -> Callable[[Any], bool]:
    def check(model: Any) -> bool:
        readout = getattr(model, "readout_", None) or resolve(model.readout, model._task)
        if method == "partial_fit" and not hasattr(readout, method):
            raise AttributeError(
                f"the readout {model.readout!r} has no partial_fit; use 'rls', 'lms', 'incremental_ridge', or an estimator of "
                "scikit-learn that has it"
            )
        if method == "predict_proba" and not hasattr(readout, method):
            raise AttributeError(
                f"the readout {model.readout!r} has no predict_proba; use 'logistic' or lsm_sim.readout.ridge(probabilities=True)"
            )
        return hasattr(readout, method)

    return check


class LiquidClassifier(ClassifierMixin, _LiquidPredictor):
    """Classify samples by the spikes that they cause in a liquid.

    Takes the parameters of `LiquidTransformer` and

    Parameters
    ----------
    readout
        ``"ridge"``, ``"logistic"``, ``"svm"`` (see `lsm_sim.learn.readout`) or any scikit-learn classifier. ``"rls"``,
        ``"lms"``, ``"incremental_ridge"`` (see `lsm_sim.learn.online`) and others with `partial_fit` keep learning.

    The default readout has scores, `decision_function`, but no probabilities. `predict_proba` exists with
    ``readout=lsm_sim.readout.ridge(probabilities=True)``, which predicts the same labels and fits five more times, see
    `lsm_sim.learn.readout.Probabilities`; with ``"logistic"``; and with any classifier that has it.
    """

    _task: Task = "classify"

    def fit(self, X: Any, y: Any, groups: Any = None) -> LiquidClassifier:
        """Run the samples through the liquid and train the readout.

        With ``groups``, the speaker or patient of each sample, shape (samples,), the readout ``"ridge"`` chooses its
        regularisation by leaving one group out; see `lsm_sim.readout.fit`. Use it if new samples come from new groups.
        """
        self._fit(X, checked_labels(self, y), groups)
        self.classes_ = self.readout_.classes_
        return self

    @available_if(_readout_has("partial_fit"))
    def partial_fit(self, X: Any, y: Any, classes: Any = None) -> LiquidClassifier:
        """Run more samples through the liquid and update the readout, where the readout has `partial_fit`.

        It continues after `fit` or `load`; the range of the samples, and what a readout learns only once such as its scale,
        remain. If it is the first call of all, it learns them from these samples, and needs ``classes``, every label that may
        ever occur. Later values outside the range are clipped, so the first call should have representative samples.
        """
        self._partial_fit(X, checked_labels(self, y), classes=classes)
        self.classes_ = self.readout_.classes_
        return self

    @available_if(_readout_has("decision_function"))
    def decision_function(self, X: Any) -> Floats:
        """Return the readout's score of each class."""
        features = self._features(X)
        return np.asarray(self.readout_.decision_function(features))

    @available_if(_readout_has("predict_proba"))
    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, shape (samples, classes), as the readout defines it."""
        features = self._features(X)
        return np.asarray(self.readout_.predict_proba(features))


class LiquidRegressor(RegressorMixin, _LiquidPredictor):
    """Predict values from the spikes that samples cause in a liquid; parameters as for `LiquidTransformer` and `LiquidClassifier`."""

    _task: Task = "regress"

    def fit(self, X: Any, y: Any, groups: Any = None) -> LiquidRegressor:
        """Run the samples through the liquid and train the readout; ``y`` has shape (samples,) or (samples, targets).

        ``groups`` as in `LiquidClassifier.fit`.
        """
        self._fit(X, checked_y(self, y, multi_output=True, y_numeric=True), groups)
        return self

    @available_if(_readout_has("partial_fit"))
    def partial_fit(self, X: Any, y: Any) -> LiquidRegressor:
        """Run more samples through the liquid and update the readout, as in `LiquidClassifier.partial_fit`."""
        self._partial_fit(X, checked_y(self, y, multi_output=True, y_numeric=True))
        return self

    def __sklearn_tags__(self) -> Any:
        """Declare that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
