"""Programs in which some neurons spike but nobody hears them."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints


def silenced(program: Program, neurons: Ints) -> Program:
    """Return the program in which spikes of these neurons have no effect on any neuron; all else is as it was.

    The weights of their static synapses become 0. Of short-term plastic ones the use U becomes 0, because the grid to which the
    others are rounded depends on the weights.
    """
    quiet = np.zeros(program.n_inputs + program.n_neurons, bool)
    quiet[program.n_inputs + np.asarray(neurons, np.int64)] = True
    first, *others = (_changed(block, quiet) for block in program.blocks)
    more = [dataclasses.replace(block, **new) for block, new in zip(program.more_blocks, others, strict=True)]
    return dataclasses.replace(program, **first, more_blocks=tuple(more))


def _changed(block: SynapseBlock, quiet: Any) -> dict[str, Any]:
    if block.rule == "stp":
        return {"stp_U": np.where(quiet, 0, block.stp_U).astype(np.asarray(block.stp_U).dtype)}
    return {"weight": np.where(quiet[block.sources()], 0, block.weight).astype(np.asarray(block.weight).dtype)}
