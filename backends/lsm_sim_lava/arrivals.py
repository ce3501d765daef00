"""Spikes in flight: a buffer of future arrivals, one slot per step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.support.checks import Ints

Amount = Callable[[Any, Ints], Any]
"""(weights of synapses, for each synapse the index of its source among those that send) -> what each synapse delivers."""


@dataclass(frozen=True, eq=False)
class Table:
    """Synapses in compressed rows by source: ``indptr`` (rows+1,), ``post``, ``weight``, ``delay`` (S,)."""

    indptr: Ints
    post: Ints
    weight: npt.NDArray[Any]
    delay: Ints
    n_post: int


class Arrivals:
    """Sums of what arrives at each neuron in each future step.

    Sums are exact in any order (see `lsm_sim.program.program`), so only the synapses of sources that send are processed.
    """

    def __init__(self, table: Table) -> None:
        self._slots = int(table.delay.max(initial=0)) + 2
        self._n_post = table.n_post
        self._slot = 0  # current slot; future slots follow it and are copied to the beginning before the buffer ends
        self._buffer: npt.NDArray[Any] = np.zeros((2 * self._slots, table.n_post), table.weight.dtype)
        self._first, self._size = table.indptr[:-1], np.diff(table.indptr)
        self._ahead = (table.delay + 1) * table.n_post + table.post  # offset from the beginning of the current slot
        self._weight = table.weight

    def take(self) -> npt.NDArray[Any]:
        """Return the arrivals of this step, shape (n_post,)."""
        arrivals: npt.NDArray[Any] = self._buffer[self._slot]
        return arrivals

    def send(self, rows: Ints, amount: Amount | None = None) -> None:
        """Add what the sources ``rows`` deliver to future arrivals, then advance to the next step.

        ``amount`` computes what each synapse delivers; None: its weight.
        """
        size = self._size[rows]
        end = np.cumsum(size)
        if rows.size and end[-1]:
            synapses = np.arange(end[-1])
            synapses += np.repeat(self._first[rows] - (end - size), size)
            delivered = self._weight[synapses]
            if amount is not None:
                delivered = amount(delivered, np.repeat(np.arange(rows.size), size))
            np.add.at(self._buffer[self._slot :].reshape(-1), self._ahead[synapses], delivered)
        self._advance()

    def _advance(self) -> None:
        self._slot += 1
        if self._slot > self._slots:
            self._buffer[: self._slots - 1] = self._buffer[self._slot :]
            self._buffer[self._slots - 1 :] = 0
            self._slot = 0
