"""Arrays that begin with a cache line, so that no vector of 64 bytes lies across two."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

LINE = 64  # bytes


def empty(shape: int | tuple[int, ...], kind: Any) -> npt.NDArray[Any]:
    """Return an aligned array with nothing in it yet."""
    size, item = math.prod(np.atleast_1d(shape).tolist()), np.dtype(kind).itemsize
    room: npt.NDArray[Any] = np.empty(size + LINE // item, kind)
    skip = -room.ctypes.data % LINE // item
    return room[skip : skip + size].reshape(shape)


def zeros(shape: int | tuple[int, ...], kind: Any) -> npt.NDArray[Any]:
    """Return an aligned array of zeros."""
    out = empty(shape, kind)
    out[:] = 0
    return out


def copy(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return an aligned copy."""
    out = empty(array.shape, array.dtype)
    out[:] = array
    return out
