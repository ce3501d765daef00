"""A scikit-learn classifier whose liquid is trained too."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from sklearn.base import ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from lsm_sim.encode import Encoder
from lsm_sim.engine.protocol import DEFAULT
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import checked_labels
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.features import Counts, Features
from lsm_sim.learn.gain import AUTO
from lsm_sim.learn.parts import HoldsRecords, LiquidLike
from lsm_sim.learn.readout import fit as fit_readout
from lsm_sim.learn.readout import resolve
from lsm_sim.learn.transformer import DEFAULT_PARTS, LiquidTransformer
from lsm_sim.program.lowering import lower
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms
from lsm_sim_torch.training import Settings, Trainer
from lsm_sim_torch.twin import Twin

_OWN = (
    *("train", "epochs", "batch_size", "learning_rate", "head_learning_rate", "dropout", "clip", "patience"),
    *("validation_fraction", "rate_limit", "weight_bits", "dale", "surrogate", "random_state"),
)


class TrainedLiquidClassifier(ClassifierMixin, HoldsRecords):
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
        As in `lsm_sim.LiquidClassifier`.
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

    Attributes
    ----------
    classifier_
        The trained model, a `lsm_sim.LiquidClassifier`; ``classifier_.transformer_.liquid_`` is the trained liquid.
    history_
        For each epoch "loss" and "rate" in Hz, with ``patience`` also "validation_loss" and "validation_score".
    """

    _default_parts = DEFAULT_PARTS

    def __init__(
        self,
        liquid: LiquidLike,
        encoder: Encoder | None = None,
        features: Features | None = None,
        readout: Any = "logistic",
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
        self.dt = dt
        self.sample_shape = sample_shape
        self.scale = scale
        self.backend = backend
        self.arithmetic = arithmetic
        self.n_threads = n_threads
        self.progress = progress
        self.target_rate = target_rate

    def fit(self, X: Any, y: Any, groups: Any = None) -> TrainedLiquidClassifier:
        """Train the liquid on the samples ``X`` and their labels ``y``, then the readout; ``groups`` is for the readout."""
        labels = checked_labels(self, y)
        settings = self._settings()
        model = LiquidClassifier(**{k: v for k, v in self.get_params(deep=False).items() if k not in _OWN})
        transformer = model.transformer().fit(X)
        classes, numbers = np.unique(labels, return_inverse=True)
        if transformer.input_.n_samples != len(labels):
            raise DescriptionError(f"y: got {len(labels)} values for {transformer.input_.n_samples} samples of X")
        if classes.size < 2:
            raise DescriptionError(f"y: got one class only, {labels[0]!r}; expected at least two classes")
        self._train(transformer, transformer.encode(X), numbers, settings)
        model.transformer_, model.n_features_in_ = transformer, transformer.n_features_in_
        model.readout_ = resolve(self.readout, "classify")
        fit_readout(model.readout_, transformer.respond(transformer.encode(X)), labels, groups)
        model.classes_ = model.readout_.classes_
        self.classifier_, self.classes_, self.n_features_in_ = model, model.classes_, model.n_features_in_
        return self

    def _train(self, transformer: LiquidTransformer, stimulus: Any, numbers: Any, settings: Settings) -> None:
        """Train the liquid of the transformer in place."""
        liquid, dt = transformer.liquid_, transformer.dt
        twin = Twin(liquid, dt, torch.float32, self.surrogate, self.train, dale=self.dale, weight_bits=self.weight_bits)
        kind = transformer.features_
        if isinstance(kind, Counts) and kind.window is None:
            settings = dataclasses.replace(settings, bins=kind.bins, sqrt=kind.sqrt)
        self.history_ = Trainer(twin, stimulus, numbers, settings).run()
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
            dropout=float(self.dropout),
            clip=checks.positive(self.clip, "clip"),
            patience=patience,
            validation_fraction=float(self.validation_fraction),
            rate_limit=limit,
            seed=checks.whole(self.random_state, "random_state"),
            progress=self.progress,
        )

    def _fitted(self) -> LiquidClassifier:
        check_is_fitted(self, "classifier_")
        runtime = {name: getattr(self, name) for name in ("backend", "arithmetic", "n_threads", "progress")}
        fitted: LiquidClassifier = self.classifier_.set_params(**runtime)
        return fitted

    def predict(self, X: Any) -> Any:
        """Return the predicted label of each sample of ``X``."""
        return self._fitted().predict(X)

    def predict_proba(self, X: Any) -> Floats:
        """Return the probability of each class, (samples, classes), where the readout has it."""
        return np.asarray(self._fitted().predict_proba(X))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the trained model to the file ``path``; `lsm_sim.LiquidClassifier.load` reads it, without PyTorch."""
        self._fitted().save(path)

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions and y is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags
