"""Memory, lag by lag
==================

How far back do liquids remember? The memory of three liquids lag by lag, with recurrence off and beside their delays.

The input is a series of random numbers. After each number, a linear readout of the spikes tells the number of k samples ago; the
squared correlation with the true one, over k, is the profile, and its sum the memory capacity.
"""

import warnings

import matplotlib
import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import measures, ms
from lsm_sim.encode import Bits
from lsm_sim.simulate import rescale

matplotlib.use("Agg")
from matplotlib import pyplot as plt

N_NEURONS, N_SAMPLES, N_LAGS, SEED, BITS = 120, 1500, 40, 1, 12
LONGEST = 64 * ms  # delay of the random liquids

random = {"n_inputs": BITS, "n_neurons": N_NEURONS, "seed": SEED}
LIQUIDS = {  # the liquid, the duration of a sample, the time constants of the traces, in samples
    "memory": (models.memory(**random), 8 * ms, (0.7, 3.0)),
    "long_memory": (models.long_memory(**random), 5 * ms, (2.0, 8.0)),
    "long_memory, 2 ms per sample": (
        models.long_memory(**random, frame=2 * ms, tau_syn=1 * ms, recurrent_weight=1.5),
        2 * ms,
        (1.0, 4.0),
    ),
}
series = np.random.default_rng(SEED).uniform(size=N_SAMPLES)


def profile(liquid, frame, taus):
    """Return the memory of a liquid, lag by lag."""
    model = lsm.LiquidForecaster(liquid, Bits(BITS, frame=frame), taus=taus, with_encoder=False)
    states = model.prepare(series).features(series)
    return measures.memory_capacity(states, series, n_lags=N_LAGS, delay_horizon=LONGEST / frame)


warnings.filterwarnings("ignore", "memory_capacity: the squared correlation", lsm.LsmWarning)  # a little lies beyond
figure, axes = plt.subplots(1, len(LIQUIDS), sharey=True, figsize=(10, 3), layout="constrained")
for ax, (name, (liquid, frame, taus)) in zip(axes, LIQUIDS.items(), strict=True):
    found = profile(liquid, frame, taus)
    off = profile(rescale.scale(liquid, 0.0, "recurrent"), frame, taus)
    print(f"{name:<30}{found}; recurrence off {off.capacity:.2f}", flush=True)
    found.plot(ax)
    ax.plot(np.arange(1, N_LAGS + 1), off.profile, color="#D55E00", linewidth=1)
    ax.set_title(f"{name}\n{found.capacity:.1f} samples (orange: off, {off.capacity:.1f})", fontsize=9)
figure.savefig("memory_explorer.png", dpi=150)
