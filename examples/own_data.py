"""Your own data
=============

Train a readout on signals of different lengths, and measure what the liquid adds.

The two classes consist of the same two parts in different order: each channel is active equally often, so counts of the input
cannot separate them. The control with recurrence off shows how much of this memory needs recurrence: here synapses and membranes
already keep the order.
"""

from dataclasses import replace

import numpy as np
from sklearn.model_selection import cross_val_score

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.learn.readout import ridge

N_CHANNELS, SEED = 6, 3


def signal(order: int, rng: np.random.Generator) -> np.ndarray:
    """Return (frames, channels): two halves with different active channels, in one order or the other."""
    half = int(rng.integers(8, 12))
    active = np.repeat([[1.0, 1, 1, 0, 0, 0], [0.0, 0, 0, 1, 1, 1]], half, axis=0)
    return np.clip((active if order else active[::-1]) * 0.6 + rng.normal(0.2, 0.1, active.shape), 0, 1)


rng = np.random.default_rng(SEED)
y = np.arange(300) % 2
X = [signal(order, rng) for order in y]

cell = {"tau_m": 30 * ms, "tau_syn": 30 * ms, "t_ref": 2 * ms}
liquid = lsm.Liquid(
    inputs=[lsm.Inputs("channels", N_CHANNELS)],
    neurons=[lsm.Neurons("exc", 160, **cell), lsm.Neurons("inh", 40, **cell)],
    synapses=[
        lsm.Synapses("channels", ("exc", "inh"), lsm.FixedProbability(0.5), weight=lsm.Normal(0, 2)),
        lsm.Synapses(
            "exc",
            ("exc", "inh"),
            lsm.FixedProbability(0.1),
            weight=lsm.Gamma(0.1, 2),
            delay=lsm.Uniform(1 * ms, 20 * ms),
        ),
        lsm.Synapses(
            "inh",
            ("exc", "inh"),
            lsm.FixedProbability(0.1),
            weight=-lsm.Gamma(0.4, 2),
            delay=lsm.Uniform(1 * ms, 20 * ms),
        ),
    ],
    seed=SEED,
)

encoder = lsm.encode.Rate(max_rate=150 * Hz, frame=5 * ms)
features = lsm.Counts(bins=1)  # one count per neuron: any information about the order comes from the liquid
feedforward = replace(liquid, synapses=[s for s in liquid.synapses if s.pre == "channels"])
counts = features.of(encoder(X, 1 * ms))
print(f"encoder counts  {cross_val_score(ridge(), counts, y, cv=5).mean():.3f}")
for name, network in (("recurrence off", feedforward), ("liquid", liquid)):
    model = lsm.LiquidClassifier(network, encoder, features)
    print(f"{name:<15} {cross_val_score(model, X, y, cv=5).mean():.3f}")
