"""What deployment to Loihi's integers costs in accuracy, and that every engine gives the same spikes.

    python benchmarks/deployment.py [--fsdd FOLDER] [--seeds 3] [--engines 100]

The tables are those of docs/deployment.md. Handwritten digits: a fifth of the images for testing, 500 neurons; spoken digits:
the split of the Free Spoken Digit Dataset, 500 neurons, counts in 5 bins. Each row is the mean over seeds of the network.
"""

from __future__ import annotations

import argparse
import dataclasses
import time
from functools import partial
from typing import Any

import numpy as np
from sklearn.model_selection import train_test_split

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.apps.demo import digits
from lsm_sim.apps.evaluate.settings_speech import fsdd_upstream
from lsm_sim.deploy import deploy
from lsm_sim.engine.protocol import compiled
from lsm_sim.learn.readout import ridge


def digit_model(bins: int, seed: int, t_ref: float = 0.0, readout: Any = "centred_ridge") -> Any:
    """Return the classifier of the demo with counts in a number of bins."""
    liquid = digits.liquid(500, seed)
    liquid = dataclasses.replace(liquid, neurons=[dataclasses.replace(group, t_ref=t_ref) for group in liquid.neurons])
    how = digits.transformer(liquid, seed).get_params(deep=False) | {"features": lsm.Counts(bins=bins)}
    return lsm.LiquidClassifier(readout=readout, **how)


def spoken_model(seed: int, t_ref: float = 0.0, readout: Any = "centred_ridge", *, rates: bool = False) -> Any:
    """Return the pipeline for spoken digits with counts, or rates, in five bins."""
    pipeline = fsdd_upstream(seed)
    liquid = partial(models.speech, n_neurons=500, seed=seed, t_ref=t_ref)
    return pipeline.set_params(
        liquidclassifier__liquid=liquid,
        liquidclassifier__features=lsm.Counts(bins=5, per_second=rates),
        liquidclassifier__readout=readout,
    )


def row(name: str, values: list[list[float]]) -> None:
    """Print the mean over seeds of each column."""
    print(f"{name:44s}" + "".join(f"{value:9.4f}" for value in np.mean(values, axis=0)), flush=True)


def split_digits(seed: int) -> Any:
    """Return training images, test images, and their digits."""
    pixels, labels = digits.images()
    return train_test_split(pixels, labels, test_size=0.2, random_state=seed, stratify=labels)


def accuracy_of_digits(seeds: int) -> None:
    """Print accuracy before and after deployment."""
    print("\nhandwritten digits, t_ref = 0                  float64 deployed   relays")
    for bins in (1, 4, 8):
        values = []
        for seed in range(seeds):
            train, test, y, wanted = split_digits(seed)
            model = digit_model(bins, seed).fit(train, y)
            made = [deploy(model, train, relays=relays) for relays in (False, True)]
            values.append([model.score(test, wanted), *(one.score(test, wanted) for one in made)])
        row(f"{bins} bins", values)
    print("\nreadouts of the same liquid, 4 bins            float64 deployed    refit")
    for name, readout in (("centred_ridge", "centred_ridge"), ("ridge", "ridge"), ("logistic", "logistic")):
        values = []
        for seed in range(seeds):
            train, test, y, wanted = split_digits(seed)
            model = digit_model(4, seed, readout=readout).fit(train, y)
            made = [deploy(model, train, y, refit=refit) for refit in (False, True)]
            values.append([model.score(test, wanted), *(one.score(test, wanted) for one in made)])
        row(name, values)
    print("\nrefractory period, float64                        2 ms     none")
    for bins in (1, 4, 8):
        values = []
        for seed in range(seeds):
            train, test, y, wanted = split_digits(seed)
            values.append([digit_model(bins, seed, t_ref).fit(train, y).score(test, wanted) for t_ref in (2 * ms, 0)])
        row(f"{bins} bins", values)


def accuracy_of_words(folder: str, seeds: int) -> None:
    """Print accuracy of spoken digits with and without refractory periods, and deployed."""
    from lsm_sim.datasets import fsdd

    data = fsdd(folder)
    sounds = [[sound for sound, test in zip(data.X, data.split, strict=True) if test == part] for part in (False, True)]
    y, wanted = (np.asarray(data.y)[data.split == part] for part in (False, True))
    print("\nspoken digits, upstream split                   3 ms     none deployed")
    for name, readout, rates in (
        ("rates, softly scaled (as in evaluate)", ridge(soft=True), True),
        ("rates, centred_ridge", "centred_ridge", True),
        ("counts, centred_ridge", "centred_ridge", False),
    ):
        values = []
        for seed in range(seeds):
            one, other = (spoken_model(seed, t, readout, rates=rates).fit(sounds[0], y) for t in (3 * ms, 0))
            own = [one.score(sounds[1], wanted), other.score(sounds[1], wanted)]
            values.append([*own, *([] if rates else [deploy(other, sounds[0]).score(sounds[1], wanted)])])
        row(name, values)


def engines(n_samples: int) -> None:
    """Run test samples on every engine, and compare every spike and every v of the readout."""
    print(f"\n{n_samples} test samples: spikes, v of the readout, seconds")
    for bins in (1, 4):
        train, test, y, _ = split_digits(0)
        made = deploy(digit_model(bins, 0).fit(train, y), train)
        stimulus = made.stimulus(test[:n_samples])
        answers = {}
        for backend in ("reference", "fast", "brian2", "lava"):
            begin = time.perf_counter()
            with compiled(made.program, backend) as runner:
                outcome = runner(stimulus, made.readout.request(stimulus))
            assert outcome.spikes is not None
            spikes, v = answers[backend] = outcome.spikes, made.readout.v(stimulus, outcome)
            alike = spikes == answers["reference"][0] and np.array_equal(v, answers["reference"][1])
            print(
                f"{bins} bins, {backend:10s} {spikes.n_events:8d} {v.size:6d} {'equal' if alike else 'DIFFERENT'} "
                f"{time.perf_counter() - begin:6.1f}",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fsdd", help="folder of the Free Spoken Digit Dataset")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--engines", type=int, default=100, help="number of test samples on all engines; 0: none")
    asked = parser.parse_args()
    if asked.engines:
        engines(asked.engines)
    accuracy_of_digits(asked.seeds)
    if asked.fsdd:
        accuracy_of_words(asked.fsdd, asked.seeds)
