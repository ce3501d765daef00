"""Handwritten digits, row by row, through a spiking liquid into a linear readout."""

from __future__ import annotations

import math
from typing import Any

from sklearn.datasets import load_digits
from sklearn.model_selection import StratifiedKFold, cross_val_predict

import lsm_sim as lsm
from lsm_sim import Hz, ms

FOLDS = 5
FRAME = 30 * ms  # duration of a row of pixels
FEATURES = lsm.Counts(bins=8, sqrt=True)  # as many bins as rows


def liquid(n_neurons: int, seed: int) -> lsm.Liquid:
    """Return a random liquid with one input channel per column; a fifth of its neurons are inhibitory."""
    n_inh, both = max(1, n_neurons // 5), ("exc", "inh")
    lif: Any = {"tau_m": 15 * ms, "tau_syn": 10 * ms, "t_ref": 2 * ms}
    entry, spread = lsm.FixedProbability(0.6), lsm.Uniform(1 * ms, 60 * ms)
    wiring, delay = lsm.FixedProbability(0.1), lsm.Uniform(1 * ms, 5 * ms)
    weight = 0.3 / math.sqrt(0.1 * n_neurons)  # the variance of sums does not depend on n_neurons
    return lsm.Liquid(
        inputs=[lsm.Inputs("columns", 8)],
        neurons=[
            lsm.Neurons("exc", n_neurons - n_inh, **lif, sign=+1),
            lsm.Neurons("inh", n_inh, **lif, sign=-1),
        ],
        synapses=[
            lsm.Synapses("columns", both, entry, lsm.Normal(0, 1), spread),
            lsm.Synapses("exc", both, wiring, lsm.Gamma(mean=weight, shape=2), delay),
            lsm.Synapses("inh", both, wiring, -lsm.Gamma(mean=4 * weight, shape=2), delay),
        ],
        seed=seed,
    )


def transformer(network: lsm.Liquid, seed: int, **how: Any) -> lsm.LiquidTransformer:
    """Return the transformer from images, (samples, 64), to features, (samples, 8 * neurons)."""
    encoder = lsm.encode.Rate(max_rate=300 * Hz, frame=FRAME, seed=seed)
    return lsm.LiquidTransformer(network, encoder, FEATURES, sample_shape=(8, 8), scale=None, **how)


def images() -> tuple[Any, Any]:
    """Return the 1797 images, shape (1797, 64) with values in [0, 1], and their digits."""
    pixels, digits = load_digits(return_X_y=True)
    return pixels / 16, digits


def folds(seed: int) -> StratifiedKFold:
    """Return the folds: each image is predicted by a readout trained without it."""
    return StratifiedKFold(FOLDS, shuffle=True, random_state=seed)


if __name__ == "__main__":
    pixels, digits = images()
    features = transformer(liquid(500, seed=0), seed=0).fit_transform(pixels)
    predicted = cross_val_predict(lsm.readout.ridge(), features, digits, cv=folds(0))
    print(f"accuracy {(predicted == digits).mean():.4f}")
