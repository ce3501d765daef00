"""Remember through silence
========================

Recall a pattern after ten seconds without a spike: adaptive thresholds, beside slow synapses and noise in the pause.

A sample is one of two patterns, a pause, and one of two queries. A readout that sees only the spikes during the query says which
pattern came first, and whether pattern and query have the same number (XOR, which no linear readout of the two could tell).
"""

import warnings

import matplotlib
import numpy as np

import lsm_sim as lsm
from lsm_sim import Hz, ms, second
from lsm_sim.datasets import spike_templates
from lsm_sim.learn.readout import ridge

matplotlib.use("Agg")
from matplotlib import pyplot as plt

CHANNELS, N_NEURONS, N_TRAIN, N_TEST, SEEDS = 8, 300, 400, 200, (0, 1)
PATTERN, QUERY = 250 * ms, lsm.Counts(bins=5)
DT = 2.5 * ms  # in steps of this length the slowest decay that Loihi has, 1/4096 per step, takes 10.2 s
ADAPTIVE = {"tau_adapt": 10 * second, "adapt_step": 0.1}  # a spike raises the threshold of 1 by 0.1


def liquid(seed, *, weight=2.0, tau_syn=20 * ms, **neurons):
    """Return neurons without synapses between them: all memory is in the neurons or in their input synapses."""
    cell = {"tau_m": 20 * ms, "tau_syn": tau_syn, "t_ref": 2 * ms, **neurons}
    entry = lsm.Synapses(
        "input", "all", lsm.FixedProbability(0.5), lsm.Normal(0, weight), delay=lsm.Uniform(DT, 64 * ms)
    )
    return lsm.Liquid([lsm.Inputs("input", CHANNELS)], [lsm.Neurons("all", N_NEURONS, **cell)], [entry], seed)


def task(pause, noise, seed):
    """Return samples, and the numbers of their patterns and queries."""
    data = spike_templates(N_TRAIN + N_TEST, segments=2, channels=CHANNELS, duration=PATTERN, dt=DT, seed=seed)
    level = np.full((round(pause / DT), CHANNELS), noise / (20 * Hz))
    between = lsm.encode.poisson(level, max_rate=20 * Hz, seed=seed, trials=len(data.X), dt=DT)
    parts = [data.X.crop(0, PATTERN), between, data.X.crop(PATTERN)]
    return lsm.Spikes.concatenate(parts, along="time"), data.y


def measured(network, pause, noise, seed):
    """Return the accuracy for the pattern and for XOR, in per cent, and the mean rate over the sample, in Hz."""
    stimulus, y = task(pause, noise, seed)
    if network.get("arithmetic") == "loihi":
        network = {name: value for name, value in network.items() if name != "arithmetic"}
        network = lsm.quantise(liquid(seed, **network), stimulus[:5]).program
    else:
        network = liquid(seed, **network)
    spikes = lsm.run(network, stimulus).spikes
    X = QUERY.of(spikes.crop(PATTERN + pause))
    scores = []
    for target in (y[:, 0], y[:, 0] ^ y[:, 1]):
        readout = ridge().fit(X[:N_TRAIN], target[:N_TRAIN])
        scores.append(100 * readout.score(X[N_TRAIN:], target[N_TRAIN:]))
    return *scores, spikes.rates().mean()


warnings.filterwarnings("ignore", "Neurons 'all' tau_syn", lsm.LsmWarning)  # 10 s is meant
ROWS = {
    "adaptive thresholds, 10 s": (ADAPTIVE, 0),
    "  in Loihi's integers": (ADAPTIVE | {"arithmetic": "loihi"}, 0),
    "  noise of 1 Hz in the pause": (ADAPTIVE, 1 * Hz),
    "  noise of 20 Hz": (ADAPTIVE, 20 * Hz),
    "constant thresholds": ({}, 0),
    "slow synapses, 1 s, ten times the weights": ({"tau_syn": 1 * second, "weight": 20.0}, 0),
    "slow synapses, 10 s, ten times the weights": ({"tau_syn": 10 * second, "weight": 20.0}, 0),
}

print(f"{'pattern, XOR with the query (%), rate (Hz)':<44}{'after 3 s':>20}{'after 10 s':>22}")
for name, (network, noise) in ROWS.items():
    cells = []
    for pause in (3 * second, 10 * second):
        past, xor, rate = np.mean([measured(network, pause, noise, seed) for seed in SEEDS], axis=0)
        cells.append(f"{past:8.1f}{xor:7.1f}{rate:7.2f}")
    print(f"{name:<44}{cells[0]}{cells[1]}", flush=True)

stimulus, _ = task(3 * second, 0, SEEDS[0])
result = lsm.run(liquid(SEEDS[0], **ADAPTIVE), stimulus[:1], record={"all": "w"})
figure, (top, below) = plt.subplots(2, 1, sharex=True, figsize=(7, 5), layout="constrained")
lsm.plot.raster(result.spikes, ax=top, histogram=False, unit="s")
raised = result.traces["w"]["all"]
below.plot(raised.times[0], 1 + raised.values[0][:, ::10], linewidth=0.7)
below.set(xlabel="time (s)", ylabel="threshold", title="thresholds of every tenth neuron")
figure.savefig("silent_memory.png", dpi=150)
