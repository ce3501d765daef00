"""The networks and stimuli that all benchmarks share.

W: 1000 LIF neurons (80 % excitatory), every pair connected with probability 0.1, delays 1..8 steps, refractory 2 steps, 80
Poisson inputs at 50 Hz, samples of 1000 steps of 1 ms; about 33 spikes per neuron and second.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

N_INPUTS, INPUT_RATE, N_STEPS, DT = 80, 50 * Hz, 1000, 1 * ms


@dataclass(frozen=True)
class Workload:
    """Size of the network, probability of a recurrent pair, mean weights of the three kinds of synapses."""

    n_neurons: int
    p: float
    exc: float
    inh: float
    external: float


WORKLOADS = {
    "W": Workload(1000, 0.1, 0.040, -0.152, 0.152),
    "W-small": Workload(135, 0.1, 0.047, -0.152, 0.159),
    "W-large": Workload(10_000, 0.02, 0.022, -0.086, 0.159),
}


def _around(mean: float):
    weight = lsm.Normal(1, 0.25, minimum=0.1, maximum=2)
    return mean * weight


def liquid(name: str) -> lsm.Liquid:
    """Return the network of a workload."""
    w = WORKLOADS[name]
    n_exc = round(0.8 * w.n_neurons)
    cell = {"tau_m": 20 * ms, "tau_syn": 5 * ms, "t_ref": 2 * ms}
    delay = lsm.Uniform(0.51 * DT + 0.5 * DT, 8.49 * DT)  # round to 1..8 steps
    both, rule = ("exc", "inh"), lsm.FixedProbability(w.p)
    return lsm.Liquid(
        inputs=[lsm.Inputs("external", N_INPUTS)],
        neurons=[lsm.Neurons("exc", n_exc, **cell), lsm.Neurons("inh", w.n_neurons - n_exc, **cell)],
        synapses=[
            lsm.Synapses("external", both, lsm.FixedProbability(0.1), weight=_around(w.external)),
            lsm.Synapses("exc", both, rule, weight=_around(w.exc), delay=delay),
            lsm.Synapses("inh", both, rule, weight=_around(w.inh), delay=delay),
        ],
        seed=1,
    )


def stimulus(n_samples: int, seed: int = 7) -> lsm.Spikes:
    """Return Poisson spikes on all inputs."""
    rng = np.random.default_rng(seed)
    return lsm.Spikes.from_dense(rng.random((n_samples, N_STEPS, N_INPUTS)) < INPUT_RATE * DT, DT)
