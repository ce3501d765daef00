"""Accuracy of a readout with four kinds of features: raw pixels, encoder counts, the liquid without and with recurrence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lsm_sim.apps.demo import digits
from lsm_sim.learn.controls import Stopwatch, compare
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.support.checks import Ints

VIEWS = ("raw", "encoder", "recurrence_off", "liquid")


@dataclass(frozen=True)
class Plan:
    """What to run.

    Parameters
    ----------
    n_neurons
        Size of the liquid.
    seeds
        Each determines the folds, the liquid and the phases of the encoder.
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
    """The results.

    Parameters
    ----------
    plan
        What was run.
    digits
        True digit of each image, shape (B,).
    predictions
        By view and seed: the digit predicted by a readout trained without the image, each of shape (B,).
    rates
        Mean rate of the liquid's neurons for each seed, in Hz.
    seconds
        Time of each stage.
    n_features
        Number of features of each view.
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
        """Return the accuracy of each view, averaged over seeds."""
        return {view: float(np.mean(values)) for view, values in self.per_seed().items()}


def run(plan: Plan) -> Findings:
    """Run everything and return the results, which do not depend on the number of threads."""
    watch = Stopwatch()
    with watch.stage("prepare"):  # loads the images and compiles the engine
        pixels, labels = digits.images()
        model(plan, 0).fit(pixels[:20], labels[:20])
    found = compare(
        lambda seed: model(plan, seed),
        pixels,
        labels,
        cv=lambda seed: digits.folds(seed).split(pixels, labels),
        seeds=plan.seeds,
        views=VIEWS,
        progress=plan.progress,
    )
    seconds = watch.seconds | {stage: found.seconds[stage] for stage in (*VIEWS[1:], "readout")}
    per_second = len(pixels) * len(plan.seeds) / (seconds["encoder"] + seconds["liquid"])
    predictions = {view: list(values) for view, values in found.predictions.items()}
    return Findings(plan, labels, predictions, list(found.rates), seconds, dict(found.n_features), per_second)


def model(plan: Plan, seed: int) -> LiquidClassifier:
    """Return the untrained model of a seed."""
    liquid = digits.liquid(plan.n_neurons, seed)
    how = {"backend": plan.backend, "n_threads": plan.n_threads, "progress": False}
    return LiquidClassifier(**digits.transformer(liquid, seed, **how).get_params(deep=False))
