"""How a batch is run as one simulation: several replicas of the network, and consecutive rounds of samples.

All replicas begin a round in the same step and run for the length of its longest sample; then no neuron may spike for
max_delay + 1 steps, so that no spikes are in flight when the next round begins. Samples of similar length share a round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim.support.memory import check_memory

MOST_REPLICAS = 64
SYNAPSES = 250_000  # of all replicas; more do not fit into the caches, and replicas are slower
BYTES_PER_SYNAPSE = 80  # at the peak of building and running; measured with 5 M synapses: 62
BYTES_PER_PLASTIC_SYNAPSE = 64  # on top of that, its parameters and state
BYTES_PER_SYNAPSE_STANDALONE = 220  # measured with 2 M synapses: 70 in this process, 140 in the one that it starts
BYTES_PER_CELL = 400


@dataclass(frozen=True, eq=False)
class Round:
    """Samples that run at the same time; ``n_steps`` is the length of the longest."""

    samples: Ints
    n_steps: int


def n_replicas(program: Program, n_samples: int) -> int:
    """Return the number of replicas of the network for a batch of ``n_samples`` samples."""
    return max(1, min(n_samples, MOST_REPLICAS, SYNAPSES // max(program.n_synapses, 1)))


def gap(program: Program) -> int:
    """Return the number of steps after which no spikes are in flight."""
    return program.max_delay + 1


def plan(n_steps: Ints, replicas: int) -> list[Round]:
    """Return the rounds, the longest samples first."""
    order = np.argsort(-n_steps, kind="stable")
    parts = [order[start : start + replicas] for start in range(0, order.size, replicas)]
    return [Round(part, int(n_steps[part].max())) for part in parts]


def check_size(program: Program, replicas: int, bytes_per_synapse: int = BYTES_PER_SYNAPSE) -> None:
    """Refuse a network that does not fit into memory."""
    cells = program.n_inputs + program.n_neurons
    plastic = sum(block.n_synapses for block in program.blocks if block.rule != "static") * BYTES_PER_PLASTIC_SYNAPSE
    check_memory(
        replicas * (program.n_synapses * bytes_per_synapse + plastic + cells * BYTES_PER_CELL),
        f"the Brian2 network of {program.n_synapses} synapses",
    )
