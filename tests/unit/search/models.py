"""Small models and samples for searches."""

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.search import Range

ENCODER = lsm.encode.Rate(200 * Hz, frame=10 * ms)
LIQUID = lsm.Liquid(
    [lsm.Inputs("in", 3)],
    [lsm.Neurons("exc", 12, tau_m=20 * ms, tau_syn=10 * ms), lsm.Neurons("inh", 4, tau_m=20 * ms, tau_syn=10 * ms)],
    [
        lsm.Synapses("in", "exc", lsm.FixedProbability(0.5), weight=lsm.Normal(0, 3)),
        lsm.Synapses("exc", "inh", lsm.FixedProbability(0.3), weight=lsm.Gamma(0.3, 2.0)),
    ],
    seed=1,
)
SPACE = {
    "liquid__neurons__exc__tau_m": Range(5 * ms, 80 * ms, log=True),
    "features__bins": [1, 2, 3],
    "readout__alpha": Range(0.1, 1e3, log=True),
}


def samples(n=48, seed=0):
    """Return samples of two classes that overlap, labels, and four groups."""
    rng = np.random.default_rng(seed)
    y = np.arange(n) % 2
    X = rng.random((n, 6, 3)) * 0.6 + 0.4 * y[:, None, None] * np.linspace(0, 1, 6)[:, None]
    return X, y, np.arange(n) // 2 % 4


def model(**changes):
    """Return a classifier whose liquid runs once for all folds."""
    return lsm.LiquidClassifier(LIQUID, ENCODER, lsm.Counts(2), scale=None, n_threads=1).set_params(**changes)
