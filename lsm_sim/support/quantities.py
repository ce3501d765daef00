"""Units of Brian2 quantities, which are accepted wherever a number is expected; Brian2 itself is not imported."""

from __future__ import annotations

from typing import Literal

from lsm_sim.errors import DescriptionError

Dimension = Literal["time", "rate"]
_EXPECTED = {"time": ("s", "a time such as 20*ms"), "rate": ("s^-1", "a rate such as 50*Hz")}


def check_unit(value: object, where: str, dimension: Dimension | None) -> None:
    """Refuse a quantity with a unit of another dimension; None: any unit is allowed."""
    given = getattr(value, "dim", None)
    if dimension is None or given is None or getattr(given, "is_dimensionless", True):
        return
    unit, expected = _EXPECTED[dimension]
    if str(given) != unit:
        raise DescriptionError(f"{where}: got {value}, expected {expected}")
