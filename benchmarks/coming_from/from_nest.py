"""The network in NEST as iaf_psc_exp: python benchmarks/coming_from/from_nest.py [seeds]."""

import sys

import nest
import numpy as np
from network import C, Comparison, N, Network, T, our_spikes, pairs


def their_spikes(net, **others):
    nest.ResetKernel()
    nest.verbosity = nest.VerbosityLevel.ERROR
    nest.resolution = dt = 1.0  # ms
    cell = {"C_m": 1.0, "tau_m": 30.0, "tau_syn_ex": 5.0, "tau_syn_in": 5.0, "t_ref": 2.0}
    cell |= {"E_L": 0.0, "V_reset": 0.0, "V_th": 1.0, "V_m": 0.0} | others
    scale = (cell["V_th"] - cell["E_L"]) * cell["C_m"] / cell["tau_syn_ex"]  # of weights in units of the threshold
    cells = nest.Create("iaf_psc_exp", N, params=cell)
    pulses = nest.Create("spike_generator", C)
    pulses.set([{"spike_times": (net.step[net.channel == c] + 1) * dt} for c in range(C)])
    recorder = nest.Create("spike_recorder")
    for pre, source, target, w, delay in (
        (pulses, net.pre_in, net.post_in, net.w_in, 2.0),
        (cells, net.pre, net.post, net.w, 3.0),
    ):
        synapses = {"weight": w * scale, "delay": np.full(w.size, delay - dt)}
        ends = np.array(pre.tolist())[source], np.array(cells.tolist())[target]
        nest.Connect(*ends, conn_spec="one_to_one", syn_spec=synapses)
    nest.Connect(cells, recorder)
    nest.Simulate((T + 1) * dt)
    step = np.rint(recorder.events["times"] / dt).astype(int) - 1
    inside = step < T
    return pairs(step[inside], recorder.events["senders"][inside] - cells[0].global_id)


print("nest", nest.__version__, "numpy", np.__version__)
comparison = Comparison()
for seed in range(1, 1 + int((sys.argv[1:] or [3])[0])):
    net = Network(seed)
    theirs = their_spikes(net)
    usual = their_spikes(net, C_m=250.0, E_L=-70.0, V_reset=-65.0, V_th=-55.0, V_m=-65.0, I_e=100.0)  # pF, mV, pA
    ours = our_spikes(net, scale=15.0, v_rest=-70, v_reset=-65, v_thresh=-55, i_bias=1000 * 100 / 250)
    comparison.add("C_m 250 pF, E_L -70 mV, I_e 100 pA", seed, ours, usual)
    comparison.add("weights not rounded", seed, our_spikes(net), theirs)
    comparison.add("weights of 16 bits, the default", seed, our_spikes(net, 16), theirs)
comparison.show()
