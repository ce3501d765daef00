"""Small networks and single neurons with each part of Program 2, for tests of quantisation."""

import dataclasses

import numpy as np

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.apps.demo import digits
from lsm_sim.program.blocks import ROWS, SynapseBlock
from lsm_sim.program.program import Program


def stimulus(n_samples=4, rate=0.1, n_channels=8, steps=200, payloads=None):
    rng = np.random.default_rng(0)
    dense = rng.random((n_samples, steps, n_channels)) < rate
    spikes = lsm.Spikes.from_dense(dense, 1 * ms)
    return spikes if payloads is None else dataclasses.replace(spikes, payload=rng.choice(payloads, spikes.n_events))


def one_neuron(**changes):
    """Return a neuron with one input channel."""
    fields = {
        "arithmetic": "float64", "dt": 1e-3, "n_inputs": 1, "n_neurons": 1, "indptr": [0, 1, 1], "post": [0], "weight": [0.5],
        "delay": [0], "threshold": [1.0], "bias": [0.0], "refractory": [1], "decay_u": [0.75], "decay_v": [0.5],
    }  # fmt: skip
    return Program(**(fields | changes))


def block(indptr, post, weight, delay, **more):
    """Return a block of synapses that is checked with its program."""
    return SynapseBlock(np.array(indptr), np.array(post), np.array(weight), np.array(delay), **more)


def split(program, own):
    """Return the synapses where ``own`` as a block of their own, and the others as the fields of the first block."""
    sources, rows = program.blocks[0].sources(), program.n_inputs + program.n_neurons
    parts = []
    for chosen in (own, ~own):
        indptr = np.concatenate([[0], np.cumsum(np.bincount(sources[chosen], minlength=rows))])
        parts.append({"indptr": indptr, **{name: getattr(program, name)[chosen] for name in ROWS[1:]}})
    return SynapseBlock(**parts[0]), parts[1]


def network():
    """Return a liquid of 60 neurons as a program."""
    return lsm.lower(digits.liquid(60, 0), 1 * ms)


def with_two_currents():
    program = network()
    inhibitory, others = split(program, program.weight < 0)
    return dataclasses.replace(
        program,
        units=None,
        **others,
        more_blocks=[dataclasses.replace(inhibitory, receptor=1)],
        decay_u2=np.full(60, np.exp(-1 / 12)),
    )


def with_adaptive_thresholds():
    return dataclasses.replace(network(), decay_w=np.full(60, np.exp(-1 / 100)), jump=np.full(60, 0.1))


def with_plasticity():
    """Return a network with depressing synapses from some sources and facilitating ones from others."""
    program = network()
    recurrent, inputs = split(program, program.blocks[0].sources() >= program.n_inputs)
    rows = program.n_inputs + program.n_neurons
    depressing = np.arange(rows) % 2 == 0
    stp = {
        "stp_U": np.where(depressing, 0.5, 0.06),
        "stp_decay_rec": np.exp(-1 / np.where(depressing, 1100, 125.0)),
        "stp_decay_facil": np.exp(-1 / np.where(depressing, 50, 1200.0)),
    }
    return dataclasses.replace(program, **inputs, more_blocks=[dataclasses.replace(recurrent, rule="stp", **stp)])
