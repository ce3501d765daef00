"""Recognise words while they play
===============================

Recognise words while they play: a stream of words with pauses, from a wav file, piece by piece.

A model is trained on single words. Then it listens to a stream of words of other voices, 10 ms at a time, and has an answer after each
piece. A word has ended when the sound has been quiet for 80 ms; the answer at that time counts, and it has settled when it no
longer changes. The control is the same readout of the encoder's spikes, without a liquid. Settings were chosen with other seeds, 100
to 102.

`spoken_word_stream.py [--pace] [FOLDER]`: with --pace the file is read at its own pace, as a microphone would be, otherwise as fast as
possible. FOLDER has recordings such as those of the Free Spoken Digit Dataset, see `lsm_sim.datasets.fsdd`, of speakers who are also in
training; without it, words of two vowels are synthesised.
"""

import argparse
import time

import matplotlib
import numpy as np
from matplotlib import pyplot as plt
from scipy.io import wavfile
from sklearn.pipeline import make_pipeline

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms
from lsm_sim.audio import FORMANTS, MelSpectrogram, spoken_vowels
from lsm_sim.datasets import fsdd
from lsm_sim.live import WavSource

matplotlib.use("Agg")

RATE, PIECE = 8000, 10 * ms
N = round(RATE * PIECE)  # samples in a piece
WINDOW = 0.45  # s, on which an answer depends, and the length of training samples
MEL = 25 * ms  # window of a spectrum
LOUD, QUIET = 0.06, 80 * ms  # a word ends after so long without a piece whose root mean square exceeds LOUD
NOISE = 0.01  # standard deviation of the background noise; the loudest sample of a word is 1
SEED, N_NEURONS, N_TABLE, N_PICTURE = 5, 600, 16, 5
WORDS = tuple(one + two for one in FORMANTS for two in FORMANTS if one != two)


def word(vowels, pitch, tract, rng):
    """Return a word of two vowels, faded in and out."""
    samples = spoken_vowels(vowels, pitch, tract, rng, RATE)
    return samples * np.sin(np.linspace(0, np.pi, len(samples))) ** 0.5  # fade in and out


def voices(n_voices, repeats, rng):
    """Return words of some new voices, and which words they are."""
    speakers = [(rng.uniform(90, 220), rng.uniform(0.8, 1.2)) for _ in range(n_voices)]
    said = [(w, speaker) for w in range(len(WORDS)) for speaker in speakers for _ in range(repeats)]
    return [word(WORDS[w], *speaker, rng) for w, speaker in said], np.array([w for w, _ in said])


def data(folder, rng):
    """Return sounds and labels for training, sounds and labels of the stream, and the names of the words."""
    if folder is None:
        return *voices(8, 4, rng), *voices(2, 4, rng), WORDS
    found = fsdd(folder)
    train, test = np.flatnonzero(~found.split), np.flatnonzero(found.split)
    sounds = [recording.samples for recording in found.X]
    return [sounds[b] for b in train], found.y[train], [sounds[b] for b in test], found.y[test], found.classes


def spoken(sounds, rng):
    """Return sounds one after the other with pauses and background noise, and the samples at which each begins and ends."""
    parts, times, now = [], [], 0
    for sound in sounds:
        pause = int(rng.uniform(0.3, 0.6) * RATE)
        times.append((now + pause, now + pause + len(sound)))
        parts += [np.zeros(pause), sound / np.abs(sound).max()]
        now = times[-1][1]
    samples = np.concatenate([*parts, np.zeros(int(0.3 * RATE))])
    return np.clip(samples + NOISE * rng.normal(size=len(samples)), -1, 1), np.array(times)


class Ends:
    """Finds the ends of words."""

    def __init__(self):
        self.quiet = None  # seconds since the last loud piece; None: there was none since the last end

    def found(self, piece):
        """Return whether a word has ended with this piece, (samples,)."""
        if np.sqrt(np.mean(piece**2)) > LOUD:
            self.quiet = 0.0
        elif self.quiet is not None:
            self.quiet += PIECE
        if self.quiet is None or self.quiet < QUIET - PIECE / 2:
            return False
        self.quiet = None
        return True


