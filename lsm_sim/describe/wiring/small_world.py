"""Small-world wiring: a ring with some connections moved at random."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.describe.wiring.ends import End, Pairs, recurrent
from lsm_sim.describe.wiring.probability import distinct
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints


@dataclass(frozen=True, kw_only=True)
class SmallWorld:
    """Directed ring: each neuron connects to its ``k`` nearest, each target moved elsewhere with probability ``p``.

    The directed form of Watts and Strogatz (Nature 393, 1998): k/2 neighbours on either side, the source is kept, the
    new target is uniform among the neurons that are not its neighbours on the ring, without repeats. If there are too few
    of them, the other connections stay where they are. Only within one group.
    """

    k: int
    p: float

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", checks.whole(self.k, "SmallWorld k", minimum=2))
        checks.probability(self.p, "SmallWorld p")
        if self.k % 2:
            raise DescriptionError(f"SmallWorld k: got {self.k}, expected an even number (half on either side)")

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.k * pre.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Build the ring as offsets from source to target, then draw the moved targets."""
        n = pre.size
        if not recurrent(pre, post):
            msg = f"SmallWorld {pre.name} -> {post.name}: expected one group on both sides; use FixedProbability between groups"
            raise DescriptionError(msg)
        if self.k >= n:
            raise DescriptionError(f"SmallWorld in {pre.name!r}: got k = {self.k}, expected less than its {n} neurons")
        half = self.k // 2
        steps = np.r_[0:half, n - 1 - half : n - 1]  # around the ring from source to target, less one: no autapse
        ring = np.tile(steps, (n, 1))
        moved = rng.random(ring.shape) < self.p
        far = _far(moved, n - 1 - self.k, rng)  # all steps between the two ends of ``steps``
        source = np.repeat(np.arange(n), self.k)
        return source, (source + 1 + np.where(far < 0, ring, half + far).ravel()) % n


def _far(moved: Bools, n: int, rng: np.random.Generator) -> Ints:
    """Return a number of range(n) for each entry of ``moved`` (rows, k), without repeats in a row; -1: it is not moved.

    If a row has more than n entries that are moved, only n random ones of them are.
    """
    rows, k = moved.shape
    if 2 * k <= n:
        unmoved = np.broadcast_to(n + np.arange(k), moved.shape)  # numbers that are never drawn
        drawn = distinct(np.where(moved, rng.integers(0, n, moved.shape), unmoved), moved, n, rng)
        return np.where(moved, drawn, -1)
    order = np.argsort(rng.random((rows, n)), axis=1)
    rank = np.argsort(np.argsort(np.where(moved, rng.random(moved.shape), 1), axis=1), axis=1)
    chosen = moved & (rank < n)
    far = np.full(moved.shape, -1)
    far[chosen] = order[np.nonzero(chosen)[0], rank[chosen]]
    return far
