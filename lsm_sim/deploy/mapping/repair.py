"""Make a partition keep every limit: take neurons out of cores that exceed one, and place them elsewhere."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lsm_sim.deploy.mapping.growth import grow
from lsm_sim.deploy.mapping.packing import Packing
from lsm_sim.support.checks import Floats, Ints

_ROUNDS = 20


def excess(measures: Mapping[str, Ints], allowed: Mapping[str, int]) -> int:
    """Return by how much the cores exceed their limits, summed."""
    return sum(int(np.maximum(measures[name] - limit, 0).sum()) for name, limit in allowed.items())


def repair(packing: Packing, *, by_links: bool) -> bool:
    """Move neurons until every core keeps every limit; return whether that succeeded."""
    for _ in range(_ROUNDS):
        wrong = 0
        for core in range(packing.n_cores):
            packing.open(core)
            wrong += _remove_excess(packing)
        if wrong == 0 and not (packing.core < 0).any():
            return True
        if not grow(packing, by_links=by_links, final=True):
            return False
    return False


def _remove_excess(packing: Packing) -> bool:
    """Remove neurons from the open core until it keeps its limits; return whether that was needed."""
    over = _over(packing)
    if over is None:
        return False
    while over is not None:
        members = np.flatnonzero(packing.core == packing.open_core)
        leaving = members[np.argsort(_worth(packing, members, over), kind="stable")]
        for neuron in leaving:
            packing.remove(int(neuron))
            now = _over(packing)
            if now != over:
                break
        over = _over(packing)
    return True


def _over(packing: Packing) -> str | None:
    used = packing.used()
    return next((name for name, limit in packing.allowed.items() if used[name] > limit), None)


def _worth(packing: Packing, members: Ints, over: str) -> Floats:
    """Return how much the core loses with each member: links, or how many neurons share the setting that is over its limit."""
    net = packing.net
    ids = net.formats if over == "synapse formats" else net.settings.get(over)
    if ids is not None:
        _, of, count = np.unique(ids[members], return_inverse=True, return_counts=True)
        return np.asarray(count[of.reshape(-1)], np.float64)
    return np.array(
        [np.count_nonzero(packing.core[net.linked(int(i))] == packing.open_core) for i in members], np.float64
    )
