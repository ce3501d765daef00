"""Rules without geometry: each pair with a probability, all pairs, or a fixed number of sources."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from lsm_sim.describe.wiring.ends import End, Pairs, recurrent
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints


@dataclass(frozen=True)
class FixedProbability:
    """Connect each pair with probability ``p``; ``autapses`` says whether a neuron may connect to itself."""

    p: float
    autapses: bool = field(default=False, kw_only=True)  # typing of Python 3.10 cannot read KW_ONLY

    def __post_init__(self) -> None:
        checks.probability(self.p, "FixedProbability p")

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.p * pre.size * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Draw the gaps between connected pairs, which are geometrically distributed."""
        skip_self = recurrent(pre, post) and not self.autapses
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
    """Give each target exactly ``k`` different sources, chosen uniformly.

    ``autapses=False``: a neuron is not its own source, which matters within one group only.
    """

    k: int
    autapses: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "k", checks.whole(self.k, "FixedInDegree k"))

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return self.k * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Choose k of the sources for each target."""
        skip_self = recurrent(pre, post) and not self.autapses
        n = pre.size - skip_self
        if self.k > n:
            msg = (
                f"FixedInDegree {pre.name} -> {post.name}: got k = {self.k}, expected at most the {n} possible sources"
            )
            raise DescriptionError(msg)
        chosen = rng.integers(0, max(n, 1), (post.size, self.k))
        source = distinct(chosen, np.ones(chosen.shape, bool), n, rng).ravel()
        target = np.repeat(np.arange(post.size), self.k)
        return (source + (source >= target) if skip_self else source), target


def distinct(chosen: Ints, free: Bools, n: int, rng: np.random.Generator) -> Ints:
    """Return ``chosen`` (rows, k) of range(n) with its free entries drawn without replacement, so that no row has repeats.

    If k is small, the first of equal draws is kept and the others are drawn again. If k is more than half of n, that would
    take long, so the k lowest of n random scores are taken; entries that are not free have the lowest scores.
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
class AllToAll:
    """Connect every pair; within one group ``autapses`` says whether neurons connect to themselves."""

    autapses: bool = field(default=False, kw_only=True)

    def expected(self, pre: End, post: End) -> float:
        """Return the expected number of pairs."""
        return pre.size * post.size

    def connect(self, pre: End, post: End, rng: np.random.Generator) -> Pairs:
        """Return all pairs: a fixed probability of one."""
        return FixedProbability(1.0, autapses=self.autapses).connect(pre, post, rng)
