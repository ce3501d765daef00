"""States of samples in the replicas of a round: written into Brian2's variables at its beginning, read at the end of each sample.

What was in flight is added to the accumulators step by step. The synapses of Brian2 rest later than their source by their
delay (see `lsm_sim_brian2.synapses`), so those with delay d get their resources at step d of a round; before that no spike
of the round arrives there. What is in flight at the end, and what only sources know, is computed from what they have sent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim_brian2 import equations


@dataclass(frozen=True, eq=False)
class Cells:
    """Variables of the cells, by their names in Brian2; those of a replica are channels first, then neurons."""

    arrays: Mapping[str, Any]
    replicas: int
    n_channels: int

    def of_neurons(self, name: str) -> Any:
        """Return a view of a variable of all neurons, (replicas, N)."""
        return self.arrays[name].reshape(self.replicas, -1)[:, self.n_channels :]


class Resources:
    """r and f of the synapses of one kind with short-term plasticity, (replicas, synapses) each."""

    def __init__(self, program: Program, index: Any, replicas: int, r: Any, f: Any) -> None:
        every = program.synapses()
        block, source, delay = (values[index] for values in (every.block, every.source, every.delay))
        plastic = np.cumsum([one.rule == "stp" for one in program.blocks]) - 1
        order = np.argsort(delay, kind="stable")
        self._row, self._synapse = (plastic[block[order]], source[order]), order
        self._bounds = np.searchsorted(delay[order], np.arange(program.max_delay + 2)).tolist()
        self._arrays = {"r": r.reshape(replicas, -1), "f": f.reshape(replicas, -1)}

    def begin(self, k: int, state: State) -> None:
        """Set those with a delay of ``k`` steps to the state of samples, one in each replica."""
        own = slice(self._bounds[k], self._bounds[k + 1])
        block, source = (values[own] for values in self._row)
        for name, values in self._arrays.items():
            values[: len(state), self._synapse[own]] = getattr(state, name)[:, block, source]


class Beginning:
    """Puts the samples of a round into ``state``, one in each replica."""

    def __init__(self, program: Program, state: State, cells: Cells, resources: list[Resources]) -> None:
        self._state, self._cells, self._resources = state, cells, resources
        self._n_slots = program.max_delay + 1
        for name in program.state:
            own = equations.NAMES.get(name, name)
            cells.of_neurons(own)[: len(state)] = state.arrays()[name]
        cells.of_neurons("hold")[: len(state)] = state.hold + 1  # the next step counts down first

    def step(self, k: int) -> None:
        """Prepare step ``k`` of the round."""
        if k >= self._n_slots:
            return
        for receptor in range(self._state.in_flight.shape[1]):
            arrivals = self._cells.of_neurons("a2" if receptor else "a")
            arrivals[: len(self._state)] += self._state.in_flight[:, receptor, k]
        for one in self._resources:
            one.begin(k, self._state)


def variables_at_end(program: Program, cells: Cells, replica: int) -> dict[str, Ints]:
    """Return the state variables of the neurons of a replica, by their names in the program."""
    return {name: cells.of_neurons(equations.NAMES.get(name, name))[replica] for name in program.state}
