"""Checks of user input, each with a one-sentence error message."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.support.brief import brief
from lsm_sim.support.quantities import Dimension, check_unit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

MOST = 2**31 - 1  # members of a group, steps of a sample: indices of spikes have 32 bits


def _array(value: object, where: str, dimension: Dimension | None = None) -> npt.NDArray[Any]:
    check_unit(value, where, dimension)
    try:
        return np.asarray(value)
    except (ValueError, TypeError):
        raise DescriptionError(f"{where}: got nested sequences of unequal length, expected numbers") from None


def real_array(value: object, where: str, dimension: Dimension | None = None) -> Floats:
    """Return ``value`` as a float64 array; complex numbers, text, NaN, infinite values and wrong units are errors."""
    array = _array(value, where, dimension)
    if array.dtype.kind not in "biuf":
        msg = f"{where}: got values of type {array.dtype}, expected real numbers"
        raise DescriptionError(msg)
    array = np.array(array, dtype=np.float64, order="C", subok=False)
    if not np.isfinite(array).all():
        bad = array[~np.isfinite(array)].flat[0]
        raise DescriptionError(f"{where}: got {bad}, expected finite numbers; remove or replace such values")
    return array


def real(value: object, where: str, dimension: Dimension | None = None) -> float:
    """Return ``value`` as one finite float."""
    array = real_array(value, where, dimension)
    if array.ndim != 0:
        raise DescriptionError(f"{where}: got an array of shape {array.shape}, expected one number")
    return float(array)


def positive(value: object, where: str, dimension: Dimension | None = None) -> float:
    """Return ``value`` as one float > 0."""
    number = real(value, where, dimension)
    if number <= 0:
        raise DescriptionError(f"{where}: got {number:g}, expected a number > 0")
    return number


def probability(value: object, where: str) -> float:
    """Return ``value`` as one float in [0, 1]."""
    number = real(value, where)
    if not 0 <= number <= 1:
        raise DescriptionError(f"{where}: got {number:g}, expected a probability in [0, 1]")
    return number


def whole(value: Any, where: str, minimum: int = 0, maximum: int | None = None) -> int:
    """Return ``value`` as an int from ``minimum`` to ``maximum``; 3.0 counts as whole, True does not."""
    if value is None or isinstance(value, bool | np.bool_ | str):
        number = -math.inf
    else:  # a Python integer such as a seed may be too large for NumPy
        number = value if isinstance(value, int) else real(value, where)
    if number < minimum or number != math.floor(number):
        raise DescriptionError(f"{where}: got {value!r}, expected a whole number >= {minimum}")
    if maximum is not None and number > maximum:
        raise DescriptionError(f"{where}: got more than {maximum}, expected at most that")
    return int(value)


def whole_array(value: object, where: str) -> Ints:
    """Return ``value`` as an int64 array; floats are accepted only if they are whole numbers."""
    array = _array(value, where)
    if array.size == 0 and array.dtype.kind in "biuf":
        return array.astype(np.int64)
    if array.dtype.kind in "iu":
        if array.dtype == np.uint64 and (array > np.iinfo(np.int64).max).any():
            raise DescriptionError(f"{where}: got {array.max()}, expected integers below 2^63")
        return np.array(array, dtype=np.int64, order="C")
    as_float = real_array(value, where)
    if (as_float != np.floor(as_float)).any() or (np.abs(as_float) >= 2.0**53).any():
        bad = as_float[(as_float != np.floor(as_float)) | (np.abs(as_float) >= 2.0**53)].flat[0]
        raise DescriptionError(f"{where}: got {bad:g}, expected whole numbers")
    return as_float.astype(np.int64)


def steps(value: Floats, where: str, dt: float) -> Ints:
    """Return numbers of steps of ``dt`` as int64; 2^31 steps or more are an error that gives the time."""
    if (np.abs(value) >= 2.0**31).any():
        worst = float(np.abs(value).max()) * dt
        raise DescriptionError(f"{where}: got {worst:g} s, expected less than 2^31 steps of {dt:g} s; use a larger dt")
    return value.astype(np.int64)


def name(value: object, where: str) -> str:
    """Return ``value`` as a group name: a non-empty string without control characters."""
    if not isinstance(value, str) or not value or not value.isprintable():
        raise DescriptionError(f"{where}: got {value!r}, expected a non-empty printable string")
    return value


def shape(value: Any, where: str) -> tuple[int, ...]:
    """Return the shape of an array, or of nested sequences of equal lengths."""
    try:
        return np.shape(value)
    except ValueError:
        raise DescriptionError(f"{where}: got nested sequences of unequal length, expected an array") from None


def instance(value: Any, kind: type | tuple[type, ...], where: str, expected: str) -> Any:
    """Return ``value`` if it is of this kind; the error says what is ``expected``."""
    if not isinstance(value, kind):
        raise DescriptionError(f"{where}: got {type(value).__name__}, expected {expected}")
    return value


def choice(value: Any, where: str, known: Iterable[str], *, optional: bool = False) -> Any:
    """Return ``value`` if it is one of the ``known`` words; None too if it is ``optional``."""
    if optional and value is None:
        return value
    words = [*known]
    if not isinstance(value, str) or value not in words:
        listed = [*map(repr, words), *(["None"] if optional else [])]
        expected = " or ".join([", ".join(listed[:-1]), listed[-1]] if len(listed) > 1 else listed)
        raise DescriptionError(f"{where}: got {brief(repr(value))}, expected {expected}")
    return value


def flag(value: Any, where: str) -> bool:
    """Return ``value`` as a bool; only True, False, 0 and 1 are accepted."""
    if isinstance(value, bool | np.bool_ | int) and value in (0, 1):
        return bool(value)
    raise DescriptionError(f"{where}: got {brief(repr(value))}, expected True or False")


def items(value: Any, where: str, expected: str) -> list[Any]:
    """Return the members of a list, tuple, array or other collection; a text is not one."""
    is_scalar = isinstance(value, str | bytes | Mapping) or (isinstance(value, np.ndarray) and value.ndim == 0)
    if is_scalar or not isinstance(value, Iterable):
        raise DescriptionError(f"{where}: got {brief(repr(value))}, expected {expected}")
    return [*value]


def described_name(value: object, where: str) -> str:
    """Return ``value`` as the name of a group in a description: names of random streams join such names with "/"."""
    if "/" in name(value, where):
        raise DescriptionError(f"{where}: got {value!r}, expected a name without '/'; use '_' or '.' instead")
    return str(value)


def read_only(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return ``array``, which nobody else may hold, as a view that `setflags` cannot make writable."""
    array.setflags(write=False)
    if array.size == 0 or array.dtype.hasobject:
        return array
    data = memoryview(np.ascontiguousarray(array).reshape(-1).view(np.uint8)).toreadonly()
    return np.frombuffer(data, array.dtype).reshape(array.shape)
