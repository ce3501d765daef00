"""Spikes on their way: a ring of arrivals to come, one slot per step."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.checks import Bools, Ints


@dataclass(frozen=True, eq=False)
class Table:
    """Synapses in compressed rows by source: ``indptr`` (rows+1,), ``post``, ``weight``, ``delay`` (S,)."""

    indptr: Ints
    post: Ints
    weight: npt.NDArray[Any]
    delay: Ints
    n_post: int


class Arrivals:
    """What arrives at each neuron at each coming step.

    Sums are exact in any order (see `lsm_sim.program`), so only the synapses of sources that spiked are looked at.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        self._slots = int(table.delay.max(initial=0)) + 2
        self._ring = np.zeros((self._slots, table.n_post), table.weight.dtype)
        self._size = np.diff(table.indptr)

    def take(self, k: int) -> npt.NDArray[Any]:
        """Return the arrivals of step ``k``, shape (n_post,), and clear their slot."""
        slot = self._ring[k % self._slots]
        arrivals = slot.copy()
        slot[:] = 0
        return arrivals

    def send(self, k: int, spiked: Bools) -> None:
        """Put the spikes of step ``k`` on their way; ``spiked`` has shape (rows,)."""
        rows = np.flatnonzero(spiked)
        size = self._size[rows]
        total = int(size.sum())
        if total == 0:
            return
        table = self._table
        first = np.repeat(table.indptr[rows] - (np.cumsum(size) - size), size)
        synapses = np.arange(total) + first
        where = (k + 1 + table.delay[synapses]) % self._slots * table.n_post + table.post[synapses]
        np.add.at(self._ring.reshape(-1), where, table.weight[synapses])
