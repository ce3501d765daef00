"""Training a twin and a linear layer on its spike counts, to classify samples.

The recipe: AdamW with one cycle of the learning rate, dropout before the linear layer, gradients of bounded norm. All random
numbers come from one seed, and one thread computes, so that the same seed gives the same parameters.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim.support.progress import progress_bar
from lsm_sim.support.warn import warn
from lsm_sim_torch.twin import Twin


@dataclass(frozen=True)
class Settings:
    """How to train; see `lsm_sim_torch.TrainedLiquidClassifier`."""

    epochs: int = 12
    batch_size: int = 64
    learning_rate: float = 2e-3
    head_learning_rate: float = 5e-3
    dropout: float = 0.2
    clip: float = 1.0
    patience: int | None = None
    validation_fraction: float = 0.1
    rate_limit: float | None = None
    seed: int = 0
    bins: int = 1
    sqrt: bool = False
    progress: bool | None = None


class Trainer:
    """Trains the parameters of a twin in place; ``history`` has a dict for each epoch."""

    def __init__(self, twin: Twin, stimulus: Spikes, labels: Ints, settings: Settings) -> None:
        self._twin, self._stimulus, self._settings = twin, stimulus, settings
        self._labels = torch.as_tensor(labels)
        self._random = torch.Generator().manual_seed(settings.seed)
        n_features = twin.n_neurons * settings.bins
        noise = torch.randn(int(labels.max()) + 1, n_features, generator=self._random)
        self._weight = torch.nn.Parameter((noise / n_features**0.5).to(twin.dtype))
        self._bias = torch.nn.Parameter(torch.zeros(len(noise), dtype=twin.dtype))
        self._parts = self._split(labels)
        self.history: list[dict[str, float]] = []

    def _split(self, labels: Ints) -> tuple[Any, Any]:
        """Return the samples to train with and those to validate with, none without early stopping."""
        everyone = np.arange(len(labels))
        n_validated = round(self._settings.validation_fraction * len(labels))
        if self._settings.patience is None or not 0 < n_validated < len(labels):
            return everyone, everyone[:0]
        sizes = np.bincount(labels)
        even = sizes[sizes > 0].min() > 1 and min(n_validated, len(labels) - n_validated) >= (sizes > 0).sum()
        trained, validated = train_test_split(
            everyone, test_size=n_validated, random_state=self._settings.seed, stratify=labels if even else None
        )
        return trained, validated

    def run(self) -> list[dict[str, float]]:
        """Train, and leave the twin with the best parameters; return the history."""
        settings, (trained, validated) = self._settings, self._parts
        n_batches = -(-len(trained) // settings.batch_size)
        self._optimiser, self._schedule = self._optimisers(settings.epochs * n_batches)
        best, waited, kept = np.inf, 0, self._state()
        with _one_thread(), progress_bar(settings.epochs * n_batches, settings.progress, "batch") as advance:
            for epoch in range(settings.epochs):
                if not self._epoch(epoch, trained, advance):
                    break
                loss = self._validated(validated) if len(validated) else -np.inf
                if loss < best or not len(validated):
                    best, waited, kept = loss, 0, self._state()
                    continue
                waited += 1
                if waited > (settings.patience or 0):
                    break
        self._restore(kept)
        return self.history

    def _optimisers(self, n_steps: int) -> tuple[Any, Any]:
        """Return the optimiser and the schedule of its learning rates."""
        rates = [self._settings.learning_rate, self._settings.head_learning_rate]
        parts = [[*self._twin.parameters()], [self._weight, self._bias]]
        groups = [{"params": own, "lr": rate} for own, rate in zip(parts, rates, strict=True)]
        optimiser = torch.optim.AdamW(groups)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rates, total_steps=max(2, n_steps))
        return optimiser, schedule

    def _epoch(self, epoch: int, trained: Any, advance: Any) -> bool:
        """Train once with each sample; return False if the loss is not finite any more."""
        order = trained[torch.randperm(len(trained), generator=self._random).numpy()]
        losses, rates = [], []
        for step, first in enumerate(range(0, len(order), self._settings.batch_size)):
            batch = order[first : first + self._settings.batch_size]
            scores, rate = self._scores(batch, dropout=self._settings.dropout)
            loss = torch.nn.functional.cross_entropy(scores, self._labels[batch]) + self._penalty(rate)
            self._optimiser.zero_grad()
            loss.backward()
            own = [*self._twin.parameters()]
            size = torch.nn.utils.clip_grad_norm_(own, self._settings.clip) if own else loss.detach()
            if not (torch.isfinite(loss) and torch.isfinite(size)):
                warn(
                    f"TrainedLiquidClassifier: the loss or its gradient is not finite in step {step} of epoch {epoch}; training "
                    "stops, with the parameters after the last good epoch; use a smaller learning_rate"
                )
                return False
            self._optimiser.step()
            self._schedule.step()
            self._twin.clamp_()
            losses.append(loss.item())
            rates.append(rate.mean().item())
            advance(1)
        self.history.append({"loss": float(np.mean(losses)), "rate": float(np.mean(rates))})
        return True

    def _validated(self, validated: Any) -> float:
        """Return the loss of the samples that are not trained with, and add it to the history."""
        total, right = 0.0, 0
        with torch.no_grad():
            for first in range(0, len(validated), self._settings.batch_size):
                batch = validated[first : first + self._settings.batch_size]
                scores, _ = self._scores(batch, dropout=0.0)
                total += torch.nn.functional.cross_entropy(scores, self._labels[batch], reduction="sum").item()
                right += int((scores.argmax(1) == self._labels[batch]).sum())
        loss = total / len(validated)
        self.history[-1] |= {"validation_loss": loss, "validation_score": right / len(validated)}
        return loss

    def predict(self, stimulus: Spikes) -> Ints:
        """Return the class that the linear layer gives each sample."""
        parts = [stimulus[first : first + 64] for first in range(0, len(stimulus), 64)]
        with torch.no_grad(), _one_thread():
            found: Ints = np.concatenate([self._scores_of(part, 0.0)[0].argmax(1).numpy() for part in parts])
        return found

    def _scores(self, batch: Any, dropout: float) -> tuple[Any, Any]:
        return self._scores_of(self._stimulus[batch], dropout)

    def _scores_of(self, stimulus: Spikes, dropout: float) -> tuple[Any, Any]:
        """Return the score of each class, and the rate of each neuron in Hz, (B, N)."""
        inputs, mask = self._twin.events(stimulus)
        spikes = self._twin(inputs, mask)
        edges = torch.as_tensor(equal_bins(stimulus.n_steps, self._settings.bins))
        steps = torch.arange(spikes.shape[1])
        inside = (steps[None, :, None] >= edges[:, None, :-1]) & (steps[None, :, None] < edges[:, None, 1:])
        counts = torch.einsum("btn,btk->bkn", spikes, inside.to(spikes.dtype))
        seconds = torch.as_tensor(stimulus.n_steps * stimulus.dt)[:, None].to(spikes.dtype)
        features = (torch.sqrt(counts + 0.25) - 0.5 if self._settings.sqrt else counts).flatten(1)
        if dropout:
            kept = torch.rand(features.shape, generator=self._random) >= dropout
            features = features * kept / (1 - dropout)
        return features @ self._weight.T + self._bias, counts.sum(1) / seconds

    def _penalty(self, rate: Any) -> Any:
        """Return how far neurons are above the limit of their mean rate, relative to it, squared."""
        limit = self._settings.rate_limit
        if limit is None:
            return 0.0
        return torch.relu(rate.mean(0) / limit - 1).square().mean()

    def _state(self) -> dict[str, Any]:
        return {name: value.detach().clone() for name, value in self._twin.named_parameters()}

    def _restore(self, state: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, value in self._twin.named_parameters():
                value.copy_(state[name])


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
