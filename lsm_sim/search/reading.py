"""The trials in the storage of a study as records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import optuna
from optuna.importance import FanovaImportanceEvaluator, get_param_importances
from optuna.trial import FrozenTrial, TrialState

from lsm_sim.errors import RunError
from lsm_sim.search.found import Found
from lsm_sim.search.objectives import SCORES, directions
from lsm_sim.search.records import Problem, Trial
from lsm_sim.search.sampling import PLACE, quiet, values_of
from lsm_sim.search.space import Space
from lsm_sim.search.storage import open_study
from lsm_sim.search.working import FOLDS, SECONDS, WHY, Task

_FEWEST = 4  # complete trials for importances


def trials_of(task: Task) -> tuple[list[Trial], list[FrozenTrial]]:
    """Return all trials, by place, as records and as Optuna stores them."""
    with open_study(task.storage, task.identity) as study:
        frozen = sorted(study.get_trials(deepcopy=False), key=lambda trial: trial.user_attrs[PLACE])
    return [_record(trial, task.space, task.objectives) for trial in frozen], frozen


def _record(frozen: FrozenTrial, space: Space, objectives: Sequence[str]) -> Trial:
    complete = frozen.state is TrialState.COMPLETE
    attrs = frozen.user_attrs
    return Trial(
        attrs[PLACE],
        frozen.state.name.lower(),
        values_of(frozen, space),
        dict(zip(objectives, frozen.values, strict=True)) if complete else {},
        tuple(attrs.get(FOLDS, ())),
        attrs.get(SECONDS, 0.0),
        attrs.get(WHY, ""),
    )


def importances(task: Task, frozen: Sequence[FrozenTrial]) -> dict[str, float]:
    """Return how much of the variation of the score each parameter explains.

    F. Hutter, H. Hoos, K. Leyton-Brown: An efficient approach for assessing hyperparameter importance. ICML 2014.
    """
    complete = [trial for trial in frozen if trial.state is TrialState.COMPLETE]
    score = task.objectives.index(SCORES[task.data.task])

    def of(trial: FrozenTrial) -> Any:
        return trial.values[score]

    if len(complete) < _FEWEST or np.ptp([of(trial) for trial in complete]) == 0:
        return {}
    with quiet():
        study = optuna.create_study(directions=directions(task.objectives))
        study.add_trials(complete)
        found = get_param_importances(study, evaluator=FanovaImportanceEvaluator(seed=0), target=of)
    return {name: float(value) for name, value in found.items()}


def read(task: Task, problem: Problem) -> Found:
    """Return what is in the storage of a task.

    Raises
    ------
    RunError
        If no trial is complete.
    """
    trials, frozen = trials_of(task)
    if not any(trial.state == "complete" for trial in trials):
        why = next((trial.why for trial in reversed(trials) if trial.why), "")
        raise RunError(
            f"search: none of {len(trials)} trials is complete{f'; the last failed with: {why}' if why else ''}"
        )
    return Found(trials, task.objectives, task.space, problem, importances(task, frozen))
