"""Wiring rules: which neuron of one group connects to which of another.

``rule.connect(pre, post, rng)`` returns the pairs (source index, target index) as two int64 arrays, no pair twice. No
rule builds an N x N array: cost and memory grow with the synapses made.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

import numpy as np

from lsm_sim import checks
from lsm_sim.blocks import Blocks, sample_pairs
from lsm_sim.checks import Bools, Floats, Ints
from lsm_sim.errors import DescriptionError

Pairs = tuple[Ints, Ints]


@dataclass(frozen=True, eq=False)
class End:
    """One end of a projection: the group's name, how many members it has, and where they are (None: nowhere)."""

    name: str
    size: int
    positions: Floats | None = None


@runtime_checkable
class WiringRule(Protocol):
    """Chooses the pairs of a projection."""

    def expected(self, pre: End, post: End) -> float:
        """Return about how many pairs `connect` will hold in memory at once."""
        ...

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return source and target index of each synapse, both of shape (S,)."""
        ...


def _recurrent(pre: End, post: End) -> bool:
    return pre.name == post.name


@dataclass(frozen=True)
class FixedProbability:
    """Connect each pair with probability ``p``; ``autapses`` says whether a neuron may connect to itself."""

    p: float
    autapses: bool = False

    def __post_init__(self) -> None:
        checks.probability(self.p, "FixedProbability p")

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.p * pre.size * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Jump from chosen pair to chosen pair: the gaps between successes of a Bernoulli process are geometric."""
        skip_self = _recurrent(pre, post) and not self.autapses
        width = post.size - skip_self
        total = pre.size * width
        flat = _bernoulli_hits(total, self.p, rng)
        source, target = np.divmod(flat, width) if total else (flat, flat)
        if skip_self:
            target += target >= source
        return source, target


def _bernoulli_hits(total: int, p: float, rng: np.random.Generator) -> Ints:
    """Return the sorted indices of the successes among ``total`` Bernoulli(p) trials."""
    if p == 0 or total == 0:
        return np.empty(0, np.int64)
    hits, last = [], -1
    while last < total:
        expected = (total - last) * p
        gaps = rng.geometric(p, size=int(expected + 4 * np.sqrt(expected)) + 8)
        hits.append(last + np.cumsum(np.minimum(gaps, total + 1)))
        last = int(hits[-1][-1])
    found = np.concatenate(hits)
    return found[found < total]


