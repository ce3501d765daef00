"""Memory capacity with adaptive thresholds, and what Loihi's integers change of a memory task with them.

.venv/bin/python benchmarks/adaptation.py
"""

from __future__ import annotations

import dataclasses

import numpy as np
from mechanisms import capacity, classified, rate_of, run, with_memory
from threadpoolctl import threadpool_limits

import lsm_sim as lsm
from lsm_sim import ms
from lsm_sim.apps.evaluate.settings_others import recalling
from lsm_sim.datasets import spike_templates
from lsm_sim.simulate import rescale

FAST = {"tau_adapt": 20 * ms, "adapt_step": 0.1}


def changed(liquid, **neurons):
    """Return the liquid with other parameters of its neurons."""
    return dataclasses.replace(liquid, neurons=[dataclasses.replace(group, **neurons) for group in liquid.neurons])


def memory_capacity(seeds):
    """Print the memory capacity of 500 neurons up to 60 lags, at 5 steps per sample."""
    networks = {
        "plain": with_memory,
        "adaptive thresholds": lambda n, seed: changed(with_memory(n, seed), **FAST),
        "  recurrence off": lambda n, seed: rescale.scale(changed(with_memory(n, seed), **FAST), 0.0, "recurrent"),
        "plain, recurrence x 0.7": lambda n, seed: rescale.scale(with_memory(n, seed), 0.7, "recurrent"),
        "adaptive, recurrence x 1.4": lambda n, seed: rescale.scale(
            changed(with_memory(n, seed), **FAST), 1.4, "recurrent"
        ),
        "plain, t_ref 2 ms": lambda n, seed: changed(with_memory(n, seed), t_ref=2 * ms),
    }
    for name, network in networks.items():
        found = [capacity(network(500, seed), seed, n_train=4000, n_test=2000, n_lags=60) for seed in seeds]
        (mean, rate), sd = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)[0]
        print(f"memory capacity  {name:<27}{mean:7.2f} ± {sd:.2f} at {rate:.0f} Hz", flush=True)


def in_integers(seeds):
    """Print the accuracy for the first of four templates, and for XOR of the first and the last, in both arithmetics."""
    for name, neurons in {"plain": {}, "adaptive thresholds": FAST}.items():
        found = []
        for seed in seeds:
            data = spike_templates(1200, segments=4, channels=8, seed=seed)
            train, first, last = np.arange(1200) < 600, data.y[:, 0], data.y[:, 3]
            exact = lsm.lower(changed(recalling(8, 300, seed), **neurons), data.X.dt)
            for program in (exact, lsm.quantise(exact, data.X[:100]).program):
                spikes = run(program, data.X)
                X = lsm.Traces(30 * ms).of(spikes)
                found.append([*(classified(X, y, train) for y in (first, first ^ last)), rate_of(spikes)])
        for arithmetic, values in zip(("float64", "loihi"), (found[::2], found[1::2]), strict=True):
            one, xor, rate = np.mean(values, axis=0)
            line = f"first template {one:.1f} %, XOR with the last {xor:.1f} % at {rate:.0f} Hz"
            print(f"{name:<20}{arithmetic:<8}{line}", flush=True)


if __name__ == "__main__":
    with threadpool_limits(1):
        memory_capacity((0, 1, 2))
        in_integers(range(5))