def end_of_each_word(stops, times):
    """Return the first end found after each word began, as its place in ``stops``; None if the next word begins before."""
    nexts = [*times[1:, 0], np.inf]
    places = np.searchsorted(stops, times[:, 0])
    return [int(k) if k < len(stops) and stops[k] < new else None for k, new in zip(places, nexts, strict=True)]


def single_words(samples, times, labels):
    """Return the sound before the end of each word, as long as the window, and the labels."""
    ends, length = Ends(), round(RATE * (WINDOW + MEL - PIECE))
    stops = np.array([k + N for k in range(0, len(samples) - N + 1, N) if ends.found(samples[k : k + N])])
    found = [
        (stops[k], label) for k, label in zip(end_of_each_word(stops, times), labels, strict=True) if k is not None
    ]
    return [samples[stop - length : stop] for stop, _ in found], np.array([label for _, label in found])


def trained(X, y, seed, n_neurons=N_NEURONS):
    """Return the pipeline, trained on single words."""
    front = MelSpectrogram(RATE, window=MEL, hop=PIECE)
    front.set_params(reference=front.loudest(X))
    model = lsm.LiquidClassifier(
        lambda n: models.speech(n_inputs=n, n_neurons=n_neurons, seed=seed),
        lsm.encode.Rate(200 * Hz, power=2, frame=PIECE, seed=seed),
        lsm.Counts(bins=5, sqrt=True),
        scale=None,
    )
    return make_pipeline(front, model).fit(X, y)


class EncoderAlone:
    """The control: the same features and readout of the spikes that enter the liquid."""

    def __init__(self, pipeline, X, y):
        front, transformer = pipeline[0], pipeline[-1].transformer_
        spikes = transformer.encode(front.transform(X))
        self.readout = lsm.readout.ridge().fit(transformer.features_.of(spikes), y)
        self.mel = front.stream()
        self.encoder = transformer.encoder_.stream(front.n_bands, transformer.dt)
        self.features = transformer.features_.stream(spikes.n_channels, transformer.dt, round(WINDOW / transformer.dt))

    def advance(self, piece):
        frames = self.mel.advance(piece)
        if len(frames):
            self.features.advance(self.encoder.advance(frames))

    def predict(self):
        return self.readout.predict(self.features.now()[None])[0]


def listen(source, pipeline, control):
    """Return what was found after each piece of the source: answers, those of the control, scores, spikes, times, ends."""
    ends, out = Ends(), {name: [] for name in ("liquid", "encoder", "scores", "spikes", "seconds", "stops")}
    with lsm.open(pipeline, window=WINDOW) as live:
        for k, chunk in enumerate(source):
            piece = chunk[:, 0]
            begin = time.perf_counter()
            spikes = live.advance(piece)  # None: the first spectrum needs more than one piece
            answer = live.predict() if live.n_steps else None
            out["seconds"].append(time.perf_counter() - begin)
            control.advance(piece)
            out["liquid"].append(answer)
            out["encoder"].append(control.predict() if live.n_steps else None)
            out["scores"].append(live.decision_function() if live.n_steps else None)
            out["spikes"].append(spikes)
            if ends.found(piece):
                out["stops"].append((k + 1) * N)
    return out


def settled(answers, last):
    """Return the number of the piece since which the answer is that of piece ``last``."""
    return next((k + 1 for k in range(last, -1, -1) if answers[k] != answers[last]), 0)


def judged(out, times, labels):
    """Return for each word whether the liquid was right, whether the encoder was, its answer, and when that settled."""
    places = end_of_each_word(np.array(out["stops"]), times)
    rows = []
    for place, label in zip(places, labels, strict=True):
        if place is None:
            rows.append((False, False, None, np.nan))
            continue
        last = out["stops"][place] // N - 1
        answer = out["liquid"][last]
        since = (settled(out["liquid"], last) + 1) * PIECE
        rows.append((bool(answer == label), bool(out["encoder"][last] == label), int(answer), since))
    return rows


