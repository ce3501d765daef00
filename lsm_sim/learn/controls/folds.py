"""Training and test samples, for every seed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import numpy as np
from sklearn.model_selection import KFold, StratifiedKFold

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints

Fold: TypeAlias = tuple[Ints, Ints]
Folds: TypeAlias = int | Sequence[tuple[Any, Any]] | Callable[[int], Iterable[tuple[Any, Any]]]


def folds_of(cv: Folds, y: Any, task: str, seed: int) -> list[Fold]:
    """Return the (train, test) indices that ``cv`` defines; see `lsm_sim.learn.controls.compare`."""
    if callable(cv):
        made: Any = cv(seed)
        cv = [*made] if isinstance(made, Iterable) else made
    if not isinstance(cv, (list, tuple)):
        return _shuffled(checks.whole(cv, "cv", minimum=2), y, task, seed)
    if not all(isinstance(fold, (list, tuple)) and len(fold) == 2 for fold in cv):
        raise DescriptionError("cv: got a list of something else, expected (train, test) pairs of indices or masks")
    folds = [(_indices(train, len(y)), _indices(test, len(y))) for train, test in cv]
    _check(folds, y, task)
    return folds


def one_group_out(groups: Any) -> list[Fold]:
    """Return one fold per group, in sorted order: test on it after training on all others.

    >>> [test.tolist() for _, test in one_group_out(["b", "a", "b"])]
    [[1], [0, 2]]
    """
    names = np.asarray(groups)
    if np.unique(names).size < 2:
        raise DescriptionError(
            f"groups: got only {names[0] if names.size else 'nothing'}, expected at least two to leave one out"
        )
    return [(np.flatnonzero(names != name), np.flatnonzero(names == name)) for name in np.unique(names)]


def left_out(groups: Ints | None, folds: Sequence[Fold]) -> Ints | None:
    """Return the groups if folds test groups that they do not train on and there are always two to choose alpha with."""
    if groups is None:
        return None
    new = all(not np.isin(groups[test], groups[train]).any() for train, test in folds)
    return groups if new and all(np.unique(groups[train]).size > 1 for train, _ in folds) else None


def _shuffled(n: int, y: Any, task: str, seed: int) -> list[Fold]:
    if task == "regress":
        most, why = len(y), f"there are {len(y)} samples"
    else:
        classes, counts = np.unique(y, return_counts=True)
        if classes.size < 2:
            raise DescriptionError(f"y: got one class only, {classes[0]!s}; expected at least two")
        most, why = int(counts.min()), f"class {classes[counts.argmin()]!s} has {counts.min()} samples"
    if n > most:
        remedy = f"use at most {most}" if most > 1 else "get more samples"
        raise DescriptionError(f"cv: got {n} folds, but {why} and each fold needs one; {remedy}")
    split = KFold if task == "regress" else StratifiedKFold
    return list(split(n, shuffle=True, random_state=seed).split(np.zeros(len(y)), y))


def _indices(chosen: Any, n: int) -> Ints:
    """Return indices from indices or booleans."""
    array = np.asarray(chosen)
    if array.dtype == bool and array.shape == (n,):
        return np.flatnonzero(array)
    indices = checks.whole_array(array, "cv")
    if indices.ndim != 1 or indices.size == 0 or indices.min() < 0 or indices.max() >= n:
        raise DescriptionError(
            f"cv: got a fold of shape {indices.shape}, expected at least one index, all in 0..{n - 1}"
        )
    return indices


def _check(folds: Sequence[Fold], y: Any, task: str) -> None:
    if not folds:
        raise DescriptionError("cv: got no folds, expected at least one (train, test) pair")
    tested = np.concatenate([test for _, test in folds])
    if np.unique(tested).size < tested.size:
        raise DescriptionError("cv: a sample is tested twice; expected every sample in one test set at most")
    for train, test in folds:
        if train.size == 0 or test.size == 0:
            raise DescriptionError("cv: got a fold without training or without test samples; expected some of both")
        if np.intersect1d(train, test).size:
            raise DescriptionError("cv: a fold trains on samples that it tests; expected none in both")
        if task == "classify" and np.unique(np.asarray(y)[train]).size < 2:
            raise DescriptionError(
                f"y: got one class only, {np.asarray(y)[train][0]!s}, to train on; expected at least two"
            )
