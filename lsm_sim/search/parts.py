"""Folds of a trial, evaluated by any process; what a worker of a cluster imports, which needs no Optuna."""

from __future__ import annotations

import time
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lsm_sim.search.candidates import with_parameters
from lsm_sim.search.objectives import Data, Evaluation

# What a model may raise if its settings fit badly together.
ERRORS = (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError)


@dataclass(frozen=True, eq=False)
class Shared:
    """What all trials share, and the outputs of front ends so far, which a worker keeps."""

    model: Any
    data: Data
    count_spikes: bool
    liquid_seeds: Sequence[int] | None
    fronts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """Scores of some folds, spikes per sample of each run, neurons, seconds, and why it failed, else nothing."""

    scores: Sequence[float]
    spikes: Sequence[float] = ()
    neurons: int = 0
    seconds: float = 0.0
    why: str = ""


def evaluate_part(shared: Shared, task: tuple[Mapping[str, Any], slice], _n_threads: int | None) -> Part:
    """Evaluate the model with these parameters in some of the folds."""
    parameters, chosen = task
    began = time.perf_counter()
    fronts = dict(shared.fronts)  # of this thread; a worker may have several
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = with_parameters(shared.model, parameters)
            found = Evaluation(model, shared.data, fronts, shared.count_spikes, shared.liquid_seeds)
            scores = [*found.scores(shared.data.folds[chosen])]
    except ERRORS as error:
        return Part((), why=f"{type(error).__name__}: {error}")
    for name in [*shared.fronts]:
        if name not in fronts:
            shared.fronts.pop(name, None)
    shared.fronts.update(fronts)
    return Part(scores, found.spikes, found.neurons, time.perf_counter() - began)
