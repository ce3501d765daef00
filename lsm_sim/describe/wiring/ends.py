"""The two ends of a projection, and the interface of wiring rules."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np

from lsm_sim.support.checks import Floats, Ints

Pairs = tuple[Ints, Ints]


@dataclass(frozen=True, eq=False)
class End:
    """One end of a projection: the group's name, its size, and the positions of its members, if it has any."""

    name: str
    size: int
    positions: Floats | None = None


@runtime_checkable
class WiringRule(Protocol):
    """Chooses the pairs of a projection."""

    def expected(self, pre: End, post: End) -> float:
        """Return roughly how many pairs `connect` will hold in memory at once."""
        ...

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return source and target index of each synapse, both of shape (S,)."""
        ...


def recurrent(pre: End, post: End) -> bool:
    """Return whether a projection stays within its group."""
    return pre.name == post.name
