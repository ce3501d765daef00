"""Training a readout on features that are on disk."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import is_classifier

from lsm_sim.errors import DescriptionError
from lsm_sim.streams.stored_features import StoredFeatures
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike
from lsm_sim.support.progress import progress_bar


def fit(readout: Any, features: StoredFeatures | PathLike, y: Any = None, *, progress: bool | None = None) -> Any:
    """Train a readout on stored features, a chunk at a time, and return it.

    With `lsm_sim.readout.IncrementalRidge` or ``IncrementalRidgeClassifier`` the weights equal those of ridge regression on all
    samples at once but for rounding, however the features are divided into chunks.

    Parameters
    ----------
    readout
        An unfitted estimator with ``partial_fit``; ``lsm_sim.readout.incremental_ridge()`` returns one.
    features
        From `lsm_sim.streams.transform`, or their folder.
    y
        Labels or values, one for each sample; None: those that were stored.
    progress
        Show samples per second; None: on a terminal, if the run takes more than a second.
    """
    if isinstance(readout, type) or not callable(getattr(readout, "partial_fit", None)):
        name = readout.__name__ if isinstance(readout, type) else type(readout).__name__
        raise DescriptionError(
            f"readout: got {name}, expected an estimator with partial_fit, such as IncrementalRidge()"
        )
    stored = features if isinstance(features, StoredFeatures) else StoredFeatures(features)
    if not len(stored):
        raise DescriptionError(f"{stored.path}: has no samples yet, expected at least one chunk")
    if y is not None:
        checks.shape(y, "y")
    targets = stored.y if y is None else np.asarray(checks.items(y, "y", "labels or values"))
    if targets is None:
        raise DescriptionError(f"y: got None, but no labels or values are stored in {stored.path}; give them")
    if targets.shape[:1] != (len(stored),):
        raise DescriptionError(f"y: got shape {targets.shape}, expected ({len(stored)},), one for each sample")
    known: dict[str, Any] = {"classes": np.unique(targets)} if is_classifier(readout) else {}
    first = 0
    with progress_bar(len(stored), progress) as advance:
        for values, _ in stored.chunks():
            own = targets[first : first + len(values)]
            readout.partial_fit(values, own, **(known if first == 0 else {}))
            first += len(values)
            advance(len(values))
    return readout
