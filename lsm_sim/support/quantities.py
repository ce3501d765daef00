"""Units of Brian2 quantities, which are accepted wherever a number is expected; Brian2 itself is not imported."""

from __future__ import annotations

from lsm_sim.errors import DescriptionError

_TIMES = ("tau_m", "tau_syn", "t_ref", "delay", "dt", "duration", "times", "tau", "frame", "window", "bin_width")
_RATES = ("rate", "max_rate")


def check_unit(value: object, where: str) -> None:
    """Refuse a quantity that is not a time if ``where`` ends in the name of a time; the same for rates."""
    dimension = getattr(value, "dim", None)
    if dimension is None or getattr(dimension, "is_dimensionless", True):
        return
    name = where.rsplit(" ", 1)[-1]
    for names, unit, expected in ((_TIMES, "s", "a time such as 20*ms"), (_RATES, "s^-1", "a rate such as 50*Hz")):
        if name in names and str(dimension) != unit:
            raise DescriptionError(f"{where}: got {value}, expected {expected}")
