"""Values of a description: one number for all, one for each, or a distribution to draw them from."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.quantities import Dimension

Value: TypeAlias = float | Floats | Distribution


def checked_value(value: Any, size: int | None, where: str, dimension: Dimension | None = None) -> Value:
    """Return ``value`` as a float, a read-only array of shape (size,) or a distribution; quantities must have the dimension."""
    if isinstance(value, Distribution):
        return value
    array = checks.real_array(value, where, dimension)
    if array.ndim == 0:
        return float(array)
    if array.ndim != 1 or (size is not None and len(array) != size):
        expected = f"one number, {size} of them" if size is not None else "one number, a list of them"
        raise DescriptionError(f"{where}: got an array of shape {array.shape}, expected {expected} or a distribution")
    return checks.read_only(array)


def value_range(value: Any) -> tuple[float, float]:
    """Return the smallest and the largest possible value."""
    if isinstance(value, Distribution):
        return value.bounds
    array = np.atleast_1d(value)
    return (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)
