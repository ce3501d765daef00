"""scikit-learn estimators that train a time-continuous cell."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin
from sklearn.metrics import accuracy_score, r2_score
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import as_signals, checked_labels, checked_y, is_table
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim_liquid_torch.from_ncps import LTC, CfC
from lsm_sim_liquid_torch.liquid_ode import LiquidODE
from lsm_sim_liquid_torch.liquid_time_step import LiquidTimeStep
from lsm_sim_liquid_torch.network import LiquidNeuralNetwork
from lsm_sim_liquid_torch.sequences import Sequences, time_differences
from lsm_sim_liquid_torch.spiking_core import SpikingLiquidCore
from lsm_sim_liquid_torch.training import Loss, Settings, Trainer, outputs, reproducible

CELLS: dict[str, Callable[[int, int], Any]] = {
    "LiquidTimeStep": LiquidTimeStep,
    "CfC": CfC,
    "LTC": LTC,
    "LiquidODE": LiquidODE,
    "SpikingLiquidCore": SpikingLiquidCore,
}


class _CellEstimator(BaseEstimator):
    """What the classifier and the regressor share."""

    _sequences_in_fit: bool

    def __init__(
        self,
        cell: str | Callable[[int, int], Any] = "CfC",
        n_neurons: int = 32,
        *,
        epochs: int = 50,
        batch_size: int = 32,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        clip: float = 1.0,
        patience: int | None = 10,
        validation_fraction: float = 0.1,
        sample_shape: tuple[int, int] | None = None,
        random_state: int = 0,
        progress: bool | None = None,
    ) -> None:
        self.cell = cell
        self.n_neurons = n_neurons
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.clip = clip
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.sample_shape = sample_shape
        self.random_state = random_state
        self.progress = progress

    def _fit(
        self,
        signals: list[Floats],
        times: Any,
        groups: Any,
        targets: Any,
        n_outputs: int,
        loss: Loss,
        labels: Ints | None,
    ) -> None:
        """Train a new network; with ``labels`` the samples for validation are stratified, if there are no ``groups``."""
        settings = self._settings()
        if len(signals) != len(targets):
            raise DescriptionError(f"y: got {len(targets)} values for {len(signals)} samples of X")
        if groups is not None and checks.shape(groups, "groups") != (len(signals),):
            raise DescriptionError(
                f"groups: got shape {np.shape(groups)}, expected ({len(signals)},), one per sample of X"
            )
        differences = time_differences(times, signals)
        frames = np.concatenate(signals)
        deviation = frames.std(0)
        self.mean_, self.scale_ = frames.mean(0), np.where(deviation > 0, deviation, 1.0)
        self.time_scale_ = _mean_gap(differences)
        samples = self._sequences(signals, differences)
        parts = self._parts(len(signals), labels, groups)
        with reproducible(settings.seed):
            network = LiquidNeuralNetwork(self._cell(frames.shape[1]), n_outputs)
            self.history_ = Trainer(network, samples, torch.as_tensor(targets), loss, settings).run(*parts)
        self.network_ = network

    def _settings(self) -> Settings:
        """Return the parameters of training after checking them."""
        fraction = checks.probability(self.validation_fraction, "validation_fraction")
        if fraction == 1:
            raise DescriptionError("validation_fraction: got 1, expected less than 1")
        decay = checks.real(self.weight_decay, "weight_decay")
        if decay < 0:
            raise DescriptionError(f"weight_decay: got {decay:g}, expected a number >= 0")
        return Settings(
            epochs=checks.whole(self.epochs, "epochs", minimum=1),
            batch_size=checks.whole(self.batch_size, "batch_size", minimum=1),
            learning_rate=checks.positive(self.learning_rate, "learning_rate"),
            weight_decay=decay,
            clip=checks.positive(self.clip, "clip"),
            patience=None if self.patience is None else checks.whole(self.patience, "patience"),
            seed=checks.whole(self.random_state, "random_state", maximum=2**63 - 1),
            progress=self.progress,
        )

    def _cell(self, n_inputs: int) -> Any:
        n_neurons = checks.whole(self.n_neurons, "n_neurons", minimum=1)
        if callable(self.cell):
            return self.cell(n_inputs, n_neurons)
        return CELLS[checks.choice(self.cell, "cell", CELLS)](n_inputs, n_neurons)

    def _signals(self, X: Any, *, reset: bool) -> list[Floats]:
        """Return X as arrays (frames, channels) after checking their channels."""
        signals = as_signals(self, X, reset=reset, sequences=not reset and self._sequences_in_fit)
        if reset:
            self._sequences_in_fit = not is_table(X)
            if self._sequences_in_fit:
                self.n_features_in_ = signals[0].shape[1]
        elif signals[0].shape[1] != len(self.mean_):
            raise DescriptionError(
                f"X: got signals of {signals[0].shape[1]} channels, expected {len(self.mean_)} as in fit"
            )
        if not all(map(len, signals)):
            raise DescriptionError("X: got a sample without frames, expected at least one frame")
        return signals

    def _sequences(self, signals: list[Floats], differences: list[Floats] | None) -> Sequences:
        """Return the samples with each channel standardised, and gaps in units of the mean gap in fit."""
        scaled = [(signal - self.mean_) / self.scale_ for signal in signals]
        if differences is None:
            return Sequences.pad(scaled, [np.ones(len(signal)) for signal in signals])
        return Sequences.pad(scaled, [np.concatenate([[1.0], own / self.time_scale_]) for own in differences])

    def _parts(self, n_samples: int, labels: Ints | None, groups: Any) -> tuple[Ints, Ints]:
        """Return the samples to train with and those to validate with, which are none if there are too few samples."""
        everyone = np.arange(n_samples)
        n_validated = round(self.validation_fraction * n_samples)
        if not 0 < n_validated < n_samples:
            return everyone, everyone[:0]
        n_groups = 1 if groups is None else np.unique(groups).size
        if n_groups > 1:
            size = min(n_groups - 1, max(1, round(self.validation_fraction * n_groups)))
            split = GroupShuffleSplit(1, test_size=size, random_state=self.random_state)
            trained, validated = next(split.split(everyone, groups=groups))
            return trained, validated
        even = labels is not None
        if labels is not None:
            sizes = np.bincount(labels)
            even = bool(sizes.min() > 1) and min(n_validated, n_samples - n_validated) >= len(sizes)
        trained, validated = train_test_split(
            everyone, test_size=n_validated, random_state=self.random_state, stratify=labels if even else None
        )
        return trained, validated

    def _outputs(self, X: Any, times: Any) -> Floats:
        check_is_fitted(self, "network_")
        signals = self._signals(X, reset=False)
        samples = self._sequences(signals, time_differences(times, signals))
        with reproducible(0):
            return outputs(self.network_, samples)

    def __sklearn_tags__(self) -> Any:
        """Declare that X may have three dimensions and y is needed."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = True
        tags.target_tags.required = True
        return tags


