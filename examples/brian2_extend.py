"""Extend a liquid in Brian2
=========================

A liquid as a Brian2 network with your own additions: a StateMonitor, and synapses with short-term depression.

The depressing synapses follow Tsodyks and Markram (PNAS 94, 719-723, 1997): each spike uses the fraction U of the resources x,
which recover with the time constant tau_rec.
"""

from pathlib import Path

import brian2 as b2
import matplotlib.pyplot as plt
import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim_brian2 import build, script

b2.prefs.codegen.target = "numpy"  # without this line Brian2 first compiles for a minute, then runs faster

cell = {"tau_m": 30 * ms, "tau_syn": 5 * ms, "t_ref": 2 * ms}
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("pulses", 10)],
    neurons=[lsm.Neurons("exc", 80, **cell), lsm.Neurons("inh", 20, **cell)],
    synapses=[
        lsm.Synapses("pulses", "exc", lsm.FixedProbability(0.3), weight=lsm.Gamma(0.6, 2)),
        lsm.Synapses("exc", ("exc", "inh"), lsm.FixedProbability(0.1), weight=lsm.Gamma(0.2, 2), delay=2 * ms),
        lsm.Synapses("inh", "exc", lsm.FixedProbability(0.1), weight=-lsm.Gamma(0.4, 2), delay=2 * ms),
    ],
    seed=4,
)
stimulus = lsm.encode.poisson(np.full((400, 10), 0.5), max_rate=100 * Hz, dt=1 * ms)

network = build(liquid, stimulus, names={"exc": "principal"})
principal = network["principal"]

# Add your own objects as in any Brian2 network. Synapses add to the accumulator a, in units of v.
depressing = b2.Synapses(
    network["pulses"],
    network["inh"],
    """dx/dt = (1 - x)/tau_rec : 1 (event-driven)
       weight : 1""",
    on_pre="""a_post += weight*U*x
              x = x*(1 - U)""",
    namespace={"tau_rec": 200 * b2.ms, "U": 0.5},
    method="exact",
    clock=principal.clock,
    name="depressing",
)
depressing.connect(p=0.5)
depressing.x = 1
depressing.weight = 0.25
membranes = b2.StateMonitor(principal, "v", record=[0, 1, 2], when="end")
spikes = {name: b2.SpikeMonitor(network[name]) for name in ("principal", "inh")}
network.add(depressing, membranes, *spikes.values())
network.run(400 * b2.ms)

alone = lsm.run(liquid, stimulus).spikes
for name, group in (("principal", "exc"), ("inh", "inh")):
    print(f"{name}: {spikes[name].num_spikes} spikes with the depressing synapses, {alone[group].n_events} without")

figure, ax = plt.subplots(figsize=(8, 3), layout="constrained")
ax.plot(membranes.t / b2.ms, membranes.v.T)
ax.set_xlabel("time (ms)")
ax.set_ylabel("v")
figure.savefig("brian2_extend.png", dpi=120)

Path("liquid_in_brian2.py").write_text(script(liquid, stimulus), encoding="utf-8")  # runs without lsm_sim
print("wrote brian2_extend.png and liquid_in_brian2.py")
