"""What a search improves: accuracy by cross-validation, spikes per sample, neurons."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from sklearn.metrics import r2_score

from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.controls.folds import Fold, left_out
from lsm_sim.learn.controls.readouts import View, cross_validate
from lsm_sim.learn.controls.reseed import reseeded
from lsm_sim.learn.controls.stopwatch import Stopwatch
from lsm_sim.learn.controls.views import Samples, prepared
from lsm_sim.learn.features import Counts
from lsm_sim.learn.pipelines import front_and_liquid, learns
from lsm_sim.learn.readout import Task, resolve
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

SCORES: Mapping[Task, str] = {"classify": "accuracy", "regress": "r2"}
COSTS = ("spikes", "neurons")
TITLES = {"accuracy": "Accuracy", "r2": "R²", "spikes": "Spikes per sample", "neurons": "Neurons"}
_MOST_FRONTS = 2  # outputs of front ends to keep, because they may be large


def checked_objectives(objectives: Any, task: Task) -> tuple[str, ...]:
    """Return the objectives; None: only the score of the task."""
    score = SCORES[task]
    if objectives is None:
        return (score,)
    words = checks.items(objectives, "objectives", f"a list of {score}, {' and '.join(COSTS)}")
    for word in words:
        checks.choice(word, "objectives", (score, *COSTS))
    if score not in words or len(set(words)) < len(words):
        raise DescriptionError(
            f"objectives: got {', '.join(words) or 'none'}, expected {score} and any of the others once"
        )
    return tuple(words)


def directions(objectives: Sequence[str]) -> list[Literal["minimize", "maximize"]]:
    """Return whether each objective grows or falls as it gets better."""
    return ["minimize" if name in COSTS else "maximize" for name in objectives]


@dataclass(frozen=True, eq=False)
class Data:
    """The samples that a search sees, with their folds."""

    X: Any
    y: Any
    groups: Any
    folds: list[Fold]
    task: Task


@dataclass(eq=False)
class Evaluation:
    """Cross-validation of one model, fold by fold; with ``seeds``, of copies with these seeds, whose scores are averaged.

    If nothing before the readout learns from samples, the liquid runs once for all folds, else once for each.
    """

    model: Any
    data: Data
    fronts: dict[str, Any]
    count_spikes: bool = True
    seeds: Sequence[int] | None = None
    spikes: list[float] = field(default_factory=list)
    neurons: int = 0

    def scores(self, folds: Sequence[Fold] | None = None) -> Iterator[float]:
        """Yield the score of each fold, or of some of them; then `spikes` has spikes per sample of each run."""
        folds = self.data.folds if folds is None else folds
        models = [self.model] if self.seeds is None else [reseeded(self.model, seed) for seed in self.seeds]
        if not learns(self.model):
            each = [self._features(model, np.arange(len(self.data.y)), self.fronts) for model in models]
            for fold in folds:
                yield float(np.mean([self._score(features, fold) for features in each]))
            return
        for fold in folds:
            yield float(np.mean([self._score(self._features(model, fold[0], {}), fold) for model in models]))

    def _features(self, model: Any, train: Any, fronts: dict[str, Any]) -> Floats:
        """Return the features of all samples, with everything fitted on some of them."""
        samples = prepared(model, self.data.X, train, Stopwatch(), fronts)
        while len(fronts) > _MOST_FRONTS:
            fronts.pop(next(iter(fronts)))
        features = samples.transformer.respond(samples.stimulus)
        self.neurons = samples.transformer.liquid_.n_neurons
        if self.count_spikes:
            self.spikes.append(_spikes(samples, features) / len(samples.stimulus))
        return features

    def _score(self, features: Floats, fold: Fold) -> float:
        last = front_and_liquid(self.model)[1]
        views = {"liquid": View([features], [resolve(last.readout, self.data.task)])}
        groups = left_out(self.data.groups, self.data.folds)
        found = cross_validate(views, self.data.y, [fold], last.n_threads, lambda _: None, groups)["liquid"]
        true, predicted = self.data.y[fold[1]], found[fold[1]]
        if self.data.task == "classify":
            return float(np.mean(true == predicted))
        return float(r2_score(true, predicted))


def _spikes(samples: Samples, features: Floats) -> float:
    """Return the number of spikes of the neurons: from the features if they are counts, else from another run."""
    transformer = samples.transformer
    counted = transformer.features_
    if isinstance(counted, Counts):
        own = features[:, : features.shape[1] * transformer.program_.n_neurons // transformer.n_sources]
        return counted.n_spikes(own, samples.stimulus)
    with compiled(transformer.program(), transformer.backend) as runner:
        stimulus = with_background(samples.stimulus, transformer.liquid_)
        return float(Counts(1).run(runner, stimulus, transformer.n_threads, False).sum())
