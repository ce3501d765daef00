"""Accuracy under perturbations: of a liquid and its controls, trained on clean samples, tested on perturbed ones."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.fitted import Fitted, trained_readouts
from lsm_sim.learn.controls.folds import Fold, Folds, folds_of, left_out
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.learn.controls.settings import settings_of
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.stressed import Stressed
from lsm_sim.learn.controls.views import VIEWS
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.pipelines import front_and_liquid, learns
from lsm_sim.perturb import level_of
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.parallel import Work, in_order, processes_of
from lsm_sim.support.progress import progress_bar

_Task: TypeAlias = tuple[int, Sequence[Fold], Sequence[str]]  # a seed, its folds, names of perturbations

CLEAN = "clean"


def stress(
    model: Any,
    X: Any,
    y: Any,
    perturbations: Mapping[str, Any],
    *,
    cv: Folds = 5,
    seeds: Sequence[int] = (0,),
    views: Sequence[str] = VIEWS,
    train_with: Sequence[Any] = (),
    esn: Mapping[str, Any] | None = None,
    groups: Any = None,
    workers: int | None = None,
    dask: str | None = None,
    progress: bool | None = None,
) -> Stressed:
    """Return the accuracy of a liquid and its controls against each perturbation of the test samples.

    Readouts are trained on the samples as they are; only test samples are perturbed. Perturbations of sounds change X itself,
    those of spikes what the encoder returns, those of programs the network that runs. A view that a perturbation does not
    change is left out of its row; so are raw samples of one length if a perturbation changes it, because they are then other features.

    Parameters
    ----------
    model, X, y, cv, seeds, views, esn, groups, progress
        As for `compare`; the model is a classifier.
    perturbations
        By name, from `lsm_sim.perturb`.
    train_with
        Perturbations with which the training samples are seen once more each, beside the clean ones.
    workers, dask
        As for `compare`. Seeds that are left when all processes have had equally many are divided, by their perturbations; then each
        part trains the readouts again.

    Examples
    --------
    >>> import lsm_sim_models as models
    >>> from lsm_sim import perturb
    >>> from sklearn.datasets import load_iris
    >>> model = LiquidClassifier(lambda n: models.speech(n_inputs=n, n_neurons=20))
    >>> lost = {"half of the spikes lost": perturb.LostSpikes(0.5)}
    >>> found = stress(model, *load_iris(return_X_y=True), lost, views=("encoder", "liquid"))
    >>> list(found.accuracy)
    ['clean', 'half of the spikes lost']
    """
    work = Work(workers, dask)
    job = _Job.checked(model, X, y, perturbations, views, train_with, {} if esn is None else esn, groups)
    seeds = [checks.whole(seed, "seeds") for seed in checks.items(seeds, "seeds", "a list of seeds")]
    if not seeds:
        raise DescriptionError("seeds: got none, expected at least one")
    folds = [folds_of(cv, job.y, "classify", seed) for seed in seeds]
    with progress_bar(len(seeds) * (1 + len(job.perturbations)), progress, unit="test") as advance:
        if work.alone:
            for seed, own in zip(seeds, folds, strict=True):
                job.run(seed, own, advance)
        else:
            tasks = job.tasks(seeds, folds, processes_of(work))
            for (_, _, names), part in zip(tasks, in_order(_one_part, job, tasks, work), strict=True):
                job.add(part, names)
                advance(len(names))
    tested = sum(test.size for _, test in folds[0])
    return Stressed(tuple(seeds), tested, job.accuracy, job.watch.seconds, job.settings)


@dataclass(eq=False)
class _Job:
    """What is tested, and the results so far."""

    model: Any
    X: Any
    y: Any
    perturbations: Mapping[str, Any]
    views: Sequence[str]
    train_with: Sequence[Any]
    esn: Mapping[str, Any]
    groups: Ints | None
    accuracy: dict[str, dict[str, list[float]]] = field(default_factory=dict)
    settings: dict[str, Any] = field(default_factory=dict)
    watch: Stopwatch = field(default_factory=Stopwatch)

    @staticmethod
    def checked(
        model: Any, X: Any, y: Any, perturbations: Any, views: Any, train_with: Any, esn: Any, groups: Any
    ) -> _Job:
        checks.instance(perturbations, Mapping, "perturbations", "a dict of perturbations by name")
        if CLEAN in perturbations:
            raise DescriptionError(
                f"perturbations: got the name {CLEAN!r}, expected another one; it is that of clean samples"
            )
        added = checks.items(train_with, "train_with", "a list of perturbations")
        for one in (*perturbations.values(), *added):
            level_of(one)
        views = checks.items(views, "views", f"a list of some of {', '.join(VIEWS)}")
        unknown = [view for view in views if not isinstance(view, str) or view not in VIEWS]
        if unknown or not views:
            raise DescriptionError(f"views: got {unknown or 'none'}, expected some of {', '.join(VIEWS)}")
        checks.instance(esn, Mapping, "esn", "a dict of parameters of the echo-state network")
        if not hasattr(X, "__len__") or (isinstance(X, np.ndarray) and X.ndim == 0):
            raise DescriptionError(f"X: got {type(X).__name__}, expected samples; see LiquidClassifier.fit")
        if checks.shape(y, "y") != (len(X),):
            raise DescriptionError(f"y: got shape {np.shape(y)}, expected ({len(X)},), one value per sample of X")
        if groups is not None and checks.shape(groups, "groups") != (len(X),):
            raise DescriptionError(
                f"groups: got shape {np.shape(groups)}, expected ({len(X)},), one value per sample of X"
            )
        numbers = None if groups is None else np.unique(groups, return_inverse=True)[1]
        return _Job(model, X, np.asarray(y), dict(perturbations), views, added, esn, numbers)

    def tasks(self, seeds: Sequence[int], folds: Sequence[Sequence[Fold]], n: int) -> list[_Task]:
        """Return the tasks for n processes: whole seeds, and at the end seeds that are divided by what is tested."""
        names = [CLEAN, *self.perturbations]
        n_left = len(seeds) % n
        n_parts = min(-(-n // n_left), len(names)) if n_left else 1
        found: list[_Task] = []
        for k, (seed, own) in enumerate(zip(seeds, folds, strict=True)):
            parts = [names] if k < len(seeds) - n_left else np.array_split(np.array(names, object), n_parts)
            found += [(seed, own, [*part]) for part in parts]
        return found

    def add(self, part: _Job, names: Sequence[str]) -> None:
        """Add what another process found for some of the perturbations of the next seed."""
        for name in names:
            for view, found in part.accuracy[name].items():
                self.accuracy.setdefault(name, {}).setdefault(view, []).extend(found)
        self.settings = self.settings or part.settings
        self.watch.add(part.watch)

    def run(self, seed: int, folds: Sequence[Fold], advance: Callable[[int], Any]) -> None:
        """Test all perturbations with one seed."""
        model = reseeded(self.model, seed)
        if not isinstance(front_and_liquid(model)[1], LiquidClassifier):
            raise DescriptionError("model: got a regressor, expected a LiquidClassifier, because accuracy is measured")
        right: dict[str, dict[str, list[Any]]] = {}
        parts = [[fold] for fold in folds] if learns(model) else [folds]
        for part in parts:
            train = part[0][0] if len(parts) > 1 or len(folds) == 1 else np.arange(len(self.y))
            fitted = Fitted.of(model, self, train, seed)
            self.settings = self.settings or settings_of(model, fitted.transformer, self.esn)
            self._test(fitted, part, left_out(self.groups, folds), right, advance if part is parts[-1] else None)
        for name, own in right.items():
            for view, found in own.items():
                known = self.accuracy.setdefault(name, {}).setdefault(view, [])
                known.append(float(np.concatenate(found).mean()))

    def _test(self, fitted: Fitted, folds: Sequence[Fold], groups: Any, right: Any, advance: Any) -> None:
        """Train readouts on the training samples of the folds, and note which perturbed test samples they get right."""
        with self.watch.stage("training"):
            clean = fitted.features(None, self.views, np.arange(len(self.y)))
            trained = np.unique(np.concatenate([train for train, _ in folds]))
            added = [(trained, fitted.features(one, self.views, trained)) for one in self.train_with]
        with self.watch.stage("readout"):
            readouts = trained_readouts(fitted, folds, self.y, groups, clean, added)
        tested = np.unique(np.concatenate([test for _, test in folds]))
        for name, one in {CLEAN: None, **self.perturbations}.items():
            with self.watch.stage(name):
                seen = self.views if one is None else [view for view in self.views if view in fitted.seen(one)]
                if one is None:
                    features = {view: own[tested] for view, own in clean.items()}
                else:
                    features = fitted.features(one, seen, tested)
                for view in features:
                    for k, (_, test) in enumerate(folds):
                        found = readouts[view, k].predict(features[view][np.searchsorted(tested, test)]) == self.y[test]
                        right.setdefault(name, {}).setdefault(view, []).append(found)
            if advance is not None:
                advance(1)


def _one_part(job: _Job, task: _Task, _n_threads: int | None) -> _Job:
    """Return the results of one task, without the samples; for another process."""
    seed, folds, names = task
    own = {name: one for name, one in job.perturbations.items() if name in names}
    part = dataclasses.replace(job, perturbations=own, accuracy={}, settings={}, watch=Stopwatch())
    part.run(seed, folds, lambda _: None)
    return dataclasses.replace(part, model=None, X=None, perturbations={}, train_with=())
