"""From a trained linear readout to one weight per class and feature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.learn.features import Counts, Features, Traces
from lsm_sim.learn.linear_readout import MODELS, SCALERS, folded, steps_of
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints


@dataclass(frozen=True, eq=False)
class Linear:
    """A linear readout: scores = weights @ features + intercept.

    Parameters
    ----------
    weights
        (outputs, bins, N): of the counts of each bin, in the order of the features.
    intercept
        (outputs,).
    classes
        Labels, one for each output; None: outputs are values.
    """

    weights: Floats
    intercept: Floats
    classes: Any = None

    def scores(self, features: Floats) -> Floats:
        """Return the scores (samples, outputs) of features (samples, bins * N)."""
        return features @ self.weights.reshape(len(self.weights), -1).T + self.intercept


def feature_reasons(features: Features) -> list[str]:
    """Return every reason why integrators on the chip cannot hold these features, each with the change to make."""
    reasons = []
    if not isinstance(features, Counts | Traces):
        return [f"features {type(features).__name__}: only Counts and Traces can be deployed: use one of them"]
    if isinstance(features, Traces):
        if features.seconds or features.times != (1.0,):
            reasons.append(
                f"Traces at times {features.times}: an integrator holds the trace at the end: use times=(1.0,)"
            )
        return reasons
    if features.sqrt:
        reasons.append("Counts with sqrt=True: integrators add weights and take no roots: train with sqrt=False")
    if features.per_second:
        reasons.append(
            "Counts with per_second=True: integrators do not divide by a duration: train with per_second=False"
        )
    if features.window is not None and features.n_windows is None:
        reasons.append("Counts with a window: the number of bins must be known: set n_windows")
    return reasons


def bin_edges(features: Features, spikes: Spikes) -> Ints:
    """Return the edges of the bins of each sample, (B, bins + 1); a trace has one bin."""
    if isinstance(features, Counts):
        return features.edges(spikes)
    return np.column_stack([0 * spikes.n_steps, spikes.n_steps])


def readout_reasons(readout: Any) -> list[str]:
    """Return every reason why a readout is not one weight per class and feature."""
    scalers, model = steps_of(readout)
    known = ", ".join(scaler.__name__ for scaler in SCALERS)
    remedy = "train with readout='centred_ridge', or deploy with refit=True"
    out = [
        f"readout step {type(step).__name__}: only {known} can be folded into weights: {remedy}"
        for step in scalers
        if type(step) not in SCALERS
    ]
    if type(model) not in MODELS:
        out.append(f"readout {type(model).__name__}: not a linear readout that is known here: {remedy}")
    return out


def fold(readout: Any, n_neurons: int) -> Linear:
    """Return the weights of a fitted readout that `readout_reasons` has nothing against.

    For classes, the mean over classes is subtracted from weights and intercept, which changes no decision and makes sums
    smaller. The single score s of two classes becomes -s/2 and s/2.
    """
    scalers, model = steps_of(readout)
    weights, offset = folded(scalers, model)
    classes = getattr(model, "classes_", None)
    if classes is not None and len(weights) == 1:
        weights, offset = np.vstack([-weights, weights]) / 2, np.concatenate([-offset, offset]) / 2
    elif classes is not None:
        weights, offset = weights - weights.mean(axis=0), offset - offset.mean()
    return Linear(weights.reshape(len(weights), -1, n_neurons), offset, classes)
