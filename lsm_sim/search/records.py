"""A search as plain records: the problem, and each trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lsm_sim.learn.pipelines import take
from lsm_sim.learn.readout import Task as Kind
from lsm_sim.search.objectives import Data
from lsm_sim.search.splits import Split


@dataclass(frozen=True, eq=False)
class Problem:
    """The model, all samples, and which of them the search sees."""

    model: Any
    X: Any
    y: Any
    groups: Any
    kind: Kind
    split: Split

    def data(self) -> Data:
        """Return the samples that the search sees."""
        seen = self.split.seen
        groups = None if self.groups is None else self.groups[seen]
        return Data(take(self.X, seen), self.y[seen], groups, self.split.folds, self.kind)


@dataclass(frozen=True)
class Trial:
    """One trial.

    Parameters
    ----------
    place
        Its number in the search, from which its parameters follow.
    state
        ``"complete"``, ``"pruned"`` before its last fold, ``"fail"``, or ``"running"`` in a process that works now.
    parameters
        By name.
    values
        Of each objective, by name; empty unless complete.
    folds
        The score of each fold that was evaluated.
    seconds
        How long it took.
    why
        Why it failed, else empty.
    """

    place: int
    state: str
    parameters: Mapping[str, Any]
    values: Mapping[str, float]
    folds: tuple[float, ...]
    seconds: float
    why: str
