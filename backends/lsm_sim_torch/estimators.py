"""scikit-learn estimators whose liquid is trained too."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin, RegressorMixin
from sklearn.utils.validation import check_is_fitted

from lsm_sim.encode import Encoder
from lsm_sim.engine.protocol import DEFAULT
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import checked_labels, checked_y
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.features import Counts, Features
from lsm_sim.learn.gain import AUTO
from lsm_sim.learn.parts import HoldsRecords, LiquidLike
from lsm_sim.learn.readout import fit as fit_readout
from lsm_sim.learn.readout import resolve
from lsm_sim.learn.transformer import DEFAULT_PARTS, LiquidTransformer
from lsm_sim.program.lowering import lower
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.files import PathLike
from lsm_sim.units import ms
from lsm_sim_torch.tasks import Classes, Task, Values
from lsm_sim_torch.training import Settings, Trainer
from lsm_sim_torch.twin import Twin

_OWN = (
    *("train", "epochs", "batch_size", "learning_rate", "head_learning_rate", "dropout", "clip", "patience"),
    *("validation_fraction", "rate_limit", "weight_bits", "dale", "surrogate", "random_state", "checkpoint"),
    *("delay_learning_rate", "max_delay", "device"),
)


class _TrainedLiquid(HoldsRecords):
    """What both estimators do; see `TrainedLiquidClassifier`."""

    _name: str  # of the attribute that holds the ordinary model
    _ordinary: type[LiquidClassifier] | type[LiquidRegressor]
    _readout: str  # for readout=None

    _default_parts = DEFAULT_PARTS

    def __init__(
        self,
        liquid: LiquidLike,
        encoder: Encoder | None = None,
        features: Features | None = None,
        readout: Any = None,
        *,
        train: Sequence[str] = ("input_weight", "recurrent_weight"),
        epochs: int = 12,
        batch_size: int = 64,
        learning_rate: float = 2e-3,
        head_learning_rate: float = 5e-3,
        dropout: float = 0.2,
        clip: float = 1.0,
        patience: int | None = None,
        validation_fraction: float = 0.1,
        rate_limit: float | None = None,
        weight_bits: int | None = None,
        dale: bool = True,
        surrogate: Callable[[Any], Any] | None = None,
        random_state: int = 0,
        checkpoint: PathLike | None = None,
        delay_learning_rate: float = 0.1,
        max_delay: float | None = None,
        device: Any = "cpu",
        dt: float = 1 * ms,
        sample_shape: tuple[int, int] | None = None,
        scale: str | None = "channel",
        backend: str = DEFAULT,
        arithmetic: str = "float64",
        n_threads: int | None = None,
        progress: bool | None = None,
        target_rate: float | str | None = AUTO,
    ) -> None:
        self.liquid = liquid
        self.encoder = encoder
        self.features = features
        self.readout = readout
        self.train = train
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.head_learning_rate = head_learning_rate
        self.dropout = dropout
        self.clip = clip
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.rate_limit = rate_limit
        self.weight_bits = weight_bits
        self.dale = dale
        self.surrogate = surrogate
        self.random_state = random_state
        self.checkpoint = checkpoint
        self.delay_learning_rate = delay_learning_rate
        self.max_delay = max_delay
        self.device = device
        self.dt = dt
        self.sample_shape = sample_shape
        self.scale = scale
        self.backend = backend
        self.arithmetic = arithmetic
        self.n_threads = n_threads
        self.progress = progress
        self.target_rate = target_rate

    def _fit(self, X: Any, y: Any, groups: Any, task: Callable[[Any], Task]) -> None:
        """Train the liquid, then the readout, and keep the ordinary model that they make."""
        settings = self._settings()
        inherited = {k: v for k, v in self.get_params(deep=False).items() if k not in _OWN}
        if self.readout is None:
            inherited["readout"] = self._readout
        model = self._ordinary(**inherited)
        transformer = model.transformer().fit(X)
        if transformer.input_.n_samples != len(y):
            raise DescriptionError(f"y: got {len(y)} values for {transformer.input_.n_samples} samples of X")
        self._train(transformer, transformer.encode(X), task(y), settings)
        model.transformer_, model.n_features_in_ = transformer, transformer.n_features_in_
        model.readout_ = resolve(model.readout, model._task)
        fit_readout(model.readout_, transformer.respond(transformer.encode(X)), y, groups)
        setattr(self, self._name, model)
        self.n_features_in_ = model.n_features_in_

    def _train(self, transformer: LiquidTransformer, stimulus: Spikes, task: Task, settings: Settings) -> None:
        """Train the liquid of the transformer in place."""
        liquid, dt = transformer.liquid_, transformer.dt
        restrictions: dict[str, Any] = {"dale": self.dale, "weight_bits": self.weight_bits, "max_delay": self.max_delay}
        twin = Twin(liquid, dt, torch.float32, self.surrogate, self.train, device=self.device, **restrictions)
        kind = transformer.features_
        if isinstance(kind, Counts) and kind.window is None:
            settings = dataclasses.replace(settings, bins=kind.bins, sqrt=kind.sqrt)
        self.history_ = Trainer(twin, stimulus, task, settings).run(self.checkpoint)
        transformer.liquid_ = twin.liquid(keep_signs=self.dale)
        transformer.program_ = lower(transformer.liquid_, dt, weight_bits=self.weight_bits)
        transformer.calibrate(transformer.calibration_)

    def _settings(self) -> Settings:
        """Return the parameters of training after checking them."""
        patience = None if self.patience is None else checks.whole(self.patience, "patience")
        limit = None if self.rate_limit is None else checks.positive(self.rate_limit, "rate_limit", "rate")
        for name in ("dropout", "validation_fraction"):
            value = checks.probability(getattr(self, name), name)
            if value == 1:
                raise DescriptionError(f"{name}: got 1, expected less than 1")
        return Settings(
            epochs=checks.whole(self.epochs, "epochs", minimum=1),
            batch_size=checks.whole(self.batch_size, "batch_size", minimum=1),
            learning_rate=checks.positive(self.learning_rate, "learning_rate"),
            head_learning_rate=checks.positive(self.head_learning_rate, "head_learning_rate"),
            delay_learning_rate=checks.positive(self.delay_learning_rate, "delay_learning_rate"),
            dropout=float(self.dropout),
            clip=checks.positive(self.clip, "clip"),
            patience=patience,
            validation_fraction=float(self.validation_fraction),
            rate_limit=limit,
            seed=checks.whole(self.random_state, "random_state"),
            progress=self.progress,
        )

    def _fitted(self) -> Any:
        """Return the ordinary model, with the current parameters of how to run."""
        check_is_fitted(self, self._name)
        runtime = {name: getattr(self, name) for name in ("backend", "arithmetic", "n_threads", "progress")}
        return getattr(self, self._name).set_params(**runtime)

    def predict(self, X: Any) -> Any:
        """Return the predicted label or value of each sample of ``X``."""
        return self._fitted().predict(X)

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to the file ``path``; `load` of the ordinary estimator reads it, without PyTorch."""
        self._fitted().save(path)

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions and y is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


