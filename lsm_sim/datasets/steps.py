"""Times that must be whole numbers of steps."""

from __future__ import annotations

import math

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks


def whole_steps(value: float, dt: float, where: str, minimum: int = 1) -> int:
    """Return ``value / dt`` as an int of at least ``minimum``."""
    steps = checks.real(value, where, "time") / checks.positive(dt, f"{where}: dt", "time")
    # 1e-6 of a step: 17 / 0.1 is not 170 in floating point
    if not math.isclose(steps, round(steps), rel_tol=1e-6, abs_tol=1e-6) or round(steps) < minimum:
        raise DescriptionError(f"{where}: got {value:g}, expected a whole number >= {minimum} of steps of {dt:g}")
    return round(steps)
