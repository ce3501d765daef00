"""Training a twin and a linear layer on its spike counts, to tell classes or values.

The recipe: AdamW with one cycle of the learning rate, dropout before the linear layer, gradients of bounded norm. All random
numbers come from one seed, and on the processor one thread computes, so that the same seed gives the same parameters there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.files import PathLike
from lsm_sim.support.progress import progress_bar
from lsm_sim.support.warn import warn
from lsm_sim_torch.checkpoint import Checkpoint, description_of
from lsm_sim_torch.delays import DELAYS
from lsm_sim_torch.tasks import Task
from lsm_sim_torch.twin import Twin


@dataclass(frozen=True)
class Settings:
    """How to train; see `lsm_sim_torch.TrainedLiquidClassifier`."""

    epochs: int = 12
    batch_size: int = 64
    learning_rate: float = 2e-3
    head_learning_rate: float = 5e-3
    delay_learning_rate: float = 0.1
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

    def __init__(self, twin: Twin, stimulus: Spikes, task: Task, settings: Settings) -> None:
        self._twin, self._stimulus, self._task, self._settings = twin, stimulus, task, settings
        self._random = torch.Generator().manual_seed(settings.seed)
        n_features = twin.n_neurons * settings.bins
        noise = torch.randn(task.n_outputs, n_features, generator=self._random)
        place = {"dtype": twin.dtype, "device": twin.device}
        self._weight = torch.nn.Parameter((noise / n_features**0.5).to(**place))
        self._bias = torch.nn.Parameter(torch.zeros(len(noise), **place))
        self._trained, self._validated = self._split()
        self._n_batches = -(-len(self._trained) // settings.batch_size)
        self._optimiser, self._schedule = self._optimisers(settings.epochs * self._n_batches)
        self._epoch, self._best, self._waited = 0, float("inf"), 0
        self._kept = self._parameters()
        self.history: list[dict[str, float]] = []

    def _split(self) -> tuple[Any, Any]:
        """Return the samples to train with and those to validate with, none without early stopping."""
        everyone = np.arange(len(self._task))
        n_validated = round(self._settings.validation_fraction * len(everyone))
        if self._settings.patience is None or not 0 < n_validated < len(everyone):
            return everyone, everyone[:0]
        return self._task.split(n_validated, self._settings.seed)

    def run(self, checkpoint: PathLike | None = None) -> list[dict[str, float]]:
        """Train, and leave the twin with the best parameters; return the history.

        ``checkpoint`` is a file that is written after each epoch; if it is there, training goes on from it.
        """
        settings, total = self._settings, self._settings.epochs * self._n_batches
        file = None if checkpoint is None else Checkpoint(checkpoint, self._description())
        if file is not None and not file.load(self._resume):
            file.save(self._state())  # a path that cannot be written is refused now, not after an epoch
        with _one_thread(), progress_bar(total, settings.progress, "batch") as advance:
            advance(self._epoch * self._n_batches)
            while self._epoch < settings.epochs and self._waited <= (settings.patience or 0):
                if not self._train_once(advance):
                    break
                self._judge()
                self._epoch += 1
                if file is not None:
                    file.save(self._state())
        self._restore(self._kept)
        return self.history

    def _judge(self) -> None:
        """Keep the parameters if they are the best so far; without early stopping the last ones are."""
        loss = self._validate() if len(self._validated) else -np.inf
        if loss < self._best or not len(self._validated):
            self._best, self._waited, self._kept = loss, 0, self._parameters()
        else:
            self._waited += 1

    def _optimisers(self, n_steps: int) -> tuple[Any, Any]:
        """Return the optimiser and the schedule of its learning rates; nothing pulls delays, which count steps, to 0."""
        settings, twin = self._settings, dict(self._twin.named_parameters())
        delays = [twin.pop(name) for name in DELAYS if name in twin]
        groups: list[dict[str, Any]] = [{"params": [*twin.values()], "lr": settings.learning_rate}]
        groups += [{"params": [self._weight, self._bias], "lr": settings.head_learning_rate}]
        groups += [{"params": delays, "lr": settings.delay_learning_rate, "weight_decay": 0.0}] if delays else []
        rates = [group["lr"] for group in groups]
        optimiser = torch.optim.AdamW(groups)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=rates, total_steps=max(2, n_steps))
        return optimiser, schedule

    def _train_once(self, advance: Any) -> bool:
        """Train once with each sample; return False if the loss is not finite any more."""
        order = self._trained[torch.randperm(len(self._trained), generator=self._random).numpy()]
        losses, rates = [], []
        for step, first in enumerate(range(0, len(order), self._settings.batch_size)):
            batch = order[first : first + self._settings.batch_size]
            scores, rate = self._scores(batch, dropout=self._settings.dropout)
            loss = self._task.loss(scores, batch) + self._penalty(rate)
            self._optimiser.zero_grad()
            loss.backward()
            own = [*self._twin.parameters()]
            size = torch.nn.utils.clip_grad_norm_(own, self._settings.clip) if own else loss.detach()
            if not (torch.isfinite(loss) and torch.isfinite(size)):
                warn(
                    f"training: the loss or its gradient is not finite in step {step} of epoch {self._epoch}; training "
                    "stops, with the parameters after the last good epoch; use a smaller learning_rate"
                )
                return False
            self._optimiser.step()
            self._schedule.step()
            self._twin.clamp_()
            losses.append(loss.item())
            rates.append(rate.mean().item())
            advance(1, f"loss {losses[-1]:.3f}, rate {rates[-1]:.1f} Hz")
        self.history.append({"loss": float(np.mean(losses)), "rate": float(np.mean(rates))})
        return True

    def _validate(self) -> float:
        """Return the loss of the samples that are not trained with, and add it to the history."""
        size, validated = self._settings.batch_size, self._validated
        with torch.no_grad():
            parts = [validated[first : first + size] for first in range(0, len(validated), size)]
            scores = torch.cat([self._scores(part, dropout=0.0)[0] for part in parts])
            loss: float = self._task.loss(scores, validated).item()
        self.history[-1] |= {"validation_loss": loss, "validation_score": self._task.score(scores, validated)}
        return loss

    def predict(self, stimulus: Spikes) -> Any:
        """Return what the linear layer says of each sample: its label, or its values."""
        parts = [stimulus[first : first + 64] for first in range(0, len(stimulus), 64)]
        with torch.no_grad(), _one_thread():
            return self._task.answers(torch.cat([self._scores_of(part, 0.0)[0] for part in parts]))

    def _scores(self, batch: Any, dropout: float) -> tuple[Any, Any]:
        return self._scores_of(self._stimulus[batch], dropout)

    def _scores_of(self, stimulus: Spikes, dropout: float) -> tuple[Any, Any]:
        """Return the score of each class, and the rate of each neuron in Hz, (B, N)."""
        inputs, mask = self._twin.events(stimulus)
        spikes = self._twin(inputs, mask)
        device = spikes.device
        edges = torch.as_tensor(equal_bins(stimulus.n_steps, self._settings.bins), device=device)
        steps = torch.arange(spikes.shape[1], device=device)
        inside = (steps[None, :, None] >= edges[:, None, :-1]) & (steps[None, :, None] < edges[:, None, 1:])
        counts = torch.einsum("btn,btk->bkn", spikes, inside.to(spikes.dtype))
        seconds = torch.as_tensor(stimulus.n_steps * stimulus.dt, device=device)[:, None].to(spikes.dtype)
        features = (torch.sqrt(counts + 0.25) - 0.5 if self._settings.sqrt else counts).flatten(1)
        if dropout:
            kept = torch.rand(features.shape, generator=self._random) >= dropout  # the same on every device
            features = features * kept.to(device) / (1 - dropout)
        return features @ self._weight.T + self._bias, counts.sum(1) / seconds

    def _penalty(self, rate: Any) -> Any:
        """Return how far neurons are above the limit of their mean rate, relative to it, squared."""
        limit = self._settings.rate_limit
        if limit is None:
            return 0.0
        return torch.relu(rate.mean(0) / limit - 1).square().mean()

    def _parameters(self) -> dict[str, Any]:
        return {name: value.detach().clone() for name, value in self._twin.named_parameters()}

    def _restore(self, parameters: dict[str, Any]) -> None:
        with torch.no_grad():
            for name, value in self._twin.named_parameters():
                value.copy_(parameters[name])

    def _description(self) -> dict[str, str]:
        """Return what a checkpoint must be of."""
        settings = {name: value for name, value in vars(self._settings).items() if name != "progress"}
        return description_of(self._twin, self._stimulus, self._task, settings)

    def _state(self) -> dict[str, Any]:
        """Return all that the next epochs depend on."""
        return {
            "epoch": self._epoch,
            "best": self._best,
            "waited": self._waited,
            "history": self.history,
            "random": self._random.get_state(),
            "kept": self._kept,
            "twin": self._parameters(),
            "weight": self._weight.detach(),
            "bias": self._bias.detach(),
            "optimiser": self._optimiser.state_dict(),
            "schedule": self._schedule.state_dict(),
        }

    def _resume(self, state: dict[str, Any]) -> None:
        """Continue after the epoch at whose end `_state` gave ``state``."""
        self._restore(state["twin"])
        with torch.no_grad():
            self._weight.copy_(state["weight"])
            self._bias.copy_(state["bias"])
        self._optimiser.load_state_dict(state["optimiser"])
        self._schedule.load_state_dict(state["schedule"])
        self._random.set_state(state["random"])
        self._kept, self.history = dict(state["kept"]), list(state["history"])
        self._epoch, self._best, self._waited = int(state["epoch"]), float(state["best"]), int(state["waited"])


@contextmanager
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
