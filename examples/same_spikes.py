"""The same spikes on every engine
===============================

Run one liquid on every backend that is installed: the spikes are identical.
"""

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.backend import known

cell = {"tau_m": 20 * ms, "tau_syn": 5 * ms, "t_ref": 2 * ms}
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("in", 20)],
    neurons=[lsm.Neurons("exc", 160, **cell), lsm.Neurons("inh", 40, **cell)],
    synapses=[
        lsm.Synapses("in", "exc", lsm.FixedProbability(0.3), weight=lsm.Gamma(0.4, 2)),
        lsm.Synapses(
            "exc",
            ("exc", "inh"),
            lsm.FixedProbability(0.1),
            weight=lsm.Gamma(0.2, 2),
            delay=lsm.Uniform(1 * ms, 8 * ms),
        ),
        lsm.Synapses(
            "inh",
            ("exc", "inh"),
            lsm.FixedProbability(0.1),
            weight=-lsm.Gamma(0.8, 2),
            delay=lsm.Uniform(1 * ms, 8 * ms),
        ),
    ],
    seed=5,
)
stimulus = lsm.encode.poisson(np.full((300, 20), 0.5), max_rate=80 * Hz, dt=1 * ms)

reference = lsm.run(liquid, stimulus, backend="reference").spikes
print(f"reference: {reference.n_events} spikes of {reference.n_channels} neurons in {reference.durations[0]:g} s")
for name in known():
    try:
        spikes = lsm.run(liquid, stimulus, backend=name).spikes
    except lsm.BackendUnavailableError as error:
        print(f"{name}: {error}")
        continue
    print(f"{name}: {(spikes.raster() != reference.raster()).sum()} spikes differ")
