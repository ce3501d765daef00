"""Checks of what a user asks to compare."""

from __future__ import annotations

from collections.abc import Sized
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.learn.controls.rivals import RIVALS
from lsm_sim.learn.controls.rows import entries, load
from lsm_sim.learn.controls.views import MORE, VIEWS
from lsm_sim.learn.pipelines import front_and_liquid
from lsm_sim.learn.readout import Task
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints, real_array


def checked_seeds(seeds: Any) -> list[int]:
    """Return the seeds, at least one."""
    numbers = [checks.whole(seed, "seeds") for seed in checks.items(seeds, "seeds", "a list of seeds")]
    if not numbers:
        raise DescriptionError("seeds: got none, expected at least one")
    return numbers


def check_larger(larger: Any, seed: int) -> None:
    """Raise unless the model is None, or one that can be compared."""
    if larger is None:
        return
    try:
        front_and_liquid(reseeded(larger, seed))
    except DescriptionError as error:
        raise DescriptionError(f"larger: {error}") from None


def checked_samples(X: Any, y: Any, groups: Any, task: Task) -> tuple[Any, Ints | None]:
    """Return the labels or values, and the numbers of the groups."""
    if not isinstance(X, Sized) or (isinstance(X, np.ndarray) and X.ndim == 0):
        raise DescriptionError(f"X: got {type(X).__name__}, expected samples; see LiquidClassifier.fit")
    checks.shape(y, "y")
    labels = np.asarray(y) if task == "classify" else real_array(y, "y")
    if labels.shape != (len(X),):
        raise DescriptionError(f"y: got shape {labels.shape}, expected ({len(X)},), one value per sample of X")
    if groups is not None and checks.shape(groups, "groups") != labels.shape:
        raise DescriptionError(f"groups: got shape {np.shape(groups)}, expected ({len(X)},), one value per sample of X")
    return labels, None if groups is None else np.unique(groups, return_inverse=True)[1]


def checked_views(views: Any, task: Task) -> tuple[str, ...]:
    """Return the views after checking that they are known, fit the task, and are installed."""
    listed, known = checks.items(views, "views", f"a list of some of {', '.join(VIEWS)}"), (*VIEWS, *MORE, *entries())
    unknown = [view for view in listed if not isinstance(view, str) or view not in known]
    if unknown or not listed:
        raise DescriptionError(f"views: got {unknown or 'none'}, expected some of {', '.join(known)}")
    rivals = [view for view in listed if view in RIVALS]
    if rivals and task == "regress":
        raise DescriptionError(f"views: got {rivals[0]} for values, expected a classifier; rivals need labels")
    load(listed)  # says now what is missing
    return tuple(listed)
