"""Partition with METIS, through the optional package pymetis."""

from __future__ import annotations

import importlib.util

import numpy as np

from lsm_sim.deploy.mapping.network import Network
from lsm_sim.support.checks import Ints


def installed() -> bool:
    """Return whether pymetis is installed."""
    return importlib.util.find_spec("pymetis") is not None


def partition(net: Network, n_cores: int, seed: int) -> Ints:
    """Return the core of each neuron, (N,); METIS may put some 3 % more neurons than the mean into a core."""
    import pymetis

    if n_cores == 1:
        return np.zeros(net.n_neurons, np.int64)
    pre, post = net.links()
    key = np.unique(pre * net.n_neurons + post)
    pre, post = np.divmod(key, net.n_neurons)
    starts = np.concatenate([[0], np.cumsum(np.bincount(pre, minlength=net.n_neurons))])
    _, parts = pymetis.part_graph(
        n_cores,
        adjacency=pymetis.CSRAdjacency(starts, post),
        options=pymetis.Options(seed=seed % 2**31),
        recursive=False,
    )
    return np.asarray(parts, np.int64)
