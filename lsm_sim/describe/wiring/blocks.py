"""Sampling of pairs of points whose probability decreases with distance, in time that grows with the number of pairs.

Points are sorted into cubes. For two cubes the probability of any of their pairs is at most that of their closest
points; candidates are drawn at that bound and the caller thins them to the exact probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.support.checks import Floats, Ints

_MAX_BLOCKS_PER_AXIS = 10
_CERTAIN = 0.5  # from here on drawing with replacement and dropping repeats costs more than taking every pair


@dataclass(frozen=True, eq=False)
class Blocks:
    """Points grouped by cube: ``order[start[b]:start[b] + size[b]]`` are the points of block b, inside [low, high]."""

    points: Floats
    order: Ints
    start: Ints
    size: Ints
    low: Floats
    high: Floats

    @staticmethod
    def of(points: Floats, side: float) -> Blocks:
        """Sort ``points`` (P, 3) into cubes of about this ``side``, at most 10 along an axis."""
        origin, extent = points.min(axis=0), np.ptp(points, axis=0)
        sides = np.maximum(side, extent / _MAX_BLOCKS_PER_AXIS * (1 + 1e-9))
        cube = np.floor((points - origin) / sides).astype(np.int64)
        shape = cube.max(axis=0) + 1
        label = np.ravel_multi_index(tuple(cube.T), tuple(shape))
        order = np.argsort(label, kind="stable")
        _, start, size = np.unique(label[order], return_index=True, return_counts=True)
        ordered = points[order]
        return Blocks(
            points, order, start, size, np.minimum.reduceat(ordered, start), np.maximum.reduceat(ordered, start)
        )

    def distance(self, other: Blocks) -> Floats:
        """Return the smallest distance that points of two blocks can have, shape (own blocks, other's blocks)."""
        gap = np.maximum(self.low[:, None] - other.high[None], other.low[None] - self.high[:, None])
        return np.sqrt((np.maximum(gap, 0) ** 2).sum(axis=-1))


def sample_pairs(
    a: Blocks, block: int, b: Blocks, bound: Floats, rng: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    """Draw pairs of a point of one block of ``a`` and any point of ``b``, each with a probability of at least ``bound``.

    Dropping the repeats of Poisson(-log(1 - p)) uniform draws per pair leaves each pair independently with probability
    p; blocks with p >= 1/2 return all their pairs.

    Parameters
    ----------
    bound
        Upper bound of the probability of a pair for each block of b, shape (blocks of b,).

    Returns
    -------
    Index in a's points, index in b's points, and the probability with which that pair was drawn; each of shape (pairs,).
    """
    points = a.order[a.start[block] : a.start[block] + a.size[block]]
    pairs = points.size * b.size
    certain = bound >= _CERTAIN
    rate = -np.log1p(-np.where(certain, 0.0, bound))
    number = np.where(certain, pairs, rng.poisson(rate * pairs))
    which = np.repeat(np.arange(number.size), number)
    every = np.arange(which.size) - np.repeat(np.cumsum(number) - number, number)
    pair = np.where(certain[which], every, (rng.random(which.size) * pairs[which]).astype(np.int64))
    row, column = np.divmod(pair, b.size[which])
    rank, first = np.unique(row * b.order.size + b.start[which] + column, return_index=True)
    row, column = np.divmod(rank, b.order.size)
    return points[row], b.order[column], np.where(certain, 1.0, bound)[which[first]]
