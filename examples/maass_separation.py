"""The separation property
=======================

The separation property of Maass, Natschlaeger and Markram (2002), figure 2: how far apart two inputs drive a column.

Pairs of Poisson trains of 20 Hz at a given distance go into the column, each from an initial state of its own. The distance of the
two states over time is shown for the column as published and for static synapses with the mean efficacy at 20 Hz.
"""

import dataclasses

import matplotlib
import matplotlib.pyplot as plt
import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms

matplotlib.use("Agg")

DT, N_STEPS, RATE = 0.1 * ms, 10_000, 20.0  # 1 s; the input ends after half of it
KERNEL, TRACE = 5 * ms, 30 * ms
DISTANCES, N_CIRCUITS, N_STATES, N_PAIRS = (0.0, 0.1, 0.2, 0.4), 3, 4, 5


def distance(one, other):
    """Return the root mean square of the difference of two trains (times in s), each spike a Gaussian exp(-(t/5 ms)^2)."""
    time = np.arange(-0.02, 0.52, 1 * ms)
    u, v = (np.exp(-(((time - train[:, None]) / KERNEL) ** 2)).sum(axis=0) for train in (one, other))
    return np.sqrt(((u - v) ** 2).sum() * 1 * ms / 0.5)


def pair(rng, target):
    """Return two trains at a distance: the second is the first, with its spikes moved by as much as that takes."""
    while True:
        u = np.sort(rng.uniform(0, 0.5, rng.poisson(0.5 * RATE)))
        moves = rng.normal(size=u.size)
        low, high = 0.0, 0.05
        if target == 0:
            return u, u
        if u.size and distance(u, np.clip(u + high * moves, 0, 0.499)) > target:
            while high - low > 0.01 * ms:
                middle = (low + high) / 2
                v = np.clip(u + middle * moves, 0, 0.499)
                low, high = (middle, high) if distance(u, v) < target else (low, middle)
            return u, np.sort(v)


def spikes(trains):
    """Return a batch with one train in each sample."""
    samples = [np.zeros((N_STEPS, 1), bool) for _ in trains]
    for dense, train in zip(samples, trains, strict=True):
        dense[(train / DT).astype(int)] = True
    return lsm.Spikes.from_dense(np.stack(samples), DT)


def states(counts):
    """Return spike trains, counted every 10 ms, (samples, times, neurons), low-pass filtered with 30 ms."""
    out, trace = [], np.zeros(counts[:, 0].shape)
    for k in range(counts.shape[1]):
        trace = trace * np.exp(-10 * ms / TRACE) + counts[:, k]
        out.append(trace)
    return np.stack(out, axis=1)


def state_distances(**settings):
    """Return the mean distance of the states of pairs over time, for each input distance; and the mean rates.

    Rates are those during the input, and from 100 ms after its end on.
    """
    found = {d: [] for d in DISTANCES}
    during, after = [], []
    for circuit in range(N_CIRCUITS):
        liquid = models.maass2002(n_inputs=1, seed=circuit, **settings)
        program = lsm.lower(liquid, DT)
        rng = np.random.default_rng(circuit)
        for _ in range(N_STATES):
            trains = {d: [pair(rng, d) for _ in range(N_PAIRS)] for d in DISTANCES}
            halves = []
            for side in (0, 1):
                begin = dataclasses.replace(program, v0=rng.uniform(0, 1.5, program.n_neurons))  # mV above reset
                stimulus = spikes([two[side] for d in DISTANCES for two in trains[d]])
                counts = lsm.run(begin, stimulus, spikes=False, bins=100).counts
                halves.append(states(counts))
                during.append(counts[:, :50].sum(axis=(1, 2)).mean() / program.n_neurons / 0.5)
                after.append(counts[:, 60:].sum(axis=(1, 2)).mean() / program.n_neurons / 0.4)
            apart = np.linalg.norm(halves[0] - halves[1], axis=2).reshape(len(DISTANCES), N_PAIRS, -1)
            for d, values in zip(DISTANCES, apart, strict=True):
                found[d].append(values)
    return {d: np.concatenate(values).mean(axis=0) for d, values in found.items()}, np.mean(during), np.mean(after)


figure, axes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True, layout="constrained")
columns = {
    "dynamic, as published": {"plasticity": "dynamic"},
    "static, efficacy at 20 Hz": {"plasticity": "static"},
    "static, efficacy at rest": {"plasticity": "static", "presynaptic_rate": 0},
}
print(f"{'synapses':<28}{'rate (Hz)':>10}{'after':>8}   state distance at 500 ms for input distances {DISTANCES}")
for (name, settings), ax in zip(columns.items(), [*axes, None], strict=True):
    curves, rate, later = state_distances(**settings)
    at_end = "  ".join(f"{curve[49]:5.2f}" for curve in curves.values())
    print(f"{name:<28}{rate:>10.1f}{later:>8.2f}   {at_end}")
    if ax is None:  # activity that never ends says nothing about the input
        continue
    for d, curve in curves.items():
        ax.plot(10 * (1 + np.arange(curve.size)), curve, label=f"d = {d:g}")
    ax.set(title=name, xlabel="time (ms)", xlim=(0, 1000))
axes[0].set_ylabel("distance of states")
axes[0].legend(frameon=False)
figure.savefig("separation.png", dpi=150)
