"""Accuracy on handwritten digits by the number of trained parameters: readouts of liquids beside small trained networks.

Only the readout of a liquid is trained; its random weights are counted in another column, because a device has to store them
too. All rows use the same 1200 images for training and 597 for testing.
"""

from __future__ import annotations

import argparse
import warnings

import numpy as np
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.learn.readout import ridge

SIZES = ((50, 1), (100, 1), (100, 8), (500, 1), (500, 8))  # neurons and bins of the liquids
HIDDEN = (8, 16, 64)  # units of the networks with one hidden layer


def liquid_row(n_neurons: int, bins: int, seed: int, data: list[np.ndarray]) -> tuple[float, int, int]:
    """Return accuracy, trained parameters and fixed weights of a liquid."""
    train, test, y_train, y_test = data
    liquid = models.random_ei(n_inputs=8, n_neurons=n_neurons, input_weight=1.0, input_degree=4, seed=seed)
    encoder = lsm.encode.Rate(200 * Hz, frame=20 * ms, seed=seed)
    model = lsm.LiquidClassifier(liquid, encoder, lsm.Counts(bins, sqrt=True), sample_shape=(8, 8))
    accuracy = model.fit(train, y_train).score(test, y_test)
    return accuracy, (n_neurons * bins + 1) * 10, model.transformer_.program_.n_synapses


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=5)
    seeds = range(parser.parse_args().seeds)
    X, y = load_digits(return_X_y=True)
    data = train_test_split(X / 16, y, train_size=1200, random_state=0, stratify=y)
    train, test, y_train, y_test = data
    rows = [("ridge on pixels", [(ridge().fit(train, y_train).score(test, y_test), 650, 0)])]
    for hidden in HIDDEN:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)
            nets = [MLPClassifier((hidden,), max_iter=600, random_state=seed).fit(train, y_train) for seed in seeds]
        found = [(net.score(test, y_test), sum(w.size for w in [*net.coefs_, *net.intercepts_]), 0) for net in nets]
        rows.append((f"network, {hidden} hidden units", found))
    for n_neurons, bins in SIZES:
        name = f"liquid, {n_neurons} neurons, {bins} bins" if bins > 1 else f"liquid, {n_neurons} neurons, 1 bin"
        rows.append((name, [liquid_row(n_neurons, bins, seed, data) for seed in seeds]))
    print(f"{'what':<28} {'trained':>8} {'fixed':>8}  accuracy %")
    for name, found in rows:
        accuracy = 100 * np.array([one[0] for one in found])
        print(f"{name:<28} {found[0][1]:>8} {found[0][2]:>8}  {accuracy.mean():.1f} +- {accuracy.std():.1f}")


if __name__ == "__main__":
    main()
