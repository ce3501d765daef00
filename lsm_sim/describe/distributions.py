"""Random values of a description: weights, delays and neuron parameters.

A distribution is a record; drawing needs a generator. ``-Gamma(...)`` and ``2 * Normal(...)`` are distributions too, with the
same draws, scaled. With ``minimum`` or ``maximum`` the distribution is *truncated*: values outside are drawn again, not clipped.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_MAX_REDRAWS = 1000


@dataclass(frozen=True)
class Law:
    """A family of distributions: names of its two parameters, whether they must be positive, its support, its sampler."""

    parameters: tuple[str, str]
    positive: tuple[bool, bool]
    support: tuple[float, float]
    draw: Callable[[np.random.Generator, float, float, int], Floats]


def _draw_normal(rng: np.random.Generator, mean: float, sd: float, size: int) -> Floats:
    return rng.normal(mean, sd, size)


def _draw_gamma(rng: np.random.Generator, mean: float, shape: float, size: int) -> Floats:
    return rng.gamma(shape, mean / shape, size)


def _draw_lognormal(rng: np.random.Generator, mean: float, sd: float, size: int) -> Floats:
    variance_of_log = math.log1p((sd / mean) ** 2)  # so that the values themselves have this mean and sd
    return rng.lognormal(math.log(mean) - variance_of_log / 2, math.sqrt(variance_of_log), size)


def _draw_uniform(rng: np.random.Generator, low: float, high: float, size: int) -> Floats:
    return rng.uniform(low, high, size)


LAWS = {
    "Normal": Law(("mean", "sd"), (False, True), (-math.inf, math.inf), _draw_normal),
    "Gamma": Law(("mean", "shape"), (True, True), (0.0, math.inf), _draw_gamma),
    "LogNormal": Law(("mean", "sd"), (True, True), (0.0, math.inf), _draw_lognormal),
    "Uniform": Law(("low", "high"), (False, False), (-math.inf, math.inf), _draw_uniform),
}


@dataclass(frozen=True)
class Distribution:
    """``factor`` times a draw of ``law`` with its two parameters, truncated to [minimum, maximum] before scaling.

    Created by `Normal`, `Gamma`, `LogNormal` and `Uniform`; multiplying or negating it gives another distribution.
    """

    law: str
    first: float
    second: float
    minimum: float | None = None
    maximum: float | None = None
    factor: float = 1.0

    def __post_init__(self) -> None:
        if self.law not in LAWS:
            raise DescriptionError(f"distribution: got {self.law!r}, expected one of {', '.join(LAWS)}")
        law = LAWS[self.law]
        for field, label, positive in zip(("first", "second"), law.parameters, law.positive, strict=True):
            check = checks.positive if positive else checks.real
            object.__setattr__(self, field, check(getattr(self, field), f"{self.law} {label}"))
        for bound in ("minimum", "maximum", "factor"):
            if getattr(self, bound) is not None:
                object.__setattr__(self, bound, checks.real(getattr(self, bound), f"{self.law} {bound}"))
        low, high = self._truncation
        if low >= high and self.law != "Uniform":
            msg = f"{self.law}: got the bounds {low:g} and {high:g}, expected minimum < maximum"
            raise DescriptionError(msg)
        if self.law == "Uniform" and self.first > self.second:
            msg = f"Uniform: got low {self.first:g} and high {self.second:g}, expected low <= high"
            raise DescriptionError(msg)

    @property
    def _truncation(self) -> tuple[float, float]:
        low, high = LAWS[self.law].support if self.law != "Uniform" else (self.first, self.second)
        if self.minimum is not None:
            low = max(low, self.minimum)
        if self.maximum is not None:
            high = min(high, self.maximum)
        return low, high

    @property
    def bounds(self) -> tuple[float, float]:
        """Smallest and largest possible value, with ``factor`` applied."""
        if self.factor == 0:
            return 0.0, 0.0
        low, high = sorted(end * self.factor + 0.0 for end in self._truncation)
        return low, high

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Return ``size`` values, shape (size,)."""
        sample = LAWS[self.law].draw
        try:
            values = sample(rng, self.first, self.second, size)
        except (OverflowError, ValueError):
            raise DescriptionError(f"{self}: the range is too large for 64-bit numbers; use other parameters") from None
        low, high = self._truncation
        for _ in range(_MAX_REDRAWS):
            outside = np.flatnonzero((values < low) | (values > high))
            if outside.size == 0:
                return self.factor * values
            values[outside] = sample(rng, self.first, self.second, outside.size)
        msg = f"{self}: hardly any draw falls inside [{low:g}, {high:g}]; widen minimum and maximum"
        raise DescriptionError(msg)

    def __mul__(self, factor: float) -> Distribution:
        return dataclasses.replace(self, factor=self.factor * factor)

    __rmul__ = __mul__

    def __neg__(self) -> Distribution:
        return self * -1.0

    def __repr__(self) -> str:
        labels = LAWS[self.law].parameters
        parts = [f"{labels[0]}={self.first:g}", f"{labels[1]}={self.second:g}"]
        parts += [f"{b}={getattr(self, b):g}" for b in ("minimum", "maximum") if getattr(self, b) is not None]
        scale = {1.0: "", -1.0: "-"}.get(self.factor, f"{self.factor:g} * ")
        return f"{scale}{self.law}({', '.join(parts)})"


def Normal(mean: float, sd: float, minimum: float | None = None, maximum: float | None = None) -> Distribution:  # noqa: N802
    """Return the normal distribution with this mean and standard deviation, truncated if the bounds ``minimum`` and ``maximum`` are given.

    >>> Normal(0, 0.5)
    Normal(mean=0, sd=0.5)
    """
    return Distribution("Normal", mean, sd, minimum, maximum)


def Gamma(mean: float, shape: float, minimum: float | None = None, maximum: float | None = None) -> Distribution:  # noqa: N802
    """Return the gamma distribution with this mean and shape; its standard deviation is mean/sqrt(shape).

    ``minimum`` and ``maximum`` truncate it: values outside are drawn again.

    >>> -Gamma(mean=0.6, shape=2)
    -Gamma(mean=0.6, shape=2)
    """
    return Distribution("Gamma", mean, shape, minimum, maximum)


def LogNormal(mean: float, sd: float, minimum: float | None = None, maximum: float | None = None) -> Distribution:  # noqa: N802
    """Return the lognormal distribution whose values (not their logarithms) have this mean and standard deviation ``sd``.

    ``minimum`` and ``maximum`` truncate it: values outside are drawn again.
    """
    return Distribution("LogNormal", mean, sd, minimum, maximum)


def Uniform(low: float, high: float) -> Distribution:  # noqa: N802
    """Return the uniform distribution on [low, high)."""
    return Distribution("Uniform", low, high)
