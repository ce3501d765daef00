"""The network in PyNN, run by NEST: python benchmarks/coming_from/from_pynn.py [seeds]."""

import sys
import warnings

import numpy as np
from network import C, Comparison, N, Network, T, our_spikes

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # PyNN 0.13 uses old names of NEST
    import pyNN
    import pyNN.nest as sim


def their_spikes(net, precision):
    dt = 1.0  # ms
    sim.setup(timestep=dt, min_delay=dt, spike_precision=precision)
    cell = {"cm": 1.0, "tau_m": 30.0, "tau_syn_E": 5.0, "tau_syn_I": 5.0, "tau_refrac": 2.0}  # nF, ms
    cell |= {"v_rest": 0.0, "v_reset": 0.0, "v_thresh": 1.0}  # mV
    cells = sim.Population(N, sim.IF_curr_exp(**cell), initial_values={"v": 0.0})
    times = [(net.step[net.channel == c] + 2) * dt for c in range(C)]
    pulses = sim.Population(C, sim.SpikeSourceArray(spike_times=times))
    for pre, source, target, w, delay in (
        (pulses, net.pre_in, net.post_in, net.w_in, 2.0),
        (cells, net.pre, net.post, net.w, 3.0),
    ):
        for receptor, which in (("excitatory", w >= 0), ("inhibitory", w < 0)):
            rows = list(zip(source[which], target[which], w[which] / 5.0, strict=True))  # weight * cm / tau_syn
            wires = sim.FromListConnector(rows, column_names=["weight"])
            sim.Projection(pre, cells, wires, sim.StaticSynapse(delay=delay - dt), receptor_type=receptor)
    cells.record("spikes")
    sim.run((T + 2) * dt)
    trains = cells.get_data("spikes").segments[0].spiketrains
    step = [np.rint(np.asarray(train) / dt).astype(int) - 2 for train in trains]
    found = [(k, i) for i, train in enumerate(step) for k in train.tolist() if k < T]
    sim.end()
    return sorted(found)


print("PyNN", pyNN.__version__, "numpy", np.__version__)
comparison = Comparison()
for seed in range(1, 1 + int((sys.argv[1:] or [3])[0])):
    net = Network(seed)
    for precision in ("on_grid", "off_grid"):  # iaf_psc_exp; iaf_psc_exp_ps, the default
        comparison.add(precision, seed, our_spikes(net), their_spikes(net, precision))
comparison.show()
