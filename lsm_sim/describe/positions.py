"""Positions of neurons in space, in units of the grid spacing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


@dataclass(frozen=True)
class Grid:
    """The points (x, y, z) with whole coordinates 0..nx-1, 0..ny-1, 0..nz-1; z varies fastest."""

    nx: int
    ny: int
    nz: int

    def __post_init__(self) -> None:
        for axis in ("nx", "ny", "nz"):
            n = checks.whole(getattr(self, axis), f"grid {axis}", minimum=1, maximum=checks.MOST)
            object.__setattr__(self, axis, n)
        if self.n_points >= 2**63:
            raise DescriptionError(f"grid: got {self.n_points:g} points, expected less than 2^63; use random_in_box")

    @property
    def n_points(self) -> int:
        """Number of points."""
        return self.nx * self.ny * self.nz

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Return ``size`` points, shape (size, 3): all of them in order, or a random choice of fewer."""
        everyone = size == self.n_points
        index = np.arange(size) if everyone else np.sort(rng.choice(self.n_points, size, replace=False))
        return np.stack(np.unravel_index(index, (self.nx, self.ny, self.nz)), axis=-1).astype(np.float64)


@dataclass(frozen=True)
class Box:
    """Points drawn uniformly from the box [0, x) x [0, y) x [0, z)."""

    x: float
    y: float
    z: float

    def __post_init__(self) -> None:
        for axis in ("x", "y", "z"):
            object.__setattr__(self, axis, checks.positive(getattr(self, axis), f"box {axis}"))

    def draw(self, size: int, rng: np.random.Generator) -> Floats:
        """Return ``size`` points, shape (size, 3)."""
        return rng.random((size, 3)) * [self.x, self.y, self.z]


def grid(nx: int, ny: int, nz: int) -> Grid:
    """Return positions on an nx x ny x nz grid of spacing 1, with at least one point per neuron of the group."""
    return Grid(nx, ny, nz)


def random_in_box(x: float, y: float, z: float) -> Box:
    """Return positions drawn uniformly from a box with the edges ``x``, ``y`` and ``z``, in the unit of `DistanceRule`'s lam."""
    return Box(x, y, z)
