"""Wiring rules: which neuron of one group connects to which of another.

``rule.connect(pre, post, rng)`` returns the pairs (source index, target index) as two int64 arrays without repeats.
No rule builds an N x N array: time and memory grow with the number of synapses.
"""

from lsm_sim.describe.wiring.distance import DistanceRule
from lsm_sim.describe.wiring.ends import End, Pairs, WiringRule
from lsm_sim.describe.wiring.explicit import Edges, OneToOne
from lsm_sim.describe.wiring.probability import AllToAll, FixedInDegree, FixedProbability
from lsm_sim.describe.wiring.small_world import SmallWorld

__all__ = [
    "AllToAll",
    "DistanceRule",
    "Edges",
    "End",
    "FixedInDegree",
    "FixedProbability",
    "OneToOne",
    "Pairs",
    "SmallWorld",
    "WiringRule",
]
