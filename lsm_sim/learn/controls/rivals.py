"""What users would pick instead of a liquid, trained on the same signals: MiniRocket, a support vector machine, a random forest."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.learn.nested import NestedChoice
from lsm_sim.learn.raw_features import raw_features
from lsm_sim.learn.readout import ridge
from lsm_sim.support.checks import Floats, Ints

RIVALS = ("minirocket", "svm", "forest")
_SHORTEST = 9  # frames that a kernel of MiniRocket needs
_WIDTHS, _LEAVES, _TREES = (1.0, 10.0, 100.0), (1, 3, 10), 300


def rival_readout(view: str, seed: int) -> Any:
    """Return the classifier of a rival: one of three settings, chosen on the training samples, or ridge for MiniRocket."""
    if view == "minirocket":
        return ridge()
    if view == "svm":
        return NestedChoice({f"C = {C:g}": make_pipeline(StandardScaler(), SVC(C=C)) for C in _WIDTHS})
    forests = {
        f"{n} samples per leaf": RandomForestClassifier(_TREES, min_samples_leaf=n, random_state=seed) for n in _LEAVES
    }
    return NestedChoice(forests)


def rival_features(view: str, signals: Sequence[Floats], bins: int, train: Ints, seed: int) -> Floats:
    """Return what a rival sees: raw samples in bins, or the features of MiniRocket, whose biases are of training samples.

    A. Dempster, D. F. Schmidt, G. I. Webb: MiniRocket. KDD 2021. Signals of several lengths are first interpolated to the
    median one.
    """
    if view != "minirocket":
        return raw_features(signals, bins)
    MiniRocket = _minirocket()
    lengths = [len(signal) for signal in signals]
    length = max(_SHORTEST, round(float(np.median([lengths[k] for k in train]))))
    X = np.stack([_stretched(signal, length) for signal in signals]).astype(np.float32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MiniRocket(random_state=seed, n_jobs=1).fit(X[train])
        return np.asarray(model.transform(X), np.float64)


def _minirocket() -> Any:
    try:
        from aeon.transformations.collection.convolution_based import MiniRocket
    except ImportError:
        raise BackendUnavailableError("minirocket: aeon is not installed; pip install 'lsm-sim[rivals]'") from None
    return MiniRocket


def _stretched(signal: Floats, length: int) -> Floats:
    """Return a signal (frames, channels) with another number of frames, interpolated, as (channels, length)."""
    if len(signal) == length:
        return signal.T
    at = np.linspace(0, len(signal) - 1, length)
    return np.stack([np.interp(at, np.arange(len(signal)), column) for column in signal.T])