class TrainedLiquidClassifier(ClassifierMixin, _TrainedLiquid):
    """Classify samples by the spikes that they cause in a liquid that is trained itself, by surrogate gradients.

    `fit` builds the liquid as `lsm_sim.LiquidClassifier` does, trains a `Twin` of it together with a linear layer on spike
    counts, writes the trained numbers back, and trains ``readout`` on the features of the liquid that it got. What it leaves in
    ``classifier_`` is an ordinary `lsm_sim.LiquidClassifier`, which needs no PyTorch, runs on any backend and in either
    arithmetic, and can be saved.

    Takes the parameters of `lsm_sim.LiquidTransformer` (liquid, encoder, features, dt, sample_shape, scale, backend, arithmetic,
    n_threads, progress, target_rate) and

    Parameters
    ----------
    readout
        As in `lsm_sim.LiquidClassifier`; None: ``"logistic"``.
    train
        What is trained in the liquid, see `Twin`.
    epochs, batch_size
        How often each sample is seen, and how many samples make one step.
    learning_rate, head_learning_rate
        Largest learning rate of the liquid's parameters and of the linear layer; AdamW, one cycle.
    dropout
        Share of the counts that the linear layer does not see in a step.
    clip
        Largest norm of the gradient of the liquid's parameters.
    patience
        Stop when the loss on a part of the samples has not fallen for more than so many epochs, and keep the best parameters;
        None: train all epochs with all samples.
    validation_fraction
        The part for ``patience``.
    rate_limit
        Mean rate in Hz above which a neuron adds to the loss; fewer spikes cost less energy on a chip. None: no limit.
    weight_bits
        Round the weights to so many bits while training and in the end. None: to multiples of 2^-30.
    dale, surrogate
        As in `Twin`.
    random_state
        Seed of everything that is random in training: the same gives the same model.
    checkpoint
        A file that is written after each epoch. If it is there, training continues from it, and ends with the parameters that
        it would have ended with; it must be of the same liquid, settings and samples. None: no file.
    delay_learning_rate
        Largest learning rate of delays, in steps of time: where ``train`` has "input_delay" or "recurrent_delay".
    max_delay
        The longest delay in seconds that training may give a synapse. None: the longest one of the liquid.
    device
        Where the liquid is trained: "cpu", or a graphics card, such as "cuda". On a card the same seed gives a similar model, not
        the same bits.

    Attributes
    ----------
    classifier_
        The trained model, a `lsm_sim.LiquidClassifier`; ``classifier_.transformer_.liquid_`` is the trained liquid.
    history_
        For each epoch "loss" and "rate" in Hz, with ``patience`` also "validation_loss" and "validation_score".
    """

    _name = "classifier_"
    _ordinary = LiquidClassifier
    _readout = "logistic"

    def fit(self, X: Any, y: Any, groups: Any = None) -> TrainedLiquidClassifier:
        """Train the liquid on the samples ``X`` and their labels ``y``, then the readout; ``groups`` is for the readout."""
        self._fit(X, checked_labels(self, y), groups, Classes)
        self.classes_ = self.classifier_.classes_ = self.classifier_.readout_.classes_
        return self

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, (samples, classes), where the readout has it."""
        return np.asarray(self._fitted().predict_proba(X))


class TrainedLiquidRegressor(RegressorMixin, _TrainedLiquid):
    """Predict values from the spikes that samples cause in a liquid that is trained itself, by surrogate gradients.

    As `TrainedLiquidClassifier`, with the same parameters, for values instead of classes: the loss is the mean squared error of
    values that are standardised, ``readout=None`` is ``"ridge"``, "validation_score" is R2 averaged over the targets, and the
    trained model is ``regressor_``, a `lsm_sim.LiquidRegressor`.
    """

    _name = "regressor_"
    _ordinary = LiquidRegressor
    _readout = "ridge"

    def fit(self, X: Any, y: Any, groups: Any = None) -> TrainedLiquidRegressor:
        """Train the liquid on ``X`` and the values ``y``, (samples,) or (samples, targets), then the readout, which gets ``groups``."""
        self._fit(X, checked_y(self, y, multi_output=True, y_numeric=True), groups, Values)
        return self

    def __sklearn_tags__(self) -> Any:
        """Declare that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags
