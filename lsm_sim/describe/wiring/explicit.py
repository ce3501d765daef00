"""Deterministic wiring, pair by pair."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.describe.wiring.ends import End, Pairs
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.records import rebuild


@dataclass(frozen=True)
class OneToOne:
    """Connect neuron i to neuron i; both groups must have the same size."""

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return pre.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return the pairs (i, i)."""
        if pre.size != post.size:
            msg = f"OneToOne {pre.name} -> {post.name}: got groups of {pre.size} and {post.size}, expected equal sizes"
            raise DescriptionError(msg)
        return np.arange(pre.size), np.arange(post.size)


@dataclass(frozen=True, eq=False, repr=False)
class Edges:
    """Connect exactly the pairs (``pre[i]``, ``post[i]``), in the order given; both are lists of whole numbers, kept as int64."""

    pre: Ints = field(repr=False)
    post: Ints = field(repr=False)

    def __post_init__(self) -> None:
        for side in ("pre", "post"):
            object.__setattr__(self, side, checks.read_only(checks.whole_array(getattr(self, side), f"Edges {side}")))
        if self.pre.ndim != 1 or self.pre.shape != self.post.shape:
            msg = f"Edges: got pre of shape {self.pre.shape} and post of shape {self.post.shape}, expected two lists of equal length"
            raise DescriptionError(msg)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __repr__(self) -> str:
        return f"Edges({self.pre.size} pairs)"

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.pre.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return the pairs after checking that they exist and none appears twice."""
        for end, index in ((pre, self.pre), (post, self.post)):
            if index.size and (index.min() < 0 or index.max() >= end.size):
                bad = index[(index < 0) | (index >= end.size)][0]
                msg = f"Edges {pre.name} -> {post.name}: got index {bad} in {end.name!r}, expected 0..{end.size - 1}"
                raise DescriptionError(msg)
        key = self.pre * post.size + self.post
        unique, counts = np.unique(key, return_counts=True)
        if unique.size < key.size:
            i, j = divmod(int(unique[counts > 1][0]), post.size)
            msg = (
                f"Edges {pre.name} -> {post.name}: the pair ({i}, {j}) appears twice; add the weights of repeated pairs"
            )
            raise DescriptionError(msg)
        return self.pre.copy(), self.post.copy()
