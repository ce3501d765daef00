"""Accuracy on the digits of the demo in float64 and in Loihi's integers, with the readout that was trained in float64.

Each fold quantises with the calibration stimuli that `fit` stores; a value that exceeds a register of the chip on the test set
is an error here.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz
from lsm_sim.apps.demo import digits


def classifier(n_neurons: int, seed: int) -> lsm.LiquidClassifier:
    encoder = lsm.encode.Rate(max_rate=300 * Hz, frame=digits.FRAME, seed=seed)
    return lsm.LiquidClassifier(
        digits.liquid(n_neurons, seed), encoder, digits.FEATURES, sample_shape=(8, 8), scale=None, progress=False
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--neurons", type=int, default=500)
    args = parser.parse_args()
    warnings.simplefilter("error")  # excursions give a warning
    pixels, labels = digits.images()
    means = []
    for seed in range(args.seeds):
        scores = []
        for train, test in digits.folds(seed).split(pixels, labels):
            model = classifier(args.neurons, seed).fit(pixels[train], labels[train])
            in_floats = model.score(pixels[test], labels[test])
            in_integers = model.set_params(arithmetic="loihi").score(pixels[test], labels[test])
            scores.append((in_floats, in_integers))
        means.append(np.mean(scores, axis=0))
        print(f"seed {seed}: float64 {means[-1][0]:.4f}, loihi {means[-1][1]:.4f}")
    floats, integers = np.mean(means, axis=0)
    print(
        f"mean: float64 {floats:.4f}, loihi {integers:.4f}, loss {100 * (floats - integers):.2f} points; no excursions"
    )


if __name__ == "__main__":
    main()
