"""The network of docs/coming-from.md: 10 input channels and 50 neurons, drawn with NumPy, and its spikes in lsm_sim."""

import numpy as np

import lsm_sim as lsm
from lsm_sim import ms

C, N, T = 10, 50, 1000  # channels, neurons, steps of 1 ms


class Network:
    """Synapses and stimulus; every script gives the same arrays to its simulator."""

    def __init__(self, seed=1):
        rng = np.random.default_rng(seed)
        self.pre_in, self.post_in = np.nonzero(rng.random((C, N)) < 0.3)
        self.pre, self.post = np.nonzero(rng.random((N, N)) < 0.1)
        self.w_in = rng.normal(0.5, 0.1, self.pre_in.size)
        self.w = rng.normal(0.0, 0.3, self.pre.size)
        self.step, self.channel = np.nonzero(rng.random((T, C)) < 0.05)
        self.dense = np.zeros((T, C), bool)
        self.dense[self.step, self.channel] = True


def liquid(net, scale=1.0, **neurons):
    """Return the network as a liquid; ``scale`` multiplies the weights, for neurons with another threshold."""
    return lsm.Liquid(
        inputs=[lsm.Inputs("pulses", C)],
        neurons=[lsm.Neurons("cells", N, tau_m=30 * ms, tau_syn=5 * ms, t_ref=2 * ms, **neurons)],
        synapses=[
            lsm.Synapses("pulses", "cells", lsm.Edges(net.pre_in, net.post_in), weight=scale * net.w_in, delay=2 * ms),
            lsm.Synapses("cells", "cells", lsm.Edges(net.pre, net.post), weight=scale * net.w, delay=3 * ms),
        ],
    )


def our_spikes(net, weight_bits=None, **others):
    """Return step and neuron of each spike, sorted; by default weights are rounded to 2^-30 only, else to so many bits."""
    program = lsm.lower(liquid(net, **others), 1 * ms, weight_bits=weight_bits)
    found = lsm.run(program, lsm.Spikes.from_dense(net.dense, 1 * ms), progress=False).spikes
    return pairs(found.step, found.channel)


def pairs(step, neuron):
    """Return the spikes as a sorted list of (step, neuron)."""
    return sorted(zip(np.asarray(step).tolist(), np.asarray(neuron).tolist(), strict=True))


class Comparison:
    """Prints how many spikes agree in the first networks, and at the end how many networks and spikes do."""

    def __init__(self):
        self.totals = {}

    def add(self, name, seed, ours, theirs):
        a, b = set(ours), set(theirs)
        first = min(a ^ b, default=None)
        where = "all equal" if first is None else f"first difference at step {first[0]}, neuron {first[1]}"
        if seed <= 3:
            print(f"seed {seed}, {name}: ours {len(a)} spikes, theirs {len(b)}, equal {len(a & b)}; {where}")
        row = np.array([first is None, 1, len(a & b), len(a), len(b)], int)
        self.totals[name] = self.totals.get(name, 0) + row

    def show(self):
        for name, (same, networks, equal, ours, theirs) in self.totals.items():
            print(
                f"{name}: {same} of {networks} networks; {equal} spikes equal of {ours} of ours and {theirs} of theirs"
            )
