"""Wiring with a probability that decreases with distance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.describe.wiring.blocks import Blocks, sample_pairs
from lsm_sim.describe.wiring.ends import End, Pairs, recurrent
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_SHORTEST, _LONGEST = 1e-150, 1e150  # their squares are ordinary numbers


@dataclass(frozen=True, kw_only=True)
class DistanceRule:
    """Connect with probability c * exp(-(d / lam)^2), d the Euclidean distance (Maass et al. 2002, section 3).

    ``autapses=False``: no neuron connects to itself, which matters within one group only.
    """

    c: float
    lam: float
    autapses: bool = False

    def __post_init__(self) -> None:
        checks.probability(self.c, "DistanceRule c")
        lam = checks.positive(self.lam, "DistanceRule lam")
        if not _SHORTEST < lam < _LONGEST:
            raise DescriptionError(f"DistanceRule lam: got {lam:g}, expected {_SHORTEST:g} to {_LONGEST:g}")

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of candidates, of which `connect` keeps a fraction."""
        sources, targets, bound = self._blocks(pre, post)
        return float((bound * sources.size[:, None] * targets.size[None]).sum())

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Bound the probability for each pair of blocks, sample at the bound, then thin to the exact probability."""
        sources, targets, bound = self._blocks(pre, post)
        found = []
        for block in range(sources.size.size):
            source, target, drawn_with = sample_pairs(sources, block, targets, bound[block], rng)
            squared = ((sources.points[source] - targets.points[target]) ** 2).sum(axis=1)
            keep = rng.random(source.size) * drawn_with < self.c * np.exp(-squared / self.lam**2)
            if recurrent(pre, post) and not self.autapses:
                keep &= source != target
            found.append((source[keep], target[keep]))
        return np.concatenate([pair[0] for pair in found]), np.concatenate([pair[1] for pair in found])

    def _blocks(self, pre: End, post: End) -> tuple[Blocks, Blocks, Floats]:
        for end in (pre, post):
            if end.positions is None:
                msg = f"DistanceRule {pre.name} -> {post.name}: {end.name!r} has no positions; give it positions=..."
                raise DescriptionError(msg)
        sources, targets = (Blocks.of(end.positions, self.lam / 2) for end in (pre, post) if end.positions is not None)
        return sources, targets, self.c * np.exp(-((sources.distance(targets) / self.lam) ** 2))
