"""Surrogate gradients: what takes the place of the derivative of a spike with respect to v, which is 0 nearly everywhere.

A surrogate is a function of z = (v - threshold) / scale, where the scale of a neuron is its threshold at the start (in
magnitude; 1 where that is 0), so that one slope suits potentials in any unit. The forward pass does not depend on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsm_sim.support import checks


@dataclass(frozen=True)
class FastSigmoid:
    """1 / (1 + slope |z|)^2 (Zenke and Ganguli, Neural Computation 30, 2018)."""

    slope: float = 5.0

    def __post_init__(self) -> None:
        object.__setattr__(self, "slope", checks.positive(self.slope, "FastSigmoid slope"))

    def __call__(self, z: Any) -> Any:
        """Return the derivative at ``z``."""
        return (z.abs().mul_(self.slope).add_(1)).pow_(-2)


@dataclass(frozen=True)
class Triangle:
    """height * max(0, 1 - |z| / width) (Bellec et al., NeurIPS 2018)."""

    width: float = 1.0
    height: float = 0.3

    def __post_init__(self) -> None:
        for name in ("width", "height"):
            object.__setattr__(self, name, checks.positive(getattr(self, name), f"Triangle {name}"))

    def __call__(self, z: Any) -> Any:
        """Return the derivative at ``z``."""
        return (1 - z.abs() / self.width).clamp_(min=0) * self.height
