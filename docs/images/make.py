"""Draw the figure of the README: python docs/images/make.py."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import lsm_sim as lsm
from lsm_sim import Hz, ms

HERE = Path(__file__).parent
PULSES = ((300, 340, 0.9), (560, 600, 0.6), (620, 660, 0.6), (800, 900, 0.5))  # begin and end in ms, height


def main() -> None:
    """Write raster.png into the folder of this file."""
    signal = np.full((1000, 100), 0.1)  # every millisecond, 100 channels
    for begin, end, height in PULSES:
        signal[begin:end] += height
    stimulus = lsm.encode.poisson([signal], max_rate=75 * Hz, dt=1 * ms, seed=1)
    result = lsm.run(liquid(), stimulus)
    figure, ax = plt.subplots(figsize=(7, 3.2), dpi=150, layout="constrained")
    lsm.plot.raster(result.spikes, ax=ax, bin_width=10 * ms)
    figure.savefig(HERE / "raster.png")
    print({name: round(float(result.spikes[name].rates().mean()), 1) for name in result.spikes.groups})


def liquid() -> lsm.Liquid:
    """Return a balanced network of 800 excitatory and 200 inhibitory neurons."""
    noise = lsm.Normal(0.4, 0.2)
    return lsm.Liquid(
        [lsm.Inputs("in", 100)],
        [
            lsm.Neurons("exc", 800, tau_m=20 * ms, tau_syn=5 * ms, t_ref=3 * ms, v_rest=noise, sign=1),
            lsm.Neurons("inh", 200, tau_m=10 * ms, tau_syn=5 * ms, t_ref=2 * ms, v_rest=noise, sign=-1),
        ],
        [
            lsm.Synapses("in", ("exc", "inh"), lsm.FixedProbability(0.2), weight=lsm.Gamma(0.12, shape=2)),
            lsm.Synapses(
                "exc", ("exc", "inh"), lsm.FixedProbability(0.1), weight=lsm.Gamma(0.06, shape=2), delay=2 * ms
            ),
            lsm.Synapses(
                "inh", ("exc", "inh"), lsm.FixedProbability(0.1), weight=-lsm.Gamma(0.4, shape=2), delay=1 * ms
            ),
        ],
        seed=7,
    )


if __name__ == "__main__":
    main()
