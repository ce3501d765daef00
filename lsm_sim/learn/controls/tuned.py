"""Comparisons in which the liquid and each control are tuned, all with the same number of settings."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import StratifiedKFold

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.comparison import Comparison
from lsm_sim.learn.controls.folds import Fold, left_out, one_group_out
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.parallel import Work, in_order
from lsm_sim.support.progress import progress_bar

_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Setting:
    """One setting of a view: what it is, and a function that returns the features of all samples for a seed.

    The features of a sample must not depend on the other samples, since they are computed before samples are left out; unless
    ``learns`` is set: then the function is called for each fold, with the indices of its training samples too.
    """

    text: str
    features: Callable[..., Floats]
    learns: bool = False


@dataclass(frozen=True, eq=False)
class Tuned:
    """A comparison, and how often each setting was chosen, by view."""

    comparison: Comparison
    chosen: Mapping[str, Mapping[str, int]]


def compare_tuned(
    views: Mapping[str, Sequence[Setting]],
    y: Ints,
    folds: Sequence[Fold],
    *,
    readout: Any,
    seeds: Sequence[int],
    groups: Any = None,
    settings: Mapping[str, Any] | None = None,
    n_threads: int | None = None,
    workers: int | None = None,
    dask: str | None = None,
    progress: bool | None = None,
) -> Tuned:
    """Choose a setting of every view on the training samples of each fold, for each seed, and test it on the test samples.

    The best setting has the highest accuracy in cross-validation of the training samples: by leaving one group out if the
    tested groups are not among them and there are two or more, else in 5 stratified folds. Of equal ones the first is chosen.

    Parameters
    ----------
    views
        The settings of each view; all views must have equally many.
    y
        Labels, (samples,).
    folds
        Indices of training and test samples.
    readout
        Unfitted classifier.
    seeds
        What the features are computed for.
    groups
        As in `compare`.
    settings
        What to store in the comparison besides the settings that were tried and chosen.
    n_threads, progress
        As in `compare`.
    workers, dask
        As in `compare`, but a process takes one view of one seed at a time.
    """
    work = Work(workers, dask)
    sizes = {view: len(own) for view, own in views.items()}
    if len(set(sizes.values())) != 1 or 0 in sizes.values():
        raise DescriptionError(f"views: got {sizes} settings, expected equally many of each view")
    numbers = None if groups is None else np.unique(groups, return_inverse=True)[1]
    job = _Job(views, y, folds, readout, numbers, n_threads)
    tested = np.sort(np.concatenate([test for _, test in folds]))
    tasks = [(seed, view) for seed in seeds for view in reversed([*views])]  # so that the last ones are short
    rows: dict[str, list[_Row]] = {view: [] for view in views}
    watch = Stopwatch()
    with progress_bar(len(tasks), progress, unit="view") as advance:
        for (_, view), row in zip(tasks, in_order(_one_row, job, tasks, work), strict=True):
            rows[view].append(row)
            watch.add(row.watch)
            advance(1)
    chosen = {view: dict(Counter(text for row in own for text in row.chosen)) for view, own in rows.items()}
    tried = {view: [setting.text for setting in own] for view, own in views.items()}
    comparison = Comparison(
        "accuracy",
        tuple(seeds),
        y[tested],
        {view: [row.predicted[tested] for row in own] for view, own in rows.items()},
        {view: own[-1].n_features for view, own in rows.items()},
        {stage: watch.seconds[stage] for stage in (*views, "readout")},
        blocks=None if numbers is None else numbers[tested],
        settings={**(settings or {}), "tried": tried, "chosen": chosen},
    )
    return Tuned(comparison, chosen)


@dataclass(frozen=True, eq=False)
class _Row:
    """One view of one seed: predictions, the setting that each fold chose, and the time."""

    predicted: Any
    chosen: Sequence[str]
    n_features: int
    watch: Stopwatch


def _one_row(job: _Job, task: tuple[int, str], _n_threads: int | None) -> _Row:
    """Return the results of one view of one seed; in this process or another one."""
    return job.row(*task)


@dataclass(frozen=True, eq=False)
class _Job:
    """What all rows share."""

    views: Mapping[str, Sequence[Setting]]
    y: Ints
    folds: Sequence[Fold]
    readout: Any
    groups: Ints | None
    n_threads: int | None

    def row(self, seed: int, view: str) -> _Row:
        """Return the predictions of one view for all samples that are tested."""
        settings, watch = self.views[view], Stopwatch()
        with watch.stage(view):
            shared = [None if setting.learns else setting.features(seed) for setting in settings]
        out, chosen, n_features = np.empty_like(self.y), [], 0
        for train, test in self.folds:
            with watch.stage(view):
                pairs = zip(settings, shared, strict=True)
                features = [one.features(seed, train) if found is None else found for one, found in pairs]
            n_features = features[0].shape[1]
            with watch.stage("readout"):
                best = int(np.argmax(self._accuracies(features, train)))
                chosen.append(settings[best].text)
                out[test] = self._readouts([features[best]], [(train, test)])[0][test]
        return _Row(out, chosen, n_features, watch)

    def _accuracies(self, features: Sequence[Floats], train: Ints) -> list[float]:
        """Return the accuracy of each setting in cross-validation of the training samples."""
        if len(features) == 1:
            return [0.0]
        if self.groups is not None and left_out(self.groups, self.folds) is not None:
            inner = one_group_out(self.groups[train])
        else:
            n = min(_FOLDS, int(np.unique(self.y[train], return_counts=True)[1].min()))
            inner = list(StratifiedKFold(max(2, n), shuffle=True, random_state=0).split(train, self.y[train]))
        folds = [(train[one], train[other]) for one, other in inner]
        return [float(np.mean(found[train] == self.y[train])) for found in self._readouts(features, folds)]

    def _readouts(self, features: Sequence[Floats], folds: Sequence[Fold]) -> list[Any]:
        """Return what readouts trained on each fold predict for its test samples, for each array of features."""
        views = {str(k): View([own], [self.readout]) for k, own in enumerate(features)}
        found = cross_validate(views, self.y, folds, self.n_threads, lambda _: None, left_out(self.groups, folds))
        return [found[str(k)] for k in range(len(features))]
