"""Samples at irregular times
==========================

Tell sinusoids of two frequencies apart that are sampled at random times, with cells that know the time between samples and without.

A sinusoid of 5 or 8 Hz has 15 to 75 samples in a second, whatever its frequency. How fast the values change from one sample to the next
depends on both numbers, so that a network which sees only the sequence of values has little to go by. Each cell is trained twice, in
the same way: with the true gaps between samples, and with all gaps equal to one. The first row is a spiking liquid that is not trained
at all: each sample is one spike in the channel of its value, at its true time or at equal distances, and synaptic delays compare values
at different times.

It needs the extra `cells`.
"""

import functools
import sys
import time

import numpy as np

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim_liquid_torch import LTC, CellClassifier, irregular_sinusoids

N_TRAIN, N_TEST, SEED = 600, 600, 1
LEVELS = 10  # channels of spikes, by value
SETTINGS = {"batch_size": 50, "epochs": 40, "patience": 20}
CELLS = {
    "SpikingLiquidCore": CellClassifier("SpikingLiquidCore", learning_rate=1e-2, **SETTINGS),
    "CfC": CellClassifier("CfC", learning_rate=5e-3, **SETTINGS),
    "LiquidTimeStep": CellClassifier("LiquidTimeStep", learning_rate=2e-2, **SETTINGS),
    "LiquidODE": CellClassifier("LiquidODE", learning_rate=1e-2, **SETTINGS),
    "LTC": CellClassifier(
        functools.partial(LTC, unfolds=3), n_neurons=12, learning_rate=2e-2, **SETTINGS
    ),  # it is slow
}


def spikes(X: list, times: list) -> lsm.Spikes:
    """Return one spike per sample of a signal, in the channel of its value."""
    parts = []
    for x, t in zip(X, times, strict=True):
        channel = np.clip((x[:, 0] + 1.2) / 2.4 * LEVELS, 0, LEVELS - 1).astype(int)
        step, channel = np.divmod(np.unique((t / ms).astype(int) * LEVELS + channel), LEVELS)
        parts.append(lsm.Spikes.from_events(step, channel, n_steps=step.max() + 120, n_channels=LEVELS, dt=1 * ms))
    return lsm.Spikes.concatenate(parts)


def equal_distances(times: list) -> list:
    """Return times in place of the true ones, with the mean distance of all of them."""
    gap = np.mean(np.concatenate([np.diff(t) for t in times]))
    return [gap * np.arange(len(t)) for t in times]


def liquid(n_inputs: int, seed: int = 1) -> lsm.Liquid:
    """Return neurons that each see three channels after different delays: they answer to values at certain distances in time."""
    cell = {"tau_m": 10 * ms, "tau_syn": 5 * ms, "t_ref": 2 * ms}
    delay = lsm.Uniform(1 * ms, 120 * ms)
    everyone, sparse = ("exc", "inh"), lsm.FixedProbability(0.05)
    return lsm.Liquid(
        inputs=[lsm.Inputs("levels", n_inputs)],
        neurons=[lsm.Neurons("exc", 320, sign=1, **cell), lsm.Neurons("inh", 80, sign=-1, **cell)],
        synapses=[
            lsm.Synapses("levels", everyone, lsm.FixedInDegree(3), weight=0.6, delay=delay),
            lsm.Synapses("exc", everyone, sparse, weight=0.02, delay=delay),
            lsm.Synapses("inh", everyone, sparse, weight=-0.08, delay=delay),
        ],
        seed=seed,
    )


def with_cell(model: CellClassifier, train: tuple, test: tuple, *, timed: bool) -> float:
    """Return the accuracy of a cell on the test samples."""
    X, times, y = train
    other, other_times, other_y = test
    model.fit(X, y, times if timed else None)
    return model.score(other, other_y, other_times if timed else None)


def with_liquid(train: tuple, test: tuple, *, timed: bool, seed: int = 1) -> float:
    """Return the accuracy of the spiking liquid on the test samples."""
    model = lsm.LiquidClassifier(functools.partial(liquid, seed=seed), lsm.encode.Passthrough(), lsm.Counts(bins=1))
    stimuli = [spikes(X, times if timed else equal_distances(times)) for X, times, _ in (train, test)]
    return model.fit(stimuli[0], train[2]).score(stimuli[1], test[2])


def compare(seed: int, cells: dict, n_train: int = N_TRAIN, n_test: int = N_TEST) -> dict:
    """Return for each cell the accuracy with and without the times, and print it."""
    train, test = (irregular_sinusoids(n, seed=10 * seed + k) for k, n in enumerate((n_train, n_test)))
    rows = {"spiking liquid": functools.partial(with_liquid, train, test, seed=seed)}
    for name, model in cells.items():
        rows[name] = functools.partial(with_cell, model.set_params(random_state=seed), train, test)
    found = {}
    for name, accuracy in rows.items():
        start = time.perf_counter()
        found[name] = accuracy(timed=True), accuracy(timed=False)
        knows, guesses = (f"{100 * share:5.1f} %" for share in found[name])
        print(f"{name:18s} {knows:>9s} {guesses:>14s}   {time.perf_counter() - start:4.0f} s", flush=True)
    return found


if __name__ == "__main__":
    seeds = [int(word) for word in sys.argv[1:]] or [SEED]
    for seed in seeds:
        print(f"seed {seed}: accuracy on {N_TEST} sinusoids, trained on {N_TRAIN}")
        print(f"{'':18s} {'with times':>9s} {'without times':>14s}   training")
        compare(seed, CELLS)
