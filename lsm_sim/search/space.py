"""What a search varies: ranges and choices, by the names of `set_params`."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.brief import brief

RANGE, CHOICES = "search", "choices"  # keys of a range and of choices in a file
_MOST = 2**53  # whole numbers beyond it are not exact as floats


@dataclass(frozen=True)
class Range:
    """All numbers from ``low`` to ``high``.

    Parameters
    ----------
    low, high
        Both ends belong to the range.
    log
        Whether every factor is as likely as any other, as for time constants and weights, not every difference.
    whole
        Whether only whole numbers are tried.

    Examples
    --------
    >>> Range(0.005, 0.08, log=True)
    Range(low=0.005, high=0.08, log=True, whole=False)
    """

    low: float
    high: float
    log: bool = False
    whole: bool = False

    def __post_init__(self) -> None:
        check = _whole if checks.flag(self.whole, "Range whole") else checks.real
        for end in ("low", "high"):
            object.__setattr__(self, end, check(getattr(self, end), f"Range {end}"))
        got = f"Range: got {self.low:g} to {self.high:g}"
        if self.low == self.high:
            raise DescriptionError(f"{got}, which is empty; expected low < high, or write the number itself")
        if self.low > self.high:
            raise DescriptionError(f"{got}, which is reversed; expected low < high")
        if not math.isfinite(self.high - self.low):
            raise DescriptionError(f"{got}, expected a range shorter than 1.8e308")
        if checks.flag(self.log, "Range log") and self.low <= 0:
            raise DescriptionError(f"{got} with log, expected low > 0")

    def at(self, share: float) -> float:
        """Return the number that has this share, in [0, 1), of the range below it."""
        if self.whole and not self.log:
            return int(self.low) + math.floor(share * (int(self.high) - int(self.low) + 1))
        low, high = (self.low - 0.5, self.high + 0.5) if self.whole else (self.low, self.high)
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        value = min(max(value, self.low), self.high)
        return min(max(round(value), int(self.low)), int(self.high)) if self.whole else value

    def middle(self) -> float:
        """Return the number in the middle, on the scale of the range."""
        return self.at(0.5)

    def to_dict(self) -> dict[str, Any]:
        """Return the range as in a file."""
        flags = {name: True for name in ("log", "whole") if getattr(self, name)}
        return {RANGE: [self.low, self.high], **flags}


def _whole(value: Any, where: str) -> int:
    number = checks.real(value, where)
    if number != math.floor(number) or abs(number) >= _MOST:
        raise DescriptionError(f"{where}: got {number:g}, expected a whole number; omit whole for others")
    return int(number)


@dataclass(frozen=True, eq=False)
class Choices:
    """One of several values.

    Parameters
    ----------
    values
        Numbers, text, tables of a description, or objects such as encoders.

    Examples
    --------
    >>> Choices([2, 3, 5]).labels
    (2, 3, 5)
    """

    values: tuple[Any, ...]

    def __post_init__(self) -> None:
        values = tuple(checks.items(self.values, "Choices", "a list of values"))
        if not values:
            raise DescriptionError("Choices: got none, expected at least one value")
        object.__setattr__(self, "values", values)
        if len(set(map(repr, self.labels))) < len(values):
            raise DescriptionError(f"Choices: got {brief(repr(list(values)))}, in which a value appears twice")

    @property
    def labels(self) -> tuple[Any, ...]:
        """What a study stores for each value: numbers and text themselves, the text of tables, else the index."""
        if all(isinstance(value, str) for value in self.values) or all(type(v) in (int, float) for v in self.values):
            return self.values
        return tuple(_label(k, value) for k, value in enumerate(self.values))

    def middle(self) -> Any:
        """Return the first value."""
        return self.values[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the choices as in a file, with labels in place of objects."""
        return {CHOICES: list(self.labels)}


def _label(k: int, value: Any) -> str:
    try:
        return json.dumps(value, sort_keys=True)
    except (TypeError, ValueError, RecursionError):
        return f"choice {k}"


Dimension: TypeAlias = Range | Choices
Space: TypeAlias = Mapping[str, Dimension]


def checked_space(space: Any) -> dict[str, Dimension]:
    """Return a space whose values are all `Range` or `Choices`; lists are choices, and tables are as in a file."""
    checks.instance(space, Mapping, "space", "a dict of ranges by the names of parameters")
    if not space:
        raise DescriptionError("space: got no parameters, expected at least one range or list of choices")
    for name in space:
        if not isinstance(name, str) or not name or not name.isprintable():
            raise DescriptionError(f"space: got the name {brief(repr(name))}, expected that of a parameter")
    return {name: dimension(value, f"space {name}") for name, value in space.items()}


def dimension(value: Any, where: str) -> Dimension:
    """Return the range or the choices that a value stands for."""
    if isinstance(value, (Range, Choices)):
        return value
    try:
        if isinstance(value, list):
            return Choices(tuple(value))
        if isinstance(value, Mapping) and is_dimension(value):
            return _of_table(value)
    except DescriptionError as error:
        raise DescriptionError(f"{where}: {error}") from None
    raise DescriptionError(
        f"{where}: got {brief(repr(value))}, expected Range(low, high), a list of choices, or a table such as "
        f"{{{RANGE} = [low, high]}}"
    )


def is_dimension(value: Any) -> bool:
    """Return whether a table of a file is a range or choices."""
    return isinstance(value, Mapping) and (RANGE in value or CHOICES in value)


def _of_table(table: Mapping[str, Any]) -> Dimension:
    known = (RANGE, "log", "whole") if RANGE in table else (CHOICES,)
    unknown = [key for key in table if key not in known]
    if unknown:
        raise DescriptionError(f"unknown key {brief(unknown[0])!r} beside {known[0]!r}; known: {', '.join(known)}")
    if RANGE not in table:
        return Choices(tuple(checks.items(table[CHOICES], CHOICES, "a list of values")))
    ends = checks.items(table[RANGE], RANGE, "the two ends of a range")
    if len(ends) != 2:
        raise DescriptionError(f"{RANGE}: got {len(ends)} numbers, expected the two ends of a range")
    flags = {name: table[name] for name in ("log", "whole") if name in table}
    return Range(ends[0], ends[1], **flags)
