"""One process of a search: take a place, evaluate its trial, tell the study, until nothing is left."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.pruners import NopPruner
from optuna.study import Study
from optuna.trial import TrialState

from lsm_sim.search.candidates import with_parameters
from lsm_sim.search.ledger import Claim, Ledger
from lsm_sim.search.objectives import COSTS, Data, Evaluation
from lsm_sim.search.pruning import FoldPruner
from lsm_sim.search.sampling import sampler, suggest
from lsm_sim.search.space import Space
from lsm_sim.search.storage import open_study, trial_at
from lsm_sim.support.brief import brief

WHY, FOLDS, SECONDS = "why", "folds", "seconds"  # attributes of a trial


@dataclass(frozen=True, eq=False)
class Task:
    """Everything that a process needs."""

    model: Any
    data: Data
    space: Space
    objectives: tuple[str, ...]
    storage: Path
    identity: Mapping[str, Any]
    n_trials: int
    several: bool
    liquid_seeds: Sequence[int] | None = None


@contextmanager
def open_task(task: Task, *, new: bool = False) -> Iterator[tuple[Study, Ledger]]:
    """Yield the study and the ledger of a task, and close the file; with ``new`` it is made if there is none."""
    own = sampler(task.identity["sampler"], task.identity["seed"], task.space, several=task.several)
    pruner = FoldPruner() if task.identity["prune"] else NopPruner()
    with open_study(task.storage, task.identity, own, pruner, new=new) as study:
        yield study, Ledger(task.storage)


def work(task: Task, goes_on: Callable[[], bool], told: Callable[[], Any]) -> None:
    """Evaluate trials until all places are taken, or ``goes_on`` returns false; call ``told`` after each."""
    fronts: dict[str, Any] = {}
    with open_task(task) as (study, ledger):
        while goes_on():
            claim = ledger.take(task.n_trials)
            if claim is None:
                return
            _claimed(task, study, ledger, claim, fronts)
            told()


def _claimed(task: Task, study: Study, ledger: Ledger, claim: Claim, fronts: dict[str, Any]) -> None:
    """Evaluate the trial of a place, and give the place back if that is interrupted."""
    try:
        with ledger.beating(claim):
            trial = trial_at(study, claim.place)
            if trial is not None and claim.hopeless:
                _fail(study, trial, f"its process ended {claim.attempts - 1} times")
            elif trial is not None:
                _evaluate(task, study, trial, fronts)
    except BaseException:
        ledger.release(claim)
        raise
    ledger.finish(claim)


def _evaluate(task: Task, study: Study, trial: optuna.Trial, fronts: dict[str, Any]) -> None:
    """Evaluate one trial and tell the study its values, or that it was pruned, or why it failed."""
    began = time.perf_counter()
    parameters = suggest(trial, task.space)
    scores: list[float] = []
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # silent liquids and the like are expected among the settings of a space
            model = with_parameters(task.model, parameters)
            evaluation = Evaluation(model, task.data, fronts, "spikes" in task.objectives, task.liquid_seeds)
            pruned = _scored(task, trial, evaluation, scores)
    except (ArithmeticError, AttributeError, LookupError, MemoryError, RuntimeError, TypeError, ValueError) as error:
        _fail(study, trial, f"{type(error).__name__}: {error}")
        return
    trial.set_user_attr(FOLDS, scores)
    trial.set_user_attr(SECONDS, round(time.perf_counter() - began, 3))
    if pruned:
        study.tell(trial, state=TrialState.PRUNED, skip_if_finished=True)
        return
    values = [_value(name, scores, evaluation) for name in task.objectives]
    if np.isfinite(values).all():
        study.tell(trial, values, skip_if_finished=True)
    else:
        _fail(study, trial, "a value is not finite")


def _scored(task: Task, trial: optuna.Trial, evaluation: Evaluation, scores: list[float]) -> bool:
    """Append the score of each fold; return whether the trial was pruned before the last one."""
    one = len(task.objectives) == 1
    known = trial.storage.get_trial(trial._trial_id).intermediate_values if one else {}
    for k, score in enumerate(evaluation.scores()):
        scores.append(score)
        if not one:
            continue
        if k not in known:  # an earlier process may have reported it
            trial.report(float(np.mean(scores)), k)
        if k < len(task.data.folds) - 1 and trial.should_prune():
            return True
    return False


def _value(name: str, scores: list[float], evaluation: Evaluation) -> float:
    if name not in COSTS:
        return float(np.mean(scores))
    return float(np.mean(evaluation.spikes)) if name == "spikes" else float(evaluation.neurons)


def _fail(study: Study, trial: optuna.Trial, why: str) -> None:
    trial.set_user_attr(WHY, brief(why, 400))
    study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
