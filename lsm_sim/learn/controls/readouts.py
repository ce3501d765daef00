"""Training and testing readouts on features, in parallel."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lsm_sim.learn.controls.folds import Fold
from lsm_sim.learn.controls.lean_ridge import fit_lean, is_lean
from lsm_sim.learn.ensemble import winners
from lsm_sim.learn.readout import fit
from lsm_sim.support import environment
from lsm_sim.support.checks import Floats, Ints

_MOST_THREADS = 8  # one fit takes about 150 MB with 1800 samples


@dataclass(frozen=True, eq=False)
class View:
    """Features to train a readout on: one array, or several whose readouts' scores are averaged."""

    parts: Sequence[Floats]
    readouts: Sequence[Any]

    @property
    def n_features(self) -> int:
        """Number of features, all parts together."""
        return sum(part.shape[1] for part in self.parts)


def cross_validate(
    views: Mapping[str, View],
    y: Any,
    folds: Sequence[Fold],
    n_threads: int | None,
    advance: Callable[[int], Any],
    groups: Any = None,
) -> dict[str, Any]:
    """Return predictions for each fold's test samples by readouts trained on its training samples, by view, shape of y.

    With ``groups``, readouts choose their regularisation by leaving groups out; see `lsm_sim.readout.fit`.

    The fits run in parallel with one thread of linear algebra each: this is faster than parallel linear algebra, and the
    order of sums does not depend on the number of cores.
    """
    tasks = [(name, fold) for name in sorted(views, key=lambda name: -views[name].n_features) for fold in folds]
    n_threads = min(n_threads or environment.cores(), _MOST_THREADS)
    predicted = {name: np.empty_like(y) for name in views}
    with threadpool_limits(1):
        pool = joblib.Parallel(n_threads, backend="threading", return_as="generator")
        parts = pool(joblib.delayed(_predict)(views[name], y, fold, groups) for name, fold in tasks)
        for (name, (_, test)), part in zip(tasks, parts, strict=True):
            predicted[name][test] = part
            advance(1)
    return predicted


def _predict(view: View, y: Any, fold: Fold, groups: Any) -> Any:
    train, test = fold
    own = None if groups is None else groups[train]
    fitted = [
        _fitted(clone(readout), part, y, train, own) for readout, part in zip(view.readouts, view.parts, strict=True)
    ]
    if len(fitted) == 1:
        return fitted[0].predict(view.parts[0][test])
    scores = [readout.decision_function(part[test]) for readout, part in zip(fitted, view.parts, strict=True)]
    return winners(np.mean(scores, axis=0), fitted[0].classes_)


def _fitted(readout: Any, X: Floats, y: Any, train: Ints, groups: Any) -> Any:
    """Return a readout trained on some samples."""
    if groups is None and is_lean(readout, X, train):
        return fit_lean(readout, X, y, train)
    return fit(_in_place(readout, groups), X[train], y[train], groups)


def _in_place(readout: Any, groups: Any) -> Any:
    """Return a pipeline whose scaler overwrites what it gets, which here is a copy; with groups, `fit` needs it twice."""
    if groups is not None:
        return readout
    first = readout[0] if isinstance(readout, Pipeline) else readout
    return (
        readout.set_params(**{f"{readout.steps[0][0]}__copy": False}) if isinstance(first, StandardScaler) else readout
    )
