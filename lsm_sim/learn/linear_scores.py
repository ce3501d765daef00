"""The scores of a fitted linear readout for one sample, without the checks that scikit-learn makes in every call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lsm_sim.learn.linear_readout import MODELS, SCALERS, folded, steps_of
from lsm_sim.learn.nested import chosen
from lsm_sim.learn.readout import Probabilities
from lsm_sim.support.checks import Floats

Scores = Callable[[Floats], Floats]


def linear_scores(readout: Any) -> Scores | None:
    """Return a function from the features of one sample (features,) to scores or values (classes,) or (); None if it is not linear.

    It knows the readouts of `lsm_sim.readout` that are scalers followed by a linear model. Its results are those of
    ``decision_function`` and ``predict`` up to rounding, because sums are added in another order: on one thread, which for so
    few numbers is faster than to wake others.
    """
    if type(chosen(readout)) is Probabilities:
        return None
    scalers, model = steps_of(readout)
    if type(model) not in MODELS or not all(type(scaler) in SCALERS for scaler in scalers):
        return None
    weights, offset = folded(scalers, model)
    single = np.ndim(model.intercept_) == 0 or len(weights) == 1

    def scores(features: Floats) -> Floats:
        out = np.einsum("kf,f->k", weights, features) + offset
        return np.asarray(out[0] if single else out)

    return scores
