"""Units of quantities. Those of Brian2 are accepted wherever a number is expected; Brian2 itself is not imported.

Quantities of other packages (quantities, which Neo uses, and pint) are refused: they keep the numbers of the unit in which they
were written, and 20 ms would become 20 s.
"""

from __future__ import annotations

from typing import Literal

from lsm_sim.errors import DescriptionError
from lsm_sim.support.brief import brief

Dimension = Literal["time", "rate"]
_EXPECTED = {"time": ("s", "a time such as 20*ms"), "rate": ("s^-1", "a rate such as 50*Hz")}


def check_unit(value: object, where: str, dimension: Dimension | None) -> None:
    """Refuse a quantity with a unit of another dimension (None: any unit is allowed), and those of other packages."""
    if foreign := getattr(value, "dimensionality", None):
        raise DescriptionError(
            f"{where}: got a {type(value).__name__} in {brief(foreign)}, expected plain numbers in SI units; for seconds use "
            ".rescale('s').magnitude"
        )
    given = getattr(value, "dim", None)
    if dimension is None or given is None or getattr(given, "is_dimensionless", True):
        return
    unit, expected = _EXPECTED[dimension]
    if str(given) != unit:
        raise DescriptionError(f"{where}: got {value}, expected {expected}")
