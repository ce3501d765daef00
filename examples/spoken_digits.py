"""Spoken words
============

Spoken words from sound to class: cochleagram, spikes, liquid, readout, with controls and figures of every stage.

`spoken_digits.py FOLDER` reads recordings named digit_speaker_number.wav, such as those of the Free Spoken Digit Dataset
(github.com/Jakobovski/free-spoken-digit-dataset). Without a folder it synthesises words of two vowels each, spoken by voices
with different pitch and vocal tract length; some words have the same two vowels in opposite order.
"""

import sys

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from sklearn.model_selection import GroupShuffleSplit
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.audio import FORMANTS, Cochleagram, Recording, spoken_vowels
from lsm_sim.datasets import fsdd
from lsm_sim.learn.controls import compare

matplotlib.use("Agg")

RATE, SEED = 8000, 5
WORDS = tuple(one + two for one in FORMANTS for two in FORMANTS if one != two)
NOISE = 0.02  # standard deviation of the background noise; the loudest sample of a word is 1


def word(vowels: str, pitch: float, tract: float, rng: np.random.Generator) -> Recording:
    """Return a word of two vowels, with silence around it and background noise."""
    said = spoken_vowels(vowels, pitch, tract, rng, RATE)
    samples = np.concatenate([np.zeros(RATE // 40), said, np.zeros(RATE // 40)])
    samples *= np.sin(np.linspace(0, np.pi, len(samples))) ** 0.5  # fade in and out
    return Recording(samples / np.abs(samples).max() + NOISE * rng.normal(size=len(samples)), RATE)


def voices(rng: np.random.Generator) -> tuple[list[Recording], np.ndarray, np.ndarray]:
    """Return words, their classes and their speakers."""
    speakers = [(rng.uniform(90, 220), rng.uniform(0.8, 1.2)) for _ in range(8)]
    said = [(w, s) for w in range(len(WORDS)) for s in range(len(speakers)) for _ in range(4)]
    sounds = [word(WORDS[w], *speakers[s], rng) for w, s in said]
    return sounds, np.array([w for w, _ in said]), np.array([s for _, s in said])


if len(sys.argv) > 1:
    data = fsdd(sys.argv[1])
    sounds, y, names = data.X, data.y, data.classes
    rate = int(data.sample_rate)
    train, test = np.flatnonzero(~data.split), np.flatnonzero(data.split)
    print(data)
else:
    sounds, y, speakers = voices(np.random.default_rng(SEED))
    names, rate = WORDS, RATE
    train, test = next(GroupShuffleSplit(1, test_size=0.25, random_state=SEED).split(y, groups=speakers))
    print(f"{len(sounds)} words of 8 voices; two of the voices are for testing")

# The pipeline: each part is a scikit-learn step or a dataclass and can be replaced.
front = Cochleagram(rate, n_bands=32, pre_emphasis=0.5)
timing = {"frame": 5 * ms, "interpolation": "linear"}
encoder = lsm.encode.SideBySide(
    (lsm.encode.Rate(200 * Hz, power=2, seed=SEED, **timing), lsm.encode.Delta(0.08, **timing))
)
liquid = models.speech(n_inputs=encoder.n_channels(32), n_neurons=300, seed=SEED)
model = make_pipeline(front, lsm.LiquidClassifier(liquid, encoder, lsm.Counts(bins=5, sqrt=True), scale=None))
result = compare(model, sounds, y, cv=[(train, test)], seeds=(SEED,))
for view, accuracy in result.mean.items():
    print(f"{view:<15} {100 * accuracy:5.1f} %")

# One sound through all stages.
shown = int(test[0])
[loudness] = front.transform([sounds[shown]])
stimulus = encoder([loudness], 1 * ms)
answer = lsm.run(liquid, stimulus).spikes
figure, axes = plt.subplots(4, 1, figsize=(6, 9), sharex=True, layout="constrained", height_ratios=(1, 2, 2, 3))
axes[0].plot(np.arange(len(sounds[shown])) / rate * 1000, sounds[shown].samples, linewidth=0.5)
axes[0].set(ylabel="sound", title=f"“{names[y[shown]]}”")
axes[1].imshow(loudness.T, origin="lower", aspect="auto", extent=(0, len(loudness) * 5, 0, 32), cmap="magma")
axes[1].set(ylabel="band")
axes[2].scatter(stimulus.times() * 1000, stimulus.channel, s=0.4, color="black", linewidths=0)
axes[2].set(ylabel="rate, ON, OFF")
lsm.plot.raster(answer, 0, axes[3], histogram=False)
figure.savefig("stages.png", dpi=150)

# State trajectories for the first four words, and the confusion matrix.
some = np.concatenate([train[y[train] == c][:20] for c in range(4)])
states = lsm.run(liquid, encoder(front.transform([sounds[b] for b in some]), 1 * ms)).spikes
labels = np.array(names)[y]
lsm.plot.trajectories(states, labels[some]).figure.savefig("trajectories.png", dpi=150)
predicted = np.array(names)[result.predictions["liquid"][0]]
lsm.plot.confusion(labels[np.sort(test)], predicted).figure.savefig("confusion.png", dpi=150)
