"""One process of a search: take a place, evaluate its trial, tell the study, until nothing is left."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
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
from lsm_sim.search.parts import ERRORS
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
            trial = opened(study, claim)
            if trial is not None:
                _evaluate(task, study, trial, fronts)
    except BaseException:
        ledger.release(claim)
        raise
    ledger.finish(claim)


def opened(study: Study, claim: Claim) -> optuna.Trial | None:
    """Return the trial of a place; None if it is finished, or given up because too many processes ended there."""
    trial = trial_at(study, claim.place)
    if trial is not None and claim.hopeless:
        _fail(study, trial, f"its process ended {claim.attempts - 1} times")
        return None
    return trial


def _evaluate(task: Task, study: Study, trial: optuna.Trial, fronts: dict[str, Any]) -> None:
    """Evaluate one trial and tell the study its values, or that it was pruned, or why it failed."""
    began = time.perf_counter()
    parameters = suggest(trial, task.space)
    progress = Progress(task, study, trial)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # silent liquids and the like are expected among the settings of a space
            model = with_parameters(task.model, parameters)
            evaluation = Evaluation(model, task.data, fronts, "spikes" in task.objectives, task.liquid_seeds)
            pruned = any(progress.add(score) for score in evaluation.scores())
    except ERRORS as error:
        progress.fail(f"{type(error).__name__}: {error}")
        return
    progress.end(evaluation.spikes, evaluation.neurons, time.perf_counter() - began, pruned=pruned)


@dataclass(eq=False)
class Progress:
    """The scores of a trial so far, of which the study knows."""

    task: Task
    study: Study
    trial: optuna.Trial
    scores: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._one = len(self.task.objectives) == 1
        frozen = self.trial.storage.get_trial(self.trial._trial_id)
        self._known = frozen.intermediate_values if self._one else {}

    def add(self, score: float) -> bool:
        """Note the score of the next fold; return whether the trial ends here, before its last one."""
        k = len(self.scores)
        self.scores.append(score)
        if not self._one:
            return False
        if k not in self._known:  # an earlier process may have reported it
            self.trial.report(float(np.mean(self.scores)), k)
        return k < len(self.task.data.folds) - 1 and self.trial.should_prune()

    def end(self, spikes: Sequence[float], neurons: int, seconds: float, *, pruned: bool) -> None:
        """Tell the study the values, or that the trial was pruned."""
        self.trial.set_user_attr(FOLDS, self.scores)
        self.trial.set_user_attr(SECONDS, round(seconds, 3))
        if pruned:
            self.study.tell(self.trial, state=TrialState.PRUNED, skip_if_finished=True)
            return
        costs = {"spikes": lambda: float(np.mean(spikes)), "neurons": lambda: float(neurons)}
        values = [costs[name]() if name in COSTS else float(np.mean(self.scores)) for name in self.task.objectives]
        if np.isfinite(values).all():
            self.study.tell(self.trial, values, skip_if_finished=True)
        else:
            self.fail("a value is not finite")

    def fail(self, why: str) -> None:
        """Tell the study why the trial failed."""
        _fail(self.study, self.trial, why)


def _fail(study: Study, trial: optuna.Trial, why: str) -> None:
    trial.set_user_attr(WHY, brief(why, 400))
    study.tell(trial, state=TrialState.FAIL, skip_if_finished=True)
