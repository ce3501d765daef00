"""Digests that tell whether data and models are those of an earlier run, in any process."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from types import FunctionType, MethodType
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid


def digest(*values: Any) -> str:
    """Return 16 hexadecimal digits of the SHA-256 of values: arrays, text, numbers, records, estimators, functions.

    >>> digest([1, "a"]) == digest([1, "a"]), digest([1]) == digest([1.0])
    (True, False)
    """
    state = hashlib.sha256()
    for part in _parts(values):
        state.update(len(part).to_bytes(8, "little"))
        state.update(part)
    return state.hexdigest()[:16]


def _parts(value: Any) -> Iterator[Any]:
    """Yield bytes that differ for different values."""
    if isinstance(value, np.ndarray) and value.dtype.kind != "O":
        yield f"array {value.dtype} {value.shape}".encode()
        yield np.ascontiguousarray(value).tobytes()
    elif isinstance(value, (list, tuple, np.ndarray)):
        yield f"list {len(value)}".encode()
        for item in value:
            yield from _parts(item)
    elif isinstance(value, Mapping):
        yield f"table {len(value)}".encode()
        for key in sorted(value, key=str):
            yield from _parts((str(key), value[key]))
    elif isinstance(value, Liquid):
        yield from _parts(value.to_dict())
    elif isinstance(value, np.random.Generator):
        yield from _parts(value.bit_generator.state)
    else:
        yield from _object_parts(value)


def _object_parts(value: Any) -> Iterator[Any]:
    """Yield the parts of functions, records, estimators and everything else."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, partial):
        yield from _parts(("partial", value.func, value.args, value.keywords))
    elif isinstance(value, MethodType):
        yield from _parts((value.__func__, value.__self__))
    elif isinstance(value, FunctionType):
        inside = [cell.cell_contents for cell in value.__closure__ or ()]
        nameless = [value.__code__.co_code] if value.__name__ == "<lambda>" else []
        yield from _parts((value.__module__, value.__qualname__, *nameless, value.__defaults__, inside))
    elif isinstance(value, type):
        yield f"class {value.__module__}.{value.__qualname__}".encode()
    elif dataclasses.is_dataclass(value):
        yield from _parts((kind, {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}))
    elif hasattr(value, "get_params"):
        yield from _parts((kind, value.get_params(deep=False)))
    elif hasattr(value, "to_numpy"):
        yield from _parts((kind, list(getattr(value, "columns", ())), value.to_numpy()))
    elif isinstance(value, bytes):
        yield value
    elif hasattr(value, "__dict__"):
        yield from _parts((kind, vars(value)))
    else:
        yield f"{kind} {value!r}".encode()
