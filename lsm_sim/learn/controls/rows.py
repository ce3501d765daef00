"""Rows of other packages: models that are trained as a whole, such as a trained liquid; found by entry points."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from typing import Any, Protocol

from lsm_sim.learn.common_scale import common_logistic
from lsm_sim.learn.controls.folds import Fold
from lsm_sim.learn.controls.views import Samples
from lsm_sim.learn.readout import Task, centred_ridge
from lsm_sim.support.checks import Ints

ENTRY_POINTS = "lsm_sim.rows"
TRAINED = ("trained", "trained_off", "layer", "plain")  # a trained liquid, and what it must be better than


@dataclass(frozen=True, eq=False)
class Trial:
    """One fold and one seed of a comparison, for a model that is trained as a whole.

    Parameters
    ----------
    samples
        All samples; front end, encoder and liquid have seen the training samples only.
    y
        Labels or values of all samples.
    fold
        Indices of the training samples and of the test samples.
    readout
        The unfitted readout that all views share.
    groups
        Group of each sample, if the tested groups are not among those of the training samples; else None.
    task
        ``"classify"`` or ``"regress"``.
    seed
        Seed of everything that is random.
    """

    samples: Samples
    y: Any
    fold: Fold
    readout: Any
    groups: Ints | None
    task: Task
    seed: int

    @property
    def training_groups(self) -> Ints | None:
        """Group of each training sample."""
        return None if self.groups is None else self.groups[self.fold[0]]


@dataclass(frozen=True, eq=False)
class Answer:
    """What a row predicts for the test samples, in their order, and the number of features that its last layer sees."""

    predicted: Any
    n_features: int


class Row(Protocol):
    """A function that trains on the training samples of a trial and predicts its test samples."""

    def __call__(self, trial: Trial) -> Answer:
        """Return the predictions."""
        ...


def load(views: Sequence[str]) -> dict[str, Row]:
    """Return those of the views that other packages have, by name; one that cannot be imported says what to install."""
    return {view: entries()[view].load() for view in views if view in entries()}


@functools.cache
def entries() -> dict[str, metadata.EntryPoint]:
    """Return the rows that installed packages declare, by name."""
    return {entry.name: entry for entry in sorted(metadata.entry_points(group=ENTRY_POINTS))}


def plain_readout(task: Task) -> Any:
    """Return a readout of counts that are not standardised: logistic regression for labels, ridge regression for values."""
    return common_logistic() if task == "classify" else centred_ridge(task)
