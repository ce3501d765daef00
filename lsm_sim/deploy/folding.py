"""From a trained linear readout to one weight per class and feature: scalers are folded into the weights.

score = w . (x - m) / s + b   =   (w / s) . x  +  b - (w / s) . m
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge, RidgeClassifier, RidgeClassifierCV, RidgeCV
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from lsm_sim.learn.features import Counts, Features, Traces
from lsm_sim.learn.readout import Probabilities, SoftScaler
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

_SCALERS = (StandardScaler, SoftScaler)
_MODELS = (LinearSVC, LogisticRegression, Ridge, RidgeCV, RidgeClassifier, RidgeClassifierCV)


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
    scalers, model = _steps(readout)
    remedy = "train with readout='centred_ridge', or deploy with refit=True"
    out = [
        f"readout step {type(step).__name__}: only StandardScaler and SoftScaler can be folded into weights: {remedy}"
        for step in scalers
        if type(step) not in _SCALERS
    ]
    if type(model) not in _MODELS:
        out.append(f"readout {type(model).__name__}: not a linear readout that is known here: {remedy}")
    return out


def fold(readout: Any, n_neurons: int) -> Linear:
    """Return the weights of a fitted readout that `readout_reasons` has nothing against.

    For classes, the mean over classes is subtracted from weights and intercept, which changes no decision and makes sums
    smaller. The single score s of two classes becomes -s/2 and s/2.
    """
    scalers, model = _steps(readout)
    weights = np.atleast_2d(np.asarray(model.coef_, np.float64))
    offset = np.broadcast_to(np.asarray(model.intercept_, np.float64), len(weights)).copy()
    for scaler in reversed(scalers):
        if scaler.scale_ is not None:
            weights = weights / scaler.scale_
        if scaler.mean_ is not None:
            offset = offset - weights @ scaler.mean_
    classes = getattr(model, "classes_", None)
    if classes is not None and len(weights) == 1:
        weights, offset = np.vstack([-weights, weights]) / 2, np.concatenate([-offset, offset]) / 2
    elif classes is not None:
        weights, offset = weights - weights.mean(axis=0), offset - offset.mean()
    return Linear(weights.reshape(len(weights), -1, n_neurons), offset, classes)


def _steps(readout: Any) -> tuple[Sequence[Any], Any]:
    """Return the scalers and the model of a readout; probabilities are left out, because they change no decision."""
    if type(readout) is Probabilities:
        readout = readout.classifier_ if hasattr(readout, "classifier_") else readout.classifier
    steps = [step for _, step in readout.steps] if type(readout) is Pipeline else [readout]
    return steps[:-1], steps[-1]
