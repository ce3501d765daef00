"""The network with delays of one step in nengo: python benchmarks/coming_from/from_nengo.py [seeds]."""

import dataclasses
import sys

import nengo
import numpy as np
from network import C, Comparison, N, Network, T, liquid, pairs

import lsm_sim as lsm
from lsm_sim import ms

DT, TAU_M, TAU_SYN = 1e-3, 30e-3, 5e-3
DECAY_U, DECAY_V = np.exp(-DT / TAU_SYN), np.exp(-DT / TAU_M)
K = (DECAY_U - DECAY_V) / (1 / TAU_M - 1 / TAU_SYN)


def their_spikes(net, t_ref, *, recurrent):
    # v' = a v + (1 - a) J in each step; a spike is 1/dt for one step, which Lowpass multiplies by 1 - exp(-dt/tau_syn)
    gain = K / TAU_SYN / (1 - DECAY_V) * DT / (1 - DECAY_U)  # about tau_m
    w_in, w = np.zeros((N, C)), np.zeros((N, N))
    w_in[net.post_in, net.pre_in] = gain * net.w_in
    w[net.post, net.pre] = gain * net.w
    silent = {"voltage": nengo.dists.Choice([0])}
    with nengo.Network(seed=1) as model:
        pulses = nengo.Node(lambda t: net.dense[round(t / DT) - 1] / DT, size_out=C)
        lif = nengo.LIF(tau_rc=TAU_M, tau_ref=t_ref, min_voltage=-np.inf, initial_state=silent)
        cells = nengo.Ensemble(N, 1, neuron_type=lif, gain=np.ones(N), bias=np.zeros(N))
        filter_ = nengo.Lowpass(TAU_SYN)
        nengo.Connection(pulses, cells.neurons, transform=w_in, synapse=filter_)
        if recurrent:
            nengo.Connection(cells.neurons, cells.neurons, transform=w, synapse=filter_)
        probe = nengo.Probe(cells.neurons)
    with np.errstate(divide="ignore"), nengo.Simulator(model, dt=DT, progress_bar=False) as sim:
        sim.run_steps(T)
    return pairs(*np.nonzero(sim.data[probe]))


def our_spikes(net, t_ref, *, recurrent):
    whole = liquid(net)
    neurons = [dataclasses.replace(whole.neurons[0], t_ref=t_ref)]
    synapses = [dataclasses.replace(one, delay=1 * ms) for one in whole.synapses[: 2 if recurrent else 1]]
    program = lsm.lower(lsm.Liquid(whole.inputs, neurons, synapses), DT, weight_bits=None)
    found = lsm.run(program, lsm.Spikes.from_dense(net.dense, DT), progress=False).spikes
    return pairs(found.step, found.channel)


def our_equations_with_their_refractory_period(net, t_ref):
    """Return the spikes of the recurrent network if only the refractory period is nengo's; see nengo.LIF.step."""
    w_in, w = np.zeros((N, C)), np.zeros((N, N))
    w_in[net.post_in, net.pre_in], w[net.post, net.pre] = net.w_in, net.w
    J, v, left, spiked, arriving, found = np.zeros(N), np.zeros(N), np.zeros(N), np.zeros(N, bool), np.zeros(C), []
    for k in range(T):
        J = DECAY_U * J + K / TAU_SYN / (1 - DECAY_V) * (w_in @ arriving + w @ spiked)
        left -= DT
        v -= (J - v) * np.expm1(-np.clip(DT - left, 0, DT) / TAU_M)  # only what is left of the step
        spiked = v > 1
        left[spiked] = t_ref + DT + TAU_M * np.log1p(-(v[spiked] - 1) / (J[spiked] - 1))  # from within the step
        v[spiked] = 0
        found += [(k, i) for i in np.flatnonzero(spiked).tolist()]
        arriving = net.dense[k]
    return found


print("nengo", nengo.__version__, "numpy", np.__version__)
comparison = Comparison()
for seed in range(1, 1 + int((sys.argv[1:] or [3])[0])):
    net = Network(seed)
    for kind in ("feed-forward", "recurrent"):
        for t_ref in (0.0, 2e-3):
            found = (find(net, t_ref, recurrent=kind == "recurrent") for find in (our_spikes, their_spikes))
            comparison.add(f"{kind}, t_ref {1e3 * t_ref:g} ms", seed, *found)
    found = our_equations_with_their_refractory_period(net, 2e-3), their_spikes(net, 2e-3, recurrent=True)
    comparison.add("recurrent, t_ref 2 ms, our equations with their refractory period", seed, *found)
comparison.show()
