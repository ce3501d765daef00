"""Figures as text: engineering prefixes, ranges, aligned columns."""

from __future__ import annotations

import math
from collections.abc import Container, Iterator, Sequence

from lsm_sim.deploy.costs.operations import Range

_PREFIXES = {-15: "f", -12: "p", -9: "n", -6: "µ", -3: "m", 0: "", 3: "k", 6: "M", 9: "G"}


def quantity(value: float, unit: str, digits: int = 2) -> str:
    """Return a value with an engineering prefix and this many significant digits.

    >>> quantity(76.4e-9, "J"), quantity(0.104, "W", 3), quantity(0, "J"), quantity(999.9e-6, "s")
    ('76 nJ', '104 mW', '0 J', '1.0 ms')
    """
    power = _power(value, digits)
    return f"{_significant(value / 10.0**power, digits)} {_PREFIXES[power]}{unit}"


def interval(values: Range, unit: str, digits: int = 2) -> str:
    """Return a range in one unit, or one value if both ends read the same.

    >>> interval(Range(76e-9, 1.2e-6), "J"), interval(Range(1e-3, 1e-3), "s")
    ('0.076 to 1.2 µJ', '1.0 ms')
    """
    power = _power(values.high, digits)
    low, high = (_significant(value / 10.0**power, digits) for value in values)
    return f"{high if low == high else f'{low} to {high}'} {_PREFIXES[power]}{unit}"


def count(value: float) -> str:
    """Return a count, or a mean of counts, with a space between thousands.

    >>> count(1234567), count(12.34), count(2.0), count(0.0125), count(999.7)
    ('1 234 567', '12.3', '2', '0.0125', '1 000')
    """
    if value == round(value) or abs(value) >= 999.5:
        return f"{round(value):,}".replace(",", " ")
    return f"{value:.3g}"


def aligned(rows: Sequence[Sequence[str]], text: Container[int] = (0,)) -> list[str]:
    """Return rows in aligned columns: those in ``text`` to the left, numbers to the right.

    >>> aligned([("core", "words"), ("0", "12 345")])
    ['core   words', '0     12 345']
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ["  ".join(_aligned_cells(row, widths, text)).rstrip() for row in rows]


def _aligned_cells(row: Sequence[str], widths: Sequence[int], text: Container[int]) -> Iterator[str]:
    for i, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.ljust(width) if i in text else cell.rjust(width)


def _power(value: float, digits: int) -> int:
    """Return the power of ten of the prefix for ``value`` as it reads after rounding."""
    if value == 0 or not math.isfinite(value):
        return 0
    exponent = int(f"{abs(value):.{max(digits - 1, 0)}e}".partition("e")[2])
    return min(max(3 * (exponent // 3), min(_PREFIXES)), max(_PREFIXES))


def _significant(value: float, digits: int) -> str:
    """Return a number with this many significant digits and without exponent."""
    if value == 0:
        return "0"
    if not math.isfinite(value):
        return str(value)
    exponent = int(f"{abs(value):.{digits - 1}e}".partition("e")[2])
    decimals = digits - 1 - exponent
    return f"{round(value, decimals):.{max(decimals, 0)}f}"
