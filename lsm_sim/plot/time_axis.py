"""The unit of time axes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lsm_sim.errors import DescriptionError

TimeUnit: TypeAlias = Literal["ms", "s"]
_PER_SECOND = {"ms": 1000.0, "s": 1.0}


def per_second(unit: TimeUnit) -> float:
    """Return how many of ``unit`` make a second."""
    given: object = unit  # anything, until it is checked
    if not isinstance(given, str) or given not in _PER_SECOND:
        raise DescriptionError(f"unit: got {unit!r}, expected 'ms' or 's'")
    return _PER_SECOND[unit]
