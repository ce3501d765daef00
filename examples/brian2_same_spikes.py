"""The same spikes in Brian2
=========================

The same liquid on the fast backend and on Brian2, rasters side by side: the spikes are identical.
"""

import matplotlib.pyplot as plt
import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

cell = {"tau_m": 30 * ms, "tau_syn": 5 * ms, "t_ref": 2 * ms}
delay = lsm.Uniform(1 * ms, 8 * ms)
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("in", 20)],
    neurons=[lsm.Neurons("exc", 160, **cell), lsm.Neurons("inh", 40, **cell)],
    synapses=[
        lsm.Synapses("in", "exc", lsm.FixedProbability(0.3), weight=lsm.Gamma(0.4, 2)),
        lsm.Synapses("exc", ("exc", "inh"), lsm.FixedProbability(0.1), weight=lsm.Gamma(0.2, 2), delay=delay),
        lsm.Synapses("inh", ("exc", "inh"), lsm.FixedProbability(0.1), weight=-lsm.Gamma(0.8, 2), delay=delay),
    ],
    seed=5,
)
stimulus = lsm.encode.poisson(np.full((300, 20), 0.5), max_rate=80 * Hz, dt=1 * ms)

figure, axes = plt.subplots(1, 2, figsize=(10, 4), sharex=True, sharey=True, layout="constrained")
rasters = {}
for name, ax in zip(("fast", "brian2"), axes, strict=True):
    result = lsm.run(liquid, stimulus, backend=name)
    rasters[name] = result.spikes.raster()
    lsm.plot.raster(result.spikes, ax=ax)
    ax.set_title(f"{name}: {result.spikes.n_events} spikes")
figure.savefig("brian2_same_spikes.png", dpi=120)
print(f"{(rasters['fast'] != rasters['brian2']).sum()} of {rasters['fast'].sum()} spikes differ")
