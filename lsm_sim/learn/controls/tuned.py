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
    """
    sizes = {view: len(own) for view, own in views.items()}
    if len(set(sizes.values())) != 1 or 0 in sizes.values():
        raise DescriptionError(f"views: got {sizes} settings, expected equally many of each view")
    numbers = None if groups is None else np.unique(groups, return_inverse=True)[1]
    job = _Job(y, folds, readout, numbers, n_threads, Stopwatch(), {view: Counter() for view in views})
    tested = np.sort(np.concatenate([test for _, test in folds]))
    predictions: dict[str, list[Any]] = {view: [] for view in views}
    with progress_bar(len(seeds) * len(views), progress, unit="view") as advance:
        for seed in seeds:
            for view, own in views.items():
                predictions[view].append(job.predicted(view, own, seed)[tested])
                advance(1)
    chosen = {view: dict(counts) for view, counts in job.chosen.items()}
    tried = {view: [setting.text for setting in own] for view, own in views.items()}
    comparison = Comparison(
        "accuracy",
        tuple(seeds),
        y[tested],
        predictions,
        job.n_features,
        job.watch.seconds,
        blocks=None if numbers is None else numbers[tested],
        settings={**(settings or {}), "tried": tried, "chosen": chosen},
    )
    return Tuned(comparison, chosen)


@dataclass(eq=False)
class _Job:
    """What all views share, and the results so far."""

    y: Ints
    folds: Sequence[Fold]
    readout: Any
    groups: Ints | None
    n_threads: int | None
    watch: Stopwatch
    chosen: dict[str, Counter[str]]

    def __post_init__(self) -> None:
        self.n_features: dict[str, int] = {}
        self.new_groups = left_out(self.groups, self.folds) is not None

    def predicted(self, view: str, settings: Sequence[Setting], seed: int) -> Any:
        """Return the predictions of one view for all samples that are tested."""
        with self.watch.stage(view):
            shared = [None if setting.learns else setting.features(seed) for setting in settings]
        out = np.empty_like(self.y)
        for train, test in self.folds:
            with self.watch.stage(view):
                pairs = zip(settings, shared, strict=True)
                features = [one.features(seed, train) if found is None else found for one, found in pairs]
            self.n_features[view] = features[0].shape[1]
            with self.watch.stage("readout"):
                best = int(np.argmax(self._accuracies(features, train)))
                self.chosen[view][settings[best].text] += 1
                out[test] = self._readouts([features[best]], [(train, test)])[0][test]
        return out

    def _accuracies(self, features: Sequence[Floats], train: Ints) -> list[float]:
        """Return the accuracy of each setting in cross-validation of the training samples."""
        if len(features) == 1:
            return [0.0]
        if self.new_groups and self.groups is not None:
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
