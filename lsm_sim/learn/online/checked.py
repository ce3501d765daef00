"""Checks of what online readouts learn from: thorough ones for batches, cheap ones for single samples."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from sklearn.utils.validation import validate_data

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import checked_labels, checked_y
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats, Ints

_NOT_FINITE = "got NaN or infinite values, expected finite numbers; remove or replace such samples"


def rows(estimator: Any, X: Any, *, reset: bool) -> Floats:
    """Return features as floats (samples, features); ``reset`` makes the estimator remember the columns."""
    try:
        array = np.asarray(validate_data(estimator, X, reset=reset, dtype=np.float64, ensure_all_finite=False))
    except (TypeError, ValueError) as error:
        if isinstance(error, TypeError) and not isinstance(X, list | tuple):
            raise  # as in `lsm_sim.learn.estimator_input`
        raise DescriptionError(f"X: {brief(error)}") from None
    if not np.isfinite(array).all():
        raise DescriptionError(f"X: {_NOT_FINITE}")
    return array


def targets(estimator: Any, y: Any, n_rows: int) -> Floats:
    """Return values to learn as floats (samples,) or (samples, targets)."""
    array = checks.real_array(checked_y(estimator, y, multi_output=True, y_numeric=True), "y")
    if len(array) != n_rows:
        raise DescriptionError(f"y: got {len(array)} values for {n_rows} samples of X")
    return array


def row(x: Any, n_features: int) -> Floats:
    """Return the features of one sample, shape (features,)."""
    array = x if type(x) is np.ndarray and x.dtype == np.float64 else checks.real_array(x, "features")
    if array.shape != (n_features,):
        raise DescriptionError(f"features: got shape {array.shape}, expected ({n_features},), one sample as in fit")
    if not np.isfinite(array).all():
        raise DescriptionError(f"features: {_NOT_FINITE}")
    return array


def target(y: Any, n_targets: int) -> Floats:
    """Return the target of one sample, shape (targets,); for one target a number will do."""
    if type(y) is float and n_targets == 1 and math.isfinite(y):
        return np.array([y])
    array = checks.real_array(y, "target")
    if array.shape != (n_targets,) and not (n_targets == 1 and array.ndim == 0):
        expected = "one number" if n_targets == 1 else f"({n_targets},)"
        raise DescriptionError(f"target: got shape {array.shape}, expected {expected}, as in fit")
    return array.reshape(n_targets)


def labels(estimator: Any, y: Any, n_rows: int) -> Any:
    """Return labels to learn, shape (samples,)."""
    array = checked_labels(estimator, y)
    if len(array) != n_rows:
        raise DescriptionError(f"y: got {len(array)} values for {n_rows} samples of X")
    return array


def class_numbers(given: Any, classes: Any) -> Ints:
    """Return the number of each label's class; a label that is not among the classes is an error."""
    number = {label: k for k, label in enumerate(np.asarray(classes).tolist())}
    values = np.asarray(given).tolist()
    new = next((label for label in values if label not in number), None)
    if new is not None:
        raise DescriptionError(
            f"y: got the new class {brief(repr(new))}, expected one of {brief(', '.join(map(repr, number)))}; name every class in "
            "the first call, partial_fit(X, y, classes)"
        )
    return np.array([number[label] for label in values], dtype=np.int64)


def class_number(label: Any, classes: Any) -> int:
    """Return the number of the class of one label."""
    if checks.shape(label, "target") == ():
        found = np.flatnonzero(classes == label)
        if found.size == 1:
            return int(found[0])
    raise DescriptionError(
        f"target: got {brief(repr(label))}, expected one of the classes {brief(', '.join(map(repr, classes.tolist())))}"
    )
