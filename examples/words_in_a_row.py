"""Words in a row
==============

Remember the first of three spoken words: a liquid whose state holds it while the others are spoken, and one that forgets.

Three words in a row, by one speaker, each one of two words at random. Which came first? The readout sees one moment only: a trace of 30 ms
of the spikes. At the end of the sequence this is all about the last word, which says nothing about the first, unless the network
holds it. Test sequences are of speakers who are not in training. The control is the same liquid without synapses between its neurons.

`words_in_a_row.py [--data FOLDER]`: FOLDER has recordings such as those of the Free Spoken Digit Dataset, see
`lsm_sim.datasets.fsdd`, whose words "zero" and "one" are used; without it, words of two vowels are synthesised.
"""

import argparse

import matplotlib
import numpy as np
from matplotlib import pyplot as plt

import lsm_sim as lsm
from lsm_sim import Hz, ms
from lsm_sim.audio import MelSpectrogram, Recording, spoken_vowels
from lsm_sim.datasets import fsdd, word_sequences
from lsm_sim.learn.controls import without_recurrence

matplotlib.use("Agg")

RATE, FRAME, SEED, N_NEURONS = 8000, 5 * ms, 5, 300
TIMES = tuple(np.round(np.linspace(0.05, 1, 20), 2).tolist())  # fractions of each sequence
TRACE = lsm.Traces(tau=30 * ms, times=TIMES)
WORDS, TESTED = ("ai", "iu"), ("voice 6", "voice 7")


def sequences(folder):
    """Return the sequences, two thirds of them for training."""
    how = {"question": "first", "length": 3, "n_train": 180, "n_test": 80, "seed": SEED}
    if folder is not None:
        found = fsdd(folder)
        return word_sequences(found, words=("zero", "one"), test_speakers=sorted({*found.groups})[-1:], **how)
    rng = np.random.default_rng(SEED)
    voices = {f"voice {k}": (rng.uniform(90, 220), rng.uniform(0.85, 1.15)) for k in range(8)}
    said = [(word, voice) for voice in voices for word in WORDS for _ in range(8)]
    sounds = [Recording(spoken_vowels(word, *voices[voice], rng, RATE), RATE) for word, voice in said]
    words, speakers = zip(*said, strict=True)
    return word_sequences(sounds, words, speakers, test_speakers=TESTED, **how)


def holding(n_inputs):
    """Return a liquid that holds a word: slow synapses, long delays, and recurrence strong enough that activity goes on."""
    long, recurrent = lsm.Uniform(1 * ms, 64 * ms), lsm.Normal(0, 4.5 / (0.1 * N_NEURONS) ** 0.5)
    return lsm.Liquid(
        inputs=[lsm.Inputs("input", n_inputs)],
        neurons=[lsm.Neurons("all", N_NEURONS, tau_m=20 * ms, tau_syn=250 * ms, t_ref=2 * ms, i_bias=0.9 / (20 * ms))],
        synapses=[
            lsm.Synapses("input", "all", lsm.FixedProbability(0.3), lsm.Normal(0, 0.25), long),
            lsm.Synapses("all", "all", lsm.FixedProbability(0.1), recurrent, long),
        ],
        seed=SEED,
    )


def states(liquid, stimulus):
    """Return the traces of the liquid's spikes, shape (sequences, times, neurons), and its spikes."""
    spikes = lsm.run(liquid, stimulus).spikes
    return TRACE.of(spikes).reshape(len(stimulus), len(TIMES), -1), spikes


def remembered(traces, y, train, test):
    """Return how often a readout trained at each moment names the first word, and the score at each moment of the last one."""
    accuracy = []
    for k in range(len(TIMES)):
        readout = lsm.readout.ridge(soft=True).fit(traces[train, k], y[train])
        accuracy.append(np.mean(readout.predict(traces[test, k]) == y[test]))
    scores = np.stack([readout.decision_function(traces[test, k]) for k in range(len(TIMES))], axis=1)
    return np.array(accuracy), scores


def draw(data, b, spikes, found, y, classes):
    """Save a picture: the sound of a sequence, the spikes, the readout's score, and what is remembered at each moment."""
    figure, axes = plt.subplots(4, 1, figsize=(7, 9), sharex=True, layout="constrained")
    sound = data.X[b].samples
    axes[0].plot(np.linspace(0, 1, len(sound)), sound, lw=0.5)
    axes[0].set(ylabel="sound", title=f"first word: {classes[data.y[b]]}")
    one = spikes[[b]]
    axes[1].plot(one.step / one.n_steps[0], one.channel, ",k")
    axes[1].set(ylabel="neuron")
    for label, colour in enumerate(("C0", "C1")):
        own = found["liquid"][1][y == label]
        axes[2].plot(TIMES, own.T, colour, lw=0.3, alpha=0.4)
        axes[2].plot(TIMES, own.mean(axis=0), colour, lw=2, label=f"first word: {classes[label]}")
    axes[2].axhline(0, color="grey", lw=0.5)
    axes[2].set(ylabel="score of the readout\nthat was trained at the end")
    axes[2].legend()
    for name, (accuracy, _) in found.items():
        axes[3].plot(TIMES, 100 * accuracy, label=name)
    axes[3].axhline(50, color="grey", lw=0.5)
    axes[3].set(ylabel="first word named, %", xlabel="fraction of the sequence", ylim=(40, 101))
    axes[3].legend()
    figure.savefig("words_in_a_row.png", dpi=110)


def main(folder):
    data = sequences(folder)
    train, test = np.flatnonzero(~data.split), np.flatnonzero(data.split)
    signals = MelSpectrogram(RATE, pre_emphasis=0.7).fit_transform(data.X)
    rate = lsm.encode.Rate(200 * Hz, power=2, frame=FRAME, interpolation="linear", seed=SEED)
    stimulus = lsm.encode.SideBySide((rate, lsm.encode.Delta(0.08, frame=FRAME)))(signals, 1 * ms)
    liquid = holding(stimulus.n_channels)
    held, spikes = states(liquid, stimulus)
    forgot, _ = states(without_recurrence(liquid), stimulus)
    found = {
        name: remembered(traces, data.y, train, test)
        for name, traces in {"liquid": held, "recurrence off": forgot}.items()
    }
    print(f"{len(train)} training and {len(test)} test sequences, speakers of the test not in training")
    print("which word came first, named from a trace of 30 ms, % right")
    print("fraction of the sequence   " + "".join(f"{t:6.2f}" for t in TIMES[3::4]))
    for name, (accuracy, _) in found.items():
        print(f"{name:<27}" + "".join(f"{100 * value:6.1f}" for value in accuracy[3::4]))
    draw(data, int(test[0]), spikes, found, data.y[test], data.classes)
    print("picture: words_in_a_row.png")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", metavar="FOLDER")
    main(parser.parse_args().data)
