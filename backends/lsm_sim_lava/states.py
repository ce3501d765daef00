"""From the state of samples to what Lava's processes begin with. This module does not import Lava."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim_lava.plan import Layer


def resumed(layer: Layer, program: Program, state: State) -> Layer:
    """Return a replicated layer whose plastic synapses begin with the resources in ``state``, one sample for each copy."""
    if layer.plastic is None:
        return layer
    n = program.n_inputs if layer.from_inputs else program.n_neurons
    copy, source = np.divmod(layer.plastic.source, n)
    source = source + (0 if layer.from_inputs else program.n_inputs)
    begin = {name: getattr(state, name)[copy, layer.plastic.block, source] for name in ("r", "f")}
    return replace(layer, plastic=replace(layer.plastic, begin=begin))


def of_neurons(program: Program, state: State) -> dict[str, Any]:
    """Return the state variables and ``hold`` of the neurons of all copies, (copies * N,) each."""
    return {name: state.arrays()[name].ravel() for name in (*program.state, "hold")}


def in_flight(state: State, receptor: int) -> Any:
    """Return what is to arrive at a receptor of the neurons of all copies, (steps, copies * N)."""
    arrivals = state.in_flight[:, receptor].swapaxes(0, 1)
    return arrivals.reshape(len(arrivals), -1)
