"""Fill cores one after the other, in index order or by growth, so that each keeps every limit."""

from __future__ import annotations

import numpy as np

from lsm_sim.deploy.mapping.packing import Packing
from lsm_sim.support.checks import Floats

_TRIES = 16  # neurons that do not fit, after which a core is full


def grow(packing: Packing, *, by_links: bool, start: int = 0, final: bool = False) -> bool:
    """Give every neuron without a core one: one that exists if ``final`` and if possible, else a new one.

    Parameters
    ----------
    packing
        Where neurons are added.
    by_links
        The next neuron is the one with most synapses to and from the core, else the one with the lowest index.
    start
        The neuron to begin with.
    final
        Most neurons have a core; see `Packing.refusal`.

    Returns
    -------
    False if a neuron fits in no core.
    """
    if final:
        for core in range(packing.n_cores):
            if not (packing.core < 0).any():
                return True
            packing.open(core)
            _fill(packing, by_links, final)
    attached = np.zeros(packing.net.n_neurons)  # links to neurons that have a core
    while (packing.core < 0).any():
        packing.open(packing.n_cores)
        free = packing.core < 0
        first = start if free[start] else int(np.where(free, attached if by_links else 0.0, -1.0).argmax())
        if packing.refusal(first, final) is not None:
            packing.n_cores -= 1
            return False
        packing.add(first)
        _fill(packing, by_links, final)
        if by_links:
            for neuron in np.flatnonzero(packing.core == packing.open_core):
                np.add.at(attached, packing.net.linked(int(neuron)), 1.0)
    return True


def _fill(packing: Packing, by_links: bool, final: bool) -> None:
    """Add neurons to the open core until it is full."""
    gain, tries = _gains(packing, by_links), 0
    while tries < _TRIES:
        neuron = int(gain.argmax())
        if gain[neuron] == -np.inf:
            return
        gain[neuron] = -np.inf
        refused = packing.refusal(neuron, final)
        if refused is None:
            packing.add(neuron)
            if by_links:
                np.add.at(gain, packing.net.linked(neuron), 1.0)
            continue
        packing.refusals[refused] += 1
        tries = _TRIES if not by_links or refused == "neurons" else tries + 1


def _gains(packing: Packing, by_links: bool) -> Floats:
    """Return for each neuron without a core how well it fits, -inf for the others."""
    net = packing.net
    gain = np.zeros(net.n_neurons)
    if by_links:
        for neuron in np.flatnonzero(packing.core == packing.open_core):
            np.add.at(gain, net.linked(int(neuron)), 1.0)
    gain[packing.core >= 0] = -np.inf
    return gain