def show(rows, times, labels, names, out):
    """Print what was heard, word by word, and altogether."""
    print("word    begins at  lasts      answer  settled after")
    for (right, _, answer, since), (begin, end), label in list(zip(rows, times / RATE, labels, strict=True))[:N_TABLE]:
        heard = "no end found" if answer is None else f"{names[answer]:<8}{1000 * (since - begin):4.0f} ms"
        print(f"{names[label]:<8}{begin:7.2f} s {1000 * (end - begin):5.0f} ms   {heard}{'' if right else '   wrong'}")
    print(f"... {len(rows)} words, {len(out['stops'])} ends found")
    early = [end - since for (right, _, _, since), end in zip(rows, times[:, 1] / RATE, strict=True) if right]
    liquid, encoder = (100 * np.mean([row[k] for row in rows]) for k in (0, 1))
    print(f"right: liquid {liquid:.1f} %, encoder alone {encoder:.1f} %, by chance {100 / len(names):.1f} %")
    print(f"half of the right answers settled {1000 * np.median(early):.0f} ms or more before the word ended")
    median, most, largest = 1000 * np.array([*np.percentile(out["seconds"], [50, 99]), max(out["seconds"])])
    print(f"10 ms of sound to the answer: median {median:.2f} ms, 99 % {most:.2f} ms, largest {largest:.2f} ms")


def draw(samples, times, labels, names, out):
    """Save a picture of the first words: the sound, the liquid's spikes, and the scores."""
    stop = min(len(samples), int(times[:N_PICTURE, 1][-1] + 0.3 * RATE)) // N
    begun = next(k for k, spikes in enumerate(out["spikes"]) if spikes is not None)
    spikes = lsm.Spikes.concatenate(out["spikes"][begun:stop], along="time")
    figure, axes = plt.subplots(3, 1, figsize=(8, 6), sharex=True, layout="constrained", height_ratios=(1, 2, 2))
    axes[0].plot(np.arange(stop * N) / RATE, samples[: stop * N], linewidth=0.4)
    for (begin, _), label in zip(times[:N_PICTURE] / RATE, labels, strict=False):
        axes[0].annotate(names[label], (begin, 0.75))
    axes[0].set(ylabel="sound", ylim=(-1, 1.1))
    axes[1].scatter(begun * PIECE + spikes.times(), spikes.channel, s=0.3, color="black", linewidths=0)
    axes[1].set(ylabel="neuron")
    scores, moments = np.array(out["scores"][begun:stop]), (np.arange(begun, stop) + 1) * PIECE
    axes[2].plot(moments, scores, color="lightgrey", linewidth=0.8)
    for c in dict.fromkeys(labels[:N_PICTURE]):
        axes[2].plot(moments, scores[:, c], linewidth=1, label=names[c])
    for ax in axes:
        for end in (e for e in out["stops"] if e <= stop * N):
            ax.axvline(end / RATE, color="black", linewidth=0.5, linestyle=":")
    axes[2].set(xlabel="time (s); dotted: the word has ended", ylabel="score")
    axes[2].legend(fontsize=8, ncols=N_PICTURE, loc="lower left")
    figure.savefig("spoken_word_stream.png", dpi=150)


def prepared(folder, seed):
    """Return the trained pipeline, the control, the sound of the stream, its times and labels, and the names of the words."""
    rng = np.random.default_rng(seed)
    sounds, y, new_sounds, new_y, names = data(folder, rng)
    shuffled, new_shuffled = rng.permutation(len(y)), rng.permutation(len(new_y))
    samples, times = spoken([sounds[b] for b in shuffled], rng)
    X, y = single_words(samples, times, y[shuffled])
    pipeline = trained(X, y, seed)
    samples, times = spoken([new_sounds[b] for b in new_shuffled], rng)
    return pipeline, EncoderAlone(pipeline, X, y), samples, times, new_y[new_shuffled], names


def main():
    parser = argparse.ArgumentParser(description="Recognise words while they play.")
    parser.add_argument("folder", nargs="?")
    parser.add_argument("--pace", action="store_true")
    asked = parser.parse_args()
    pipeline, control, samples, times, labels, names = prepared(asked.folder, SEED)
    wavfile.write("stream.wav", RATE, np.rint(32767 * samples).astype(np.int16))
    source = WavSource("stream.wav", chunk=PIECE, pace=asked.pace)
    print(f"stream.wav: {len(labels)} words in {len(samples) / RATE:.0f} s of sound")
    out = listen(source, pipeline, control)
    show(judged(out, times, labels), times, labels, names, out)
    if asked.pace:
        print(f"{source.n_late} of {len(out['seconds'])} pieces were late, at most {1000 * source.worst_delay:.1f} ms")
    draw(samples, times, labels, names, out)


if __name__ == "__main__":
    main()
