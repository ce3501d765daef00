"""The training loop that all cells share.

AdamW with one cycle of the learning rate, gradients of bounded norm, early stopping on a part of the samples. One thread computes,
and all random numbers come from one seed, so that the same seed gives the same parameters on the CPU.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.progress import progress_bar
from lsm_sim.support.warn import warn
from lsm_sim_liquid_torch.sequences import Sequences

_TOGETHER = 256  # samples that are computed at once without training


@dataclass(frozen=True)
class Settings:
    """How to train; see `lsm_sim_liquid_torch.CellClassifier`."""

    epochs: int
    batch_size: int
    learning_rate: float
    weight_decay: float
    clip: float
    patience: int | None
    seed: int
    progress: bool | None


Loss = Callable[[Any, Any], Any]  # of outputs and targets: the mean over the samples


class Trainer:
    """Trains a network in place; ``history`` has the "loss" and, with validation, the "validation_loss" of each epoch."""

    def __init__(self, network: Any, samples: Sequences, targets: Any, loss: Loss, settings: Settings) -> None:
        self._network, self._samples, self._targets, self._loss = network, samples, targets, loss
        self._settings = settings
        self._shuffle = torch.Generator().manual_seed(settings.seed)
        self.history: list[dict[str, float]] = []

    def run(self, trained: Ints, validated: Ints) -> list[dict[str, float]]:
        """Train with some of the samples, and keep the parameters that are best on others, if there are any."""
        settings = self._settings
        n_steps = settings.epochs * -(-len(trained) // settings.batch_size)
        self._optimiser = torch.optim.AdamW(self._network.parameters(), weight_decay=settings.weight_decay)
        self._schedule = torch.optim.lr_scheduler.OneCycleLR(
            self._optimiser, max_lr=settings.learning_rate, total_steps=max(2, n_steps)
        )
        best, waited, kept = np.inf, 0, None
        with progress_bar(n_steps, settings.progress, "batch") as advance:
            for epoch in range(settings.epochs):
                if not self._epoch(epoch, trained, advance):
                    break
                loss = self._validated(validated) if len(validated) else -np.inf
                if loss < best:
                    best, waited, kept = loss, 0, copy.deepcopy(self._network.state_dict())
                elif len(validated):
                    waited += 1
                    if settings.patience is not None and waited > settings.patience:
                        break
        if len(validated) and kept is not None:
            self._network.load_state_dict(kept)
        return self.history

    def _epoch(self, epoch: int, trained: Ints, advance: Any) -> bool:
        """Train once with each sample; return False, before the parameters change, if the loss is not finite any more."""
        order = torch.from_numpy(trained)[torch.randperm(len(trained), generator=self._shuffle)]
        losses = []
        for step, batch in enumerate(order.split(self._settings.batch_size)):
            loss = self._loss(self._outputs(batch), self._targets[batch])
            self._optimiser.zero_grad()
            loss.backward()
            size = torch.nn.utils.clip_grad_norm_(self._network.parameters(), self._settings.clip)
            if not (torch.isfinite(loss) and torch.isfinite(size)):
                warn(
                    f"{type(self._network.cell).__name__}: the loss or its gradient is not finite in step {step} of epoch {epoch}; "
                    "training stops, and the last good parameters are kept; use a smaller learning_rate"
                )
                return False
            self._optimiser.step()
            self._schedule.step()
            losses.append(loss.item())
            advance(1)
        self.history.append({"loss": float(np.mean(losses))})
        return True

    def _validated(self, validated: Ints) -> float:
        """Return the mean loss of the samples that are not trained with, and add it to the history."""
        total = 0.0
        with torch.no_grad():
            for batch in torch.from_numpy(validated).split(_TOGETHER):
                total += len(batch) * self._loss(self._outputs(batch), self._targets[batch]).item()
        self.history[-1]["validation_loss"] = total / len(validated)
        return total / len(validated)

    def _outputs(self, batch: Any) -> Any:
        part = self._samples[batch]
        return self._network(part.values, part.gaps, part.lengths)


def outputs(network: Any, samples: Sequences) -> Floats:
    """Return what the network says of each sample, (B, targets)."""
    with torch.no_grad():
        parts = [samples[batch] for batch in torch.arange(len(samples)).split(_TOGETHER)]
        found = torch.cat([network(part.values, part.gaps, part.lengths) for part in parts])
    return np.asarray(found.numpy(), np.float64)


@contextmanager
def reproducible(seed: int) -> Iterator[None]:
    """Compute with one thread and random numbers from this seed; then go on with the user's own."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(before)
