"""Equality of records by value, for records that hold arrays, which ``==`` of a dataclass cannot compare."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np


def equal(one: Any, other: Any) -> bool:
    """Return whether two values are equal: arrays in shape and every value, records and collections in every part."""
    if one is other:
        return True
    if isinstance(one, np.ndarray) or isinstance(other, np.ndarray):
        return np.array_equal(one, other)
    if type(one) is type(other) and "__eq__" not in vars(type(one)) and dataclasses.is_dataclass(one):
        return fields_equal(one, other)
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)) and isinstance(other, (list, tuple)):
        return len(one) == len(other) and all(map(equal, one, other))
    return bool(one == other)


def fields_equal(one: Any, other: Any) -> bool:
    """Return whether two dataclass records of one class are equal in every field."""
    return all(equal(getattr(one, field.name), getattr(other, field.name)) for field in dataclasses.fields(one))
