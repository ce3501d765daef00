"""When a trial ends before its last fold."""

from __future__ import annotations

import numpy as np
import optuna
from optuna.pruners import BasePruner
from optuna.trial import FrozenTrial, TrialState

_STARTUP = 5  # trials that must have reached a fold


class FoldPruner(BasePruner):
    """Ends a trial whose mean score so far is below the median of all earlier trials at the same fold.

    Optuna's own median is that of complete trials only, which are the better half: so its threshold rises with every trial, and in
    the end the first fold alone decides.
    """

    def prune(self, study: optuna.Study, trial: FrozenTrial) -> bool:
        """Return whether a trial shall end."""
        step = trial.last_step
        if step is None:
            return False
        ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
        others = [other.intermediate_values[step] for other in ended if step in other.intermediate_values]
        return len(others) >= _STARTUP and trial.intermediate_values[step] < float(np.median(others))
