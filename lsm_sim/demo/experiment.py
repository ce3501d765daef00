"""Accuracy of a readout on four views of the digits: raw pixels, encoder counts, the liquid without and with recurrence."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import joblib
import numpy as np
from sklearn.base import clone
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from lsm_sim import environment, readout
from lsm_sim.checks import Floats, Ints
from lsm_sim.demo import digits
from lsm_sim.liquid import Liquid
from lsm_sim.progress import progress_bar

VIEWS = ("raw", "encoder", "recurrence_off", "liquid")
_MOST_THREADS = 8  # one fit takes about 150 MB


@dataclass(frozen=True)
class Plan:
    """What to run.

    Parameters
    ----------
    n_neurons
        Size of the liquid.
    seeds
        Each gives other folds, another liquid and other phases of the encoder.
    backend, n_threads, progress
        As in `lsm_sim.run`.
    """

    n_neurons: int = 500
    seeds: tuple[int, ...] = (0, 1, 2)
    backend: str = "fast"
    n_threads: int | None = None
    progress: bool | None = None


@dataclass(frozen=True, eq=False)
class Findings:
    """What came out.

    Parameters
    ----------
    plan
        What was run.
    digits
        True digit of each image, shape (B,).
    predictions
        By view and seed: the digit that a readout trained without the image predicts, each of shape (B,).
    rates
        Mean rate of the liquid's neurons by seed, in Hz.
    seconds
        By stage.
    n_features
        By view.
    samples_per_second
        Images encoded and run through the liquid per second.
    """

    plan: Plan
    digits: Ints
    predictions: Mapping[str, list[Ints]]
    rates: list[float]
    seconds: dict[str, float]
    n_features: dict[str, int]
    samples_per_second: float

    def per_seed(self) -> dict[str, list[float]]:
        """Return the accuracy of each view with each seed, as fractions."""
        return {
            view: [float(np.mean(predicted == self.digits)) for predicted in predictions]
            for view, predictions in self.predictions.items()
        }

    def accuracy(self) -> dict[str, float]:
        """Return the accuracy of each view, the mean of the seeds."""
        return {view: float(np.mean(values)) for view, values in self.per_seed().items()}


@dataclass(eq=False)
class Stopwatch:
    """Adds up the seconds that stages take."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure what happens within."""
        start = time.perf_counter()
        yield
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - start


def run(plan: Plan) -> Findings:
    """Run everything and return what came out; no number of threads changes it."""
    watch = Stopwatch()
    predictions: dict[str, list[Ints]] = {view: [] for view in VIEWS}
    rates, n_features = [], {}
    with watch.stage("prepare"):  # loads the images and compiles the engine
        pixels, labels = digits.images()
        _transformer(plan, without_recurrence(digits.liquid(plan.n_neurons, 0)), 0).fit(pixels).transform(pixels[:1])
    n_fits = len(plan.seeds) * len(VIEWS) * digits.FOLDS
    with progress_bar(n_fits, plan.progress, unit="fit") as advance:
        for seed in plan.seeds:
            views = _views(plan, pixels, seed, watch)
            n_features = {view: features.shape[1] for view, features in views.items()}
            rates.append(_mean_rate(views["liquid"], pixels))
            with watch.stage("readout"):
                for view, predicted in _cross_validate(plan, views, labels, seed, advance).items():
                    predictions[view].append(predicted)
    per_second = len(pixels) * len(plan.seeds) / watch.seconds["liquid"]
    return Findings(plan, labels, predictions, rates, watch.seconds, n_features, per_second)


def without_recurrence(liquid: Liquid) -> Liquid:
    """Return the liquid without synapses between neurons; what remains is drawn as before."""
    channels = [group.name for group in liquid.inputs]
    return dataclasses.replace(liquid, synapses=[group for group in liquid.synapses if group.pre in channels])


def _transformer(plan: Plan, liquid: Liquid, seed: int) -> Any:
    return digits.transformer(liquid, seed, backend=plan.backend, n_threads=plan.n_threads, progress=False)


def _views(plan: Plan, pixels: Floats, seed: int, watch: Stopwatch) -> dict[str, Floats]:
    """Return the features that each view gives of the images; they do not depend on the folds, as nothing is trained."""
    liquid = digits.liquid(plan.n_neurons, seed)
    full, off = (_transformer(plan, network, seed).fit(pixels) for network in (liquid, without_recurrence(liquid)))
    with watch.stage("encoder"):
        counts = digits.FEATURES.of(full.encode(pixels))
    with watch.stage("recurrence_off"):
        silent = off.transform(pixels)
    with watch.stage("liquid"):
        features = full.transform(pixels)
    return {"raw": pixels, "encoder": counts, "recurrence_off": silent, "liquid": features}


def _mean_rate(features: Floats, pixels: Floats) -> float:
    """Return spikes per neuron and second; the features are the square roots of the counts."""
    duration = 8 * digits.FRAME
    neurons = features.shape[1] / digits.FEATURES.bins
    return float(np.square(features).sum() / (len(pixels) * neurons * duration))


def _cross_validate(plan: Plan, views: Mapping[str, Floats], labels: Ints, seed: int, advance: Any) -> dict[str, Ints]:
    """Return what a readout trained on the other folds predicts of each image, by view.

    The fits run side by side with one thread of linear algebra each: that is quicker than the other way round, and the
    order of sums does not depend on the number of cores.
    """
    folds = list(digits.folds(seed).split(views["raw"], labels))
    tasks = [(view, train, test) for view in reversed(VIEWS) for train, test in folds]  # the longest ones first
    n_threads = min(plan.n_threads or environment.cores(), _MOST_THREADS)
    predicted = {view: np.empty_like(labels) for view in VIEWS}
    with threadpool_limits(1):
        pool = joblib.Parallel(n_threads, backend="threading", return_as="generator")
        parts = pool(joblib.delayed(_predict)(views[view], labels, train, test) for view, train, test in tasks)
        for (view, _, test), part in zip(tasks, parts, strict=True):
            predicted[view][test] = part
            advance(1)
    return predicted


def _predict(features: Floats, labels: Ints, train: Ints, test: Ints) -> Ints:
    fitted: Any = clone(readout.ridge()).fit(features[train], labels[train])
    return np.asarray(fitted.predict(features[test]))
