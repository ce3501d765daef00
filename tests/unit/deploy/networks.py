"""A network that is small enough to count by hand."""

from __future__ import annotations

import numpy as np

import lsm_sim as lsm
from lsm_sim.program.program import Program

SMALL = 2.0**-10  # a weight that never makes a neuron spike

CORE = np.array([0, 0, 1])


def by_hand(**changes):
    """Return a program of three neurons: channel 0 makes neurons 0 and 2 spike, neuron 1 never does.

    Synapses: channel 0 -> 0, 2; neuron 0 -> 1, 2; neuron 2 -> 0. Channel 1 and neuron 1 have none.
    """
    values = {
        "arithmetic": "float64",
        "dt": 1e-3,
        "n_inputs": 2,
        "n_neurons": 3,
        "indptr": [0, 2, 2, 4, 4, 5],
        "post": [0, 2, 1, 2, 0],
        "weight": [1.0, 1.0, SMALL, SMALL, SMALL],
        "delay": [0, 0, 0, 3, 1],
        "threshold": np.full(3, 0.5),
        "bias": np.zeros(3),
        "refractory": np.zeros(3, int),
        "decay_u": np.zeros(3),
        "decay_v": np.zeros(3),
        "neuron_groups": {"exc": range(2), "inh": range(2, 3)},
    }
    return Program(**(values | changes))


def stimulus():
    """Return two samples of 5 and 3 steps; the second has no events."""
    return lsm.Spikes.from_events([0, 1, 2], [0, 1, 0], sample=[0, 0, 0], n_steps=[5, 3], n_channels=2, dt=1e-3)
