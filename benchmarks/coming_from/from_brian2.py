"""The network in Brian2: python benchmarks/coming_from/from_brian2.py [seeds]."""

import sys

import brian2 as b2
import numpy as np
from network import C, Comparison, N, Network, T, our_spikes, pairs

b2.prefs.codegen.target = "numpy"


def their_spikes(net):
    dt = b2.defaultclock.dt = 1 * b2.ms
    equations = """dv/dt = -v/tau_m + u : 1 (unless refractory)
                   du/dt = -u/tau_syn : Hz"""
    constants = {"tau_m": 30 * b2.ms, "tau_syn": 5 * b2.ms}
    cells = b2.NeuronGroup(
        N, equations, threshold="v > 1", reset="v = 0", method="exact", refractory=2 * b2.ms + dt, namespace=constants
    )
    pulses = b2.SpikeGeneratorGroup(C, net.channel, net.step * dt)
    entry = b2.Synapses(pulses, cells, "w : 1", on_pre="u_post += w/tau_syn", namespace=constants)
    entry.connect(i=net.pre_in, j=net.post_in)
    entry.w, entry.delay = net.w_in, 2 * b2.ms - dt
    loop = b2.Synapses(cells, cells, "w : 1", on_pre="u_post += w/tau_syn", namespace=constants)
    loop.connect(i=net.pre, j=net.post)
    loop.w, loop.delay = net.w, 3 * b2.ms - dt
    monitor = b2.SpikeMonitor(cells)
    b2.Network(cells, pulses, entry, loop, monitor).run(T * dt)
    return pairs(np.rint(monitor.t / dt).astype(int), monitor.i)


print("brian2", b2.__version__, "numpy", np.__version__)
comparison = Comparison()
for seed in range(1, 1 + int((sys.argv[1:] or [3])[0])):
    net = Network(seed)
    theirs = their_spikes(net)
    comparison.add("weights not rounded", seed, our_spikes(net), theirs)
    comparison.add("weights of 16 bits, the default", seed, our_spikes(net, 16), theirs)
comparison.show()
