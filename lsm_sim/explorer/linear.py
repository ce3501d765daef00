"""A trained linear readout as one weight for each output, bin and neuron, so that scores are sums of contributions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.learn.features import Counts, Features, Traces
from lsm_sim.learn.linear_readout import SCALERS, folded, steps_of
from lsm_sim.support.checks import Floats

_TOLERANCE = 1e-9  # of sums that are added in another order


@dataclass(frozen=True, eq=False)
class Linear:
    """scores = intercept + sum over bins and neurons of weight * feature.

    Parameters
    ----------
    weights
        (outputs, bins, N).
    intercept
        (outputs,).
    mean
        (bins, N): the mean training sample, where the readout subtracts it; None: unknown.
    """

    weights: Floats
    intercept: Floats
    mean: Floats | None

    def contributions(self, features: Floats) -> Floats:
        """Return weight * feature of one sample, (outputs, bins, N)."""
        return self.weights * np.reshape(features, self.weights.shape[1:])

    def explains(self, scores: Floats | None, features: Floats) -> bool:
        """Return whether the scores (samples, outputs) of these samples (samples, features) are sums of contributions."""
        weights = self.weights.reshape(len(self.weights), -1)
        if scores is None or scores.shape[1:] != self.intercept.shape or features.shape[1] != weights.shape[1]:
            return False
        sums = features @ weights.T + self.intercept
        return bool(np.allclose(sums, scores, rtol=_TOLERANCE, atol=_TOLERANCE))


def linear(readout: Any, features: Features, n_neurons: int) -> Linear | str:
    """Return the weights of a fitted readout, or in words why there are none.

    The single score s of two classes becomes -s/2 and s/2, one for each class.
    """
    if not isinstance(features, Counts | Traces):
        return f"the features are {type(features).__name__}, and only those of Counts and Traces belong to a neuron and a bin"
    scalers, model = steps_of(readout)
    unknown = [type(step).__name__ for step in scalers if type(step) not in SCALERS]
    if unknown or not (hasattr(model, "coef_") and hasattr(model, "intercept_")):
        return f"the readout {(unknown or [type(model).__name__])[0]} has not one weight for each feature"
    if np.size(model.intercept_) not in (1, len(np.atleast_2d(model.coef_))):
        return f"{type(model).__name__} has {np.size(model.intercept_)} intercepts"
    weights, offset = folded(scalers, model)
    mean = next((np.asarray(scaler.mean_) for scaler in scalers if scaler.mean_ is not None), None)
    if hasattr(model, "classes_") and len(weights) == 1:
        weights, offset = np.vstack([-weights, weights]) / 2, np.concatenate([-offset, offset]) / 2
    shape = (len(weights), -1, n_neurons)
    if weights.ndim != 2 or offset.shape != (len(weights),) or weights.shape[1] % n_neurons:
        return f"the weights of {type(model).__name__} have the shape {weights.shape}"
    return Linear(weights.reshape(shape), offset, None if mean is None or len(scalers) > 1 else mean.reshape(shape[1:]))


def outputs(readout: Any, features: Floats) -> Floats | None:
    """Return the scores of samples (samples, classes), or the values that are predicted (samples, values); None if it has none.

    The single score s of two classes becomes -s/2 and s/2; where a readout has only probabilities, they are the scores.
    """
    if not hasattr(readout, "classes_"):
        values = np.asarray(readout.predict(features), np.float64)
        return values.reshape(len(features), -1)
    for name in ("decision_function", "predict_proba"):
        if hasattr(readout, name):
            scores = np.asarray(getattr(readout, name)(features), np.float64)
            if scores.ndim == 1:
                return np.column_stack([-scores, scores]) / 2
            return scores if scores.shape[1] == len(readout.classes_) else None
    return None
