"""Samples that a search never sees, and the folds of those that it sees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GroupKFold, StratifiedGroupKFold

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.folds import Fold, folds_of, one_group_out
from lsm_sim.learn.readout import Task
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.seeding import stream


@dataclass(frozen=True, eq=False)
class Split:
    """Indices of the samples that the search sees and of those held out, and folds within the seen ones.

    ``folds`` are indices into ``seen``.
    """

    seen: Ints
    held_out: Ints
    folds: list[Fold]
    text: str


def split(y: Any, groups: Any, task: Task, *, cv: int, hold_out: Any, seed: int) -> Split:
    """Hold samples out, whole groups if there are groups, and divide the rest into folds."""
    held = _held_out(y, groups, task, hold_out, seed)
    seen, out = np.flatnonzero(~held), np.flatnonzero(held)
    if not seen.size:
        raise DescriptionError("hold_out: got all samples, expected some to search with")
    own = None if groups is None else groups[seen]
    if own is not None and out.size and np.isin(groups[out], own).any():
        raise DescriptionError("hold_out: got a group with samples on both sides, expected whole groups")
    folds, text = _folds(y[seen], own, task, checks.whole(cv, "cv", minimum=2), seed)
    if out.size:
        names = "" if groups is None else f" ({', '.join(map(str, np.unique(groups[out])))})"
        text += f"; {out.size} samples held out{names}"
    return Split(seen, out, folds, text)


def _held_out(y: Any, groups: Any, task: Task, hold_out: Any, seed: int) -> Bools:
    """Return which samples are held out."""
    checks.shape(hold_out, "hold_out")
    given = np.asarray(hold_out) if isinstance(hold_out, (list, tuple, np.ndarray)) else None
    if given is not None and given.ndim:
        if given.dtype != bool or given.shape != (len(y),):
            raise DescriptionError(
                f"hold_out: got an array of {given.dtype} and shape {given.shape}, expected a fraction in [0, 1) or one "
                f"boolean for each of {len(y)} samples"
            )
        return given
    share = checks.real(hold_out, "hold_out")
    if not 0 <= share < 1:
        raise DescriptionError(f"hold_out: got {share:g}, expected a fraction in [0, 1)")
    held = np.zeros(len(y), bool)
    if share == 0:
        return held
    rng = stream(seed, "search/hold_out")
    if groups is not None:
        names = np.unique(groups)
        n = max(1, round(share * names.size))
        if names.size - n < 2:
            raise DescriptionError(
                f"hold_out: {n} of {names.size} groups would leave {names.size - n}, expected at least two to search with; "
                "use hold_out 0"
            )
        return np.isin(groups, rng.permutation(names)[:n])
    for label in np.unique(y) if task == "classify" else [None]:
        own = np.flatnonzero(y == label) if label is not None else np.arange(len(y))
        held[rng.permutation(own)[: max(1, round(share * own.size))]] = True
    return held


def _folds(y: Any, groups: Any, task: Task, cv: int, seed: int) -> tuple[list[Fold], str]:
    """Return the folds, none of which tests a group that it trains on."""
    if groups is None:
        return folds_of(cv, y, task, seed), f"{cv} folds"
    n = np.unique(groups).size
    if n <= cv:
        return folds_of(one_group_out(groups), y, task, seed), f"one of {n} groups left out at a time"
    kind = StratifiedGroupKFold(cv, shuffle=True, random_state=seed) if task == "classify" else GroupKFold(cv)
    folds = list(kind.split(np.zeros(len(y)), y, groups))
    return folds_of(folds, y, task, seed), f"{cv} folds of {n} groups"