class CellClassifier(ClassifierMixin, _CellEstimator):
    """Classify sequences with a time-continuous cell, which is trained with a linear layer on its last and its mean output.

    X is a list of samples (frames, channels), of any lengths, or an array (samples, frames, channels), or a table whose rows are
    samples of one frame (``sample_shape`` for more). Times are given to `fit`, `predict` and `score`. Channels are standardised.

    Parameters
    ----------
    cell
        "LiquidTimeStep", "CfC", "LTC", "LiquidODE" or "SpikingLiquidCore"; or a function of the numbers of input channels and of neurons
        that returns a cell, such as ``functools.partial(LiquidODE, method="dopri5")``.
    n_neurons
        Size of the state.
    epochs, batch_size
        How often each sample is seen at most, and how many samples make one step.
    learning_rate, weight_decay
        Largest learning rate (one cycle) and weight decay of AdamW.
    clip
        Largest norm of the gradient.
    patience
        Stop when the loss on a part of the samples has not fallen for more than so many epochs; None: never. The parameters with the
        smallest of these losses are kept.
    validation_fraction
        That part; 0: train with all samples, all epochs.
    sample_shape
        Frames and channels of a row, if X is a table; None: one frame.
    random_state
        Seed of everything that is random: the same gives the same model, on the CPU.
    progress
        Show a progress bar; None: in a terminal.

    Attributes
    ----------
    network_
        The trained `LiquidNeuralNetwork`.
    history_
        For each epoch "loss" and "validation_loss".
    classes_
        The labels.
    time_scale_
        The unit of the gaps that the network sees: the mean gap in `fit`, 1 without times.
    """

    def fit(self, X: Any, y: Any, times: Any = None, groups: Any = None) -> CellClassifier:
        """Train on the samples ``X`` and their labels ``y``.

        ``times`` has for each sample the times of its frames, (frames,), increasing, in any unit; None: the frames are one unit apart.
        ``groups`` has the name or number of each sample's group, such as its speaker, (samples,): no group is then both in training and
        in the part for ``patience``. None: samples are independent.
        """
        labels, signals = checked_labels(self, y), self._signals(X, reset=True)
        self.classes_, numbers = np.unique(labels, return_inverse=True)
        if self.classes_.size < 2:
            raise DescriptionError(f"y: got one class only, {labels[0]!r}; expected at least two classes")
        self._fit(signals, times, groups, numbers, len(self.classes_), torch.nn.functional.cross_entropy, numbers)
        return self

    def predict_proba(self, X: Any, times: Any = None) -> Floats:
        """Return the probability of each class, (samples, classes); ``times`` as in `fit`."""
        scores = self._outputs(X, times)
        powers = np.exp(scores - scores.max(1, keepdims=True))
        return np.asarray(powers / powers.sum(1, keepdims=True))

    def predict(self, X: Any, times: Any = None) -> Any:
        """Return the predicted label of each sample; ``times`` as in `fit`."""
        best = self._outputs(X, times).argmax(1)
        return self.classes_[best]

    def score(self, X: Any, y: Any, times: Any = None) -> float:
        """Return the accuracy; ``times`` as in `fit`."""
        return float(accuracy_score(y, self.predict(X, times)))


