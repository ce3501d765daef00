"""Improve a partition by exchanges of neurons between cores."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lsm_sim.deploy.mapping.network import Network, summed
from lsm_sim.support.checks import Bools, Floats, Ints

_ROUNDS = 12
_SHARE = 0.5  # of the possible exchanges that are made in a round: neighbours that move at once undo each other's gain


def refine(
    net: Network, core: Ints, n_cores: int, score: Callable[[Ints], tuple[int, int]], rng: np.random.Generator
) -> Ints:
    """Return a partition whose ``score`` (excess over limits, messages) is not worse; sizes of cores do not change."""
    best = score(core)
    for _ in range(_ROUNDS if n_cores > 1 else 0):
        changed = _exchanged(net, core, n_cores, rng)
        now = score(changed)
        if now >= best:
            break
        core, best = changed, now
    return core


def _exchanged(net: Network, core: Ints, n_cores: int, rng: np.random.Generator) -> Ints:
    """Exchange pairs of neurons of two cores, those with most to gain first, a random half of them."""
    target, gain = _best_moves(net, core, n_cores)
    movable = np.flatnonzero((gain > 0) & (rng.random(core.size) < _SHARE))
    here, there = core[movable], target[movable]
    forth = here < there
    between = np.minimum(here, there) * n_cores + np.maximum(here, there)
    going, coming = (_ranked(movable[side], between[side], gain) for side in (forth, ~forth))
    _, one, other = np.intersect1d(going[1], coming[1], assume_unique=True, return_indices=True)
    a, b = going[0][one], coming[0][other]
    out = core.copy()
    out[a], out[b] = core[b], core[a]
    return out


def _ranked(neurons: Ints, between: Ints, gain: Floats) -> tuple[Ints, Ints]:
    """Return the neurons, and for each a key of its pair of cores and its rank by gain among those of the pair."""
    order = np.lexsort((-gain[neurons], between))
    neurons, between = neurons[order], between[order]
    begins = np.concatenate([[True], between[1:] != between[:-1]])[: between.size]
    rank = np.arange(between.size) - np.maximum.accumulate(np.where(begins, np.arange(between.size), 0))
    return neurons, between * (gain.size + 1) + rank


def _best_moves(net: Network, core: Ints, n_cores: int) -> tuple[Ints, Floats]:
    """Return for each neuron the other core it has most links with, and how many more than with its own."""
    neuron, linked = net.links()
    at, to, links = summed(neuron, core[linked], np.ones(neuron.size, np.int64), (core.size, n_cores))
    inside: Bools = core[at] == to
    own = np.zeros(core.size)
    own[at[inside]] = links[inside]
    at, to, links = at[~inside], to[~inside], links[~inside]
    order = np.lexsort((links, at))
    at, to, links = at[order], to[order], links[order]
    last = np.concatenate([at[1:] != at[:-1], [True]])[: at.size]
    target, most = core.copy(), np.full(core.size, -np.inf)
    target[at[last]], most[at[last]] = to[last], links[last]
    return target, most - own
