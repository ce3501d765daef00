"""The unit of time axes."""

from __future__ import annotations

from typing import Literal, TypeAlias

from lsm_sim.support import checks

TimeUnit: TypeAlias = Literal["ms", "s"]
_PER_SECOND = {"ms": 1000.0, "s": 1.0}


def per_second(unit: TimeUnit) -> float:
    """Return how many of ``unit`` make a second."""
    return _PER_SECOND[checks.choice(unit, "unit", _PER_SECOND)]
