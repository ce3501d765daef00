"""What a liquid is trained for: classes or values, with the loss of what the linear layer says."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import torch
from sklearn.model_selection import train_test_split

from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Ints


class Task(Protocol):
    """The targets of all samples; ``batch`` has numbers of samples, ``scores`` (B, n_outputs) what the layer says of them."""

    n_outputs: int

    def __len__(self) -> int:
        """Return the number of samples."""

    def content(self) -> bytes:
        """Return the targets as bytes, which tell tasks apart."""

    def split(self, n_validated: int, seed: int) -> tuple[Ints, Ints]:
        """Return the samples to train with, and those to validate with."""

    def loss(self, scores: Any, batch: Any) -> Any:
        """Return the mean loss, a tensor without dimensions."""

    def score(self, scores: Any, batch: Any) -> float:
        """Return what scikit-learn's ``score`` would."""

    def answers(self, scores: Any) -> Any:
        """Return labels or values, as they were given."""


class Classes:
    """Labels, and cross entropy; the score is accuracy."""

    def __init__(self, labels: Any) -> None:
        self._classes, numbers = np.unique(labels, return_inverse=True)
        self.n_outputs = len(self._classes)
        if self.n_outputs < 2:
            raise DescriptionError(f"y: got one class only, {labels[0]!r}; expected at least two classes")
        self._numbers = torch.as_tensor(numbers)

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._numbers)

    def content(self) -> bytes:
        """Return the targets as bytes."""
        return bytes(self._numbers.numpy())

    def split(self, n_validated: int, seed: int) -> tuple[Ints, Ints]:
        """Return both parts with the same share of each class, where classes are large enough."""
        sizes = torch.bincount(self._numbers)
        even = sizes.min() > 1 and min(n_validated, len(self) - n_validated) >= self.n_outputs
        labels = self._numbers if even else None
        trained, validated = train_test_split(
            np.arange(len(self)), test_size=n_validated, random_state=seed, stratify=labels
        )
        return trained, validated

    def loss(self, scores: Any, batch: Any) -> Any:
        """Return the mean cross entropy."""
        return torch.nn.functional.cross_entropy(scores, self._numbers[batch].to(scores.device))

    def score(self, scores: Any, batch: Any) -> float:
        """Return the accuracy."""
        return float((scores.argmax(1).cpu() == self._numbers[batch]).double().mean())

    def answers(self, scores: Any) -> Any:
        """Return the label of the largest score."""
        return self._classes[scores.argmax(1).cpu().numpy()]


class Values:
    """Values (samples,) or (samples, targets), standardised, and their mean squared error; the score is R2."""

    def __init__(self, values: Any) -> None:
        given = np.asarray(values, np.float64)
        table = given.reshape(len(given), -1)
        spread = table.std(0)
        self._mean, self._spread = table.mean(0), np.where(spread > 0, spread, 1.0)
        self._values = torch.as_tensor((table - self._mean) / self._spread)
        self.n_outputs, self._shape = table.shape[1], given.shape[1:]

    def __len__(self) -> int:
        """Return the number of samples."""
        return len(self._values)

    def content(self) -> bytes:
        """Return the targets as bytes."""
        return b"".join(map(bytes, (self._values.numpy(), self._mean, self._spread)))

    def split(self, n_validated: int, seed: int) -> tuple[Ints, Ints]:
        """Return both parts, drawn at random."""
        trained, validated = train_test_split(np.arange(len(self)), test_size=n_validated, random_state=seed)
        return trained, validated

    def loss(self, scores: Any, batch: Any) -> Any:
        """Return the mean squared error of the standardised values."""
        return torch.nn.functional.mse_loss(scores, self._values[batch].to(scores.device, scores.dtype))

    def score(self, scores: Any, batch: Any) -> float:
        """Return R2, the mean of all targets."""
        true = self._values[batch].numpy()
        error, total = ((true - scores.double().cpu().numpy()) ** 2).sum(0), ((true - true.mean(0)) ** 2).sum(0)
        return float(np.mean(1 - error / np.where(total > 0, total, 1.0)))

    def answers(self, scores: Any) -> Any:
        """Return the values, no longer standardised."""
        values = scores.double().cpu().numpy() * self._spread + self._mean
        return values.reshape(len(values), *self._shape)