class CellRegressor(RegressorMixin, _CellEstimator):
    """Predict values from sequences with a time-continuous cell; parameters and attributes as for `CellClassifier`.

    The loss is the mean squared error of the standardised values.
    """

    def fit(self, X: Any, y: Any, times: Any = None, groups: Any = None) -> CellRegressor:
        """Train on the samples ``X`` and their values ``y``, (samples,) or (samples, targets).

        ``times`` and ``groups`` as in `CellClassifier.fit`.
        """
        values = np.asarray(checked_y(self, y, multi_output=True, y_numeric=True), np.float64)
        columns = values.reshape(len(values), -1)
        deviation = columns.std(0)
        self._y_mean, self._y_scale = columns.mean(0), np.where(deviation > 0, deviation, 1.0)
        self._y_shape = values.shape[1:]
        targets = ((columns - self._y_mean) / self._y_scale).astype(np.float32)
        signals, loss = self._signals(X, reset=True), torch.nn.functional.mse_loss
        self._fit(signals, times, groups, targets, columns.shape[1], loss, None)
        return self

    def predict(self, X: Any, times: Any = None) -> Floats:
        """Return the predicted values, of the shape of ``y`` in fit; ``times`` as in `fit`."""
        found = self._outputs(X, times)
        return np.asarray((found * self._y_scale + self._y_mean).reshape(len(found), *self._y_shape))

    def score(self, X: Any, y: Any, times: Any = None) -> float:
        """Return the coefficient of determination, R squared; ``times`` as in `fit`."""
        return float(r2_score(y, self.predict(X, times)))

    def __sklearn_tags__(self) -> Any:
        """Declare that y may have several columns."""
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = True
        return tags


def _mean_gap(differences: list[Floats] | None) -> float:
    """Return the unit in which gaps are measured."""
    gaps = np.concatenate(differences or [np.ones(0)])
    return float(gaps.mean()) if gaps.size else 1.0