@dataclass(frozen=True)
class FixedInDegree:
    """Give each target exactly ``k`` different sources, chosen uniformly."""

    k: int
    autapses: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", checks.whole(self.k, "FixedInDegree k"))

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.k * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Choose k of the sources for each target."""
        skip_self = _recurrent(pre, post) and not self.autapses
        n = pre.size - skip_self
        if self.k > n:
            msg = (
                f"FixedInDegree {pre.name} -> {post.name}: got k = {self.k}, expected at most the {n} possible sources"
            )
            raise DescriptionError(msg)
        chosen = rng.integers(0, max(n, 1), (post.size, self.k))
        source = _distinct(chosen, np.ones(chosen.shape, bool), n, rng).ravel()
        target = np.repeat(np.arange(post.size), self.k)
        return (source + (source >= target) if skip_self else source), target


def _distinct(chosen: Ints, free: Bools, n: int, rng: np.random.Generator) -> Ints:
    """Return ``chosen`` (rows, k) of range(n) with its free entries drawn without replacement, so that no row repeats one.

    Where k is small, keeping the first of equal draws and drawing the others again. Where it is more than half of n that
    would take long: there the k lowest of n random scores are taken, with the entries that are not free below all others.
    """
    k = chosen.shape[1]
    if k > n // 2:
        score = rng.random((len(chosen), n))
        row, column = np.nonzero(~free)
        score[row, chosen[row, column]] = -1
        return np.sort(np.argpartition(score, k - 1, axis=1)[:, :k], axis=1)
    todo = np.arange(len(chosen))
    while todo.size:
        key = chosen[todo] * 2 + free[todo]  # so that of two equal values the free one comes second
        order = np.argsort(key, axis=1, kind="stable")
        ranked = np.take_along_axis(chosen[todo], order, axis=1)
        row, rank = np.nonzero(ranked[:, 1:] == ranked[:, :-1])
        chosen[todo[row], order[row, rank + 1]] = rng.integers(0, n, row.size)
        todo = todo[np.unique(row)]
    return chosen


@dataclass(frozen=True)
class DistanceRule:
    """Connect with probability c * exp(-(d / lam)^2), d the Euclidean distance (Maass et al. 2002, section 3)."""

    c: float
    lam: float
    autapses: bool = False

    def __post_init__(self) -> None:
        checks.probability(self.c, "DistanceRule c")
        checks.positive(self.lam, "DistanceRule lam")

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of candidates, of which `connect` keeps a share."""
        sources, targets, bound = self._blocks(pre, post)
        return float((bound * sources.size[:, None] * targets.size[None]).sum())

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Bound the probability per pair of blocks in space, sample at the bound, keep each pair with its share."""
        sources, targets, bound = self._blocks(pre, post)
        found = []
        for block in range(sources.size.size):
            source, target, drawn_with = sample_pairs(sources, block, targets, bound[block], rng)
            squared = ((sources.points[source] - targets.points[target]) ** 2).sum(axis=1)
            keep = rng.random(source.size) * drawn_with < self.c * np.exp(-squared / self.lam**2)
            if _recurrent(pre, post) and not self.autapses:
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


@dataclass(frozen=True)
class SmallWorld:
    """Directed ring: each neuron connects to its ``k`` nearest, each target moved elsewhere with probability ``p``.

    The directed form of Watts and Strogatz (Nature 393, 1998): k/2 neighbours on either side, the source is kept, the
    new target is uniform among those that the source does not have yet. Only within one group.
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
        """Build the ring as offsets from source to target, then draw the moved ones."""
        n = pre.size
        if not _recurrent(pre, post):
            msg = f"SmallWorld {pre.name} -> {post.name}: expected one group on both sides; use FixedProbability between groups"
            raise DescriptionError(msg)
        if self.k >= n:
            raise DescriptionError(f"SmallWorld in {pre.name!r}: got k = {self.k}, expected less than its {n} neurons")
        half = self.k // 2
        steps = np.r_[0:half, n - 1 - half : n - 1]  # around the ring from source to target, less one: no autapse
        ring = np.tile(steps, (n, 1))
        moved = rng.random(ring.shape) < self.p
        ring[moved] = rng.integers(0, n - 1, int(moved.sum()))
        source = np.repeat(np.arange(n), self.k)
        return source, (source + 1 + _distinct(ring, moved, n - 1, rng).ravel()) % n


@dataclass(frozen=True)
class OneToOne:
    """Connect neuron i to neuron i; both groups must have the same size."""

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return pre.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return the diagonal."""
        if pre.size != post.size:
            msg = f"OneToOne {pre.name} -> {post.name}: got groups of {pre.size} and {post.size}, expected equal sizes"
            raise DescriptionError(msg)
        return np.arange(pre.size), np.arange(post.size)


@dataclass(frozen=True)
class AllToAll:
    """Connect every pair; within one group ``autapses`` says whether neurons connect to themselves."""

    autapses: bool = False

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return pre.size * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return all pairs: a fixed probability of one."""
        return FixedProbability(1.0, self.autapses).connect(pre, post, rng)


@dataclass(frozen=True, eq=False)
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

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.pre.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return the pairs after checking that they exist and none stands twice."""
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
                f"Edges {pre.name} -> {post.name}: the pair ({i}, {j}) stands twice; add the weights of repeated pairs"
            )
            raise DescriptionError(msg)
        return self.pre.copy(), self.post.copy()
