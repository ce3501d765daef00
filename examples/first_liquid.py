"""A first liquid
==============

Describe a liquid, stimulate it with pulses, plot its activity.
"""

import matplotlib
import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms

matplotlib.use("Agg")

cell = {"tau_m": 30 * ms, "tau_syn": 5 * ms}
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("pulses", 40)],
    neurons=[
        lsm.Neurons("exc", 400, **cell, t_ref=3 * ms, positions=lsm.random_in_box(8, 8, 8), sign=+1),
        lsm.Neurons("inh", 100, **cell, t_ref=2 * ms, positions=lsm.random_in_box(8, 8, 8), sign=-1),
    ],
    synapses=[
        lsm.Synapses("pulses", "exc", lsm.FixedProbability(0.2), weight=lsm.Gamma(mean=0.45, shape=2)),
        lsm.Synapses(
            "exc", ("exc", "inh"), lsm.DistanceRule(c=0.5, lam=2.5), weight=lsm.Gamma(mean=0.1, shape=2), delay=2 * ms
        ),
        lsm.Synapses(
            "inh", ("exc", "inh"), lsm.DistanceRule(c=0.7, lam=2.5), weight=-lsm.Gamma(mean=0.5, shape=2), delay=1 * ms
        ),
    ],
    seed=1,
)

print(lsm.lower(liquid, dt=1 * ms).summary())

time = np.arange(500)
pulses = 0.15 + 0.85 * (time % 125 < 25)  # 25 ms of strong input, four times in half a second
stimulus = lsm.encode.poisson(np.repeat(pulses[:, None], 40, axis=1), max_rate=80 * Hz, dt=1 * ms, seed=2)
result = lsm.run(liquid, stimulus, record={"exc": lsm.Record("v", neurons=[0, 1, 2])})

print(result.spikes, f"mean rate {result.spikes.rates().mean():.1f} Hz")
lsm.plot.raster(result.spikes).figure.savefig("raster.png", dpi=150)
lsm.plot.traces(result, "exc").figure.savefig("membranes.png", dpi=150)
lsm.plot.column(liquid).figure.savefig("column.png", dpi=150)
