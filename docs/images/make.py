"""Draw the pictures of the pages: python docs/images/make.py [NAME ...]; training and cells need PyTorch."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")

import numpy as np
from matplotlib import pyplot as plt

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import Hz, ms

HERE = Path(__file__).parent
PULSES = ((300, 340, 0.9), (560, 600, 0.6), (620, 660, 0.6), (800, 900, 0.5))  # begin and end in ms, height
BLUE, ORANGE, GREY = "#0072B2", "#D55E00", "#888888"


def balanced() -> lsm.Liquid:
    """Return a balanced network of 800 excitatory and 200 inhibitory neurons."""
    noise = lsm.Normal(0.4, 0.2)
    return lsm.Liquid(
        [lsm.Inputs("in", 100)],
        [
            lsm.Neurons("exc", 800, tau_m=20 * ms, tau_syn=5 * ms, t_ref=3 * ms, v_rest=noise, sign=1),
            lsm.Neurons("inh", 200, tau_m=10 * ms, tau_syn=5 * ms, t_ref=2 * ms, v_rest=noise, sign=-1),
        ],
        [
            lsm.Synapses("in", ("exc", "inh"), lsm.FixedProbability(0.2), weight=lsm.Gamma(0.12, shape=2)),
            lsm.Synapses(
                "exc", ("exc", "inh"), lsm.FixedProbability(0.1), weight=lsm.Gamma(0.06, shape=2), delay=2 * ms
            ),
            lsm.Synapses(
                "inh", ("exc", "inh"), lsm.FixedProbability(0.1), weight=-lsm.Gamma(0.4, shape=2), delay=1 * ms
            ),
        ],
        seed=7,
    )


@functools.cache
def driven() -> lsm.Result:
    """Return the balanced network's answer to pulses."""
    signal = np.full((1000, 100), 0.1)  # every millisecond, 100 channels
    for begin, end, height in PULSES:
        signal[begin:end] += height
    stimulus = lsm.encode.poisson([signal], max_rate=75 * Hz, dt=1 * ms, seed=1)
    return lsm.run(balanced(), stimulus, record={"exc": lsm.Record("v", neurons=[0, 1, 2])})


def raster() -> Any:
    """Draw the spikes of a driven network."""
    figure, ax = plt.subplots(figsize=(7, 3.2), layout="constrained")
    lsm.plot.raster(driven().spikes, ax=ax, bin_width=10 * ms)
    return figure


def running() -> Any:
    """Draw membranes of the same run."""
    figure, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    lsm.plot.traces(driven(), "exc", ax=ax)
    return figure


def description() -> Any:
    """Draw the neurons of a column and some of its synapses."""
    figure = plt.figure(figsize=(5, 4), layout="constrained")
    lsm.plot.column(models.speech(n_inputs=4, n_neurons=300, seed=1), ax=figure.add_subplot(projection="3d"))
    return figure


def ready_made() -> Any:
    """Draw what ready-made liquids do with the same input."""
    stimulus = lsm.encode.poisson([np.full((300, 8), 0.5)], max_rate=100 * Hz, dt=1 * ms, seed=1)
    some = {
        "random_ei": models.random_ei(n_inputs=8, n_neurons=200, input_weight=0.8, seed=1),
        "small_world": models.small_world(n_inputs=8, n_neurons=200, seed=1),
        "speech": models.speech(n_inputs=8, n_neurons=200, seed=1),
        "elsm": models.elsm(n_inputs=8, n_neurons=200, seed=1),
    }
    figure, axes = plt.subplots(2, 2, figsize=(7, 4.4), sharex=True, layout="constrained")
    for ax, (name, liquid) in zip(axes.flat, some.items(), strict=True):
        spikes = lsm.run(liquid, stimulus).spikes
        lsm.plot.raster(spikes, ax=ax, histogram=False)
        ax.set_title(f"{name}, {spikes.rates().mean():.0f} Hz", fontsize=9)
        if ax.get_legend():
            ax.get_legend().remove()
    return figure


def mechanisms() -> Any:
    """Draw an adapting neuron, and depressing and facilitating synapses."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(7.5, 2.8), layout="constrained")
    for name, adapt, colour in (("constant", {}, GREY), ("adaptive", {"tau_adapt": 200 * ms, "adapt_step": 0.3}, BLUE)):
        one = lsm.Neurons("n", 1, tau_m=20 * ms, i_bias=100.0, **adapt)
        quiet = lsm.Spikes.from_dense([np.zeros((400, 1))], 1 * ms)
        found = lsm.run(lsm.Liquid([lsm.Inputs("in", 1)], [one], [lsm.Synapses("in", "n", lsm.AllToAll(), 0.1)]), quiet)
        times = 1000 * np.concatenate(found.spikes.trains(0))
        left.plot(times[1:], 1000 / np.diff(times), "o-", markersize=3, color=colour, label=f"{name} threshold")
    left.set(xlabel="time (ms)", ylabel="rate (Hz)", ylim=(0, None))
    left.legend(fontsize=8)
    kinds = (
        ("depressing", lsm.TsodyksMarkram(0.5, 0.4), ORANGE),
        ("facilitating", lsm.TsodyksMarkram(0.1, 0.02, 0.5), BLUE),
    )
    for name, plasticity, colour in kinds:
        at = np.arange(10) * 0.05
        u, r, last, efficacy = plasticity.U, 1.0, None, []
        for time in at:  # the equations of TsodyksMarkram, spike by spike
            if last is not None:
                r = 1 - (1 - r * (1 - u)) * np.exp(-(time - last) / plasticity.tau_rec)
                if plasticity.tau_facil:
                    u = plasticity.U + u * (1 - plasticity.U) * np.exp(-(time - last) / plasticity.tau_facil)
            efficacy.append(u * r)
            last = time
        right.plot(1000 * at, efficacy, "o-", markersize=3, color=colour, label=name)
    right.set(xlabel="time (ms), spikes at 20 Hz", ylabel="efficacy", ylim=(0, None))
    right.legend(fontsize=8)
    return figure


def sound() -> Any:
    """Draw a word as sound, as frequency bands, and as spikes."""
    said = lsm.audio.spoken_vowels("ai", 120.0, 1.0, np.random.default_rng(1), 8000)
    recording = lsm.audio.Recording(said / np.abs(said).max(), 8000)
    [bands] = lsm.audio.Cochleagram(8000, n_bands=32).fit_transform([recording])
    spikes = lsm.encode.Rate(200 * Hz, power=2, frame=5 * ms)([bands], 1 * ms)
    figure, axes = plt.subplots(3, 1, figsize=(7, 4.4), sharex=True, layout="constrained")
    axes[0].plot(np.arange(len(recording.samples)) / 8, recording.samples, linewidth=0.4, color=BLUE)
    axes[1].imshow(bands.T, origin="lower", aspect="auto", extent=(0, 5 * len(bands), 0, 32), cmap="magma")
    axes[2].scatter(1000 * spikes.times(), spikes.channel, s=0.6, color="black", linewidths=0)
    axes[0].set_ylabel("sound")
    axes[1].set_ylabel("band")
    axes[2].set(ylabel="channel", xlabel="time (ms)")
    return figure


def data_sets() -> Any:
    """Draw one sample of three data sets."""
    figure, axes = plt.subplots(1, 3, figsize=(7.5, 2.4), layout="constrained")
    digits = lsm.datasets.digits()
    axes[0].imshow(np.asarray(digits.X[3]).reshape(8, 8), cmap="Greys")
    axes[0].set_title("digits", fontsize=9)
    axes[1].plot(lsm.datasets.mackey_glass(400, seed=1), color=BLUE, linewidth=1)
    axes[1].set_title("mackey_glass", fontsize=9)
    templates = lsm.datasets.spike_templates(2, seed=1)
    shown = templates.X[0]
    axes[2].scatter(1000 * shown.times(), shown.channel, s=2, color="black")
    axes[2].set(title="spike_templates", xlabel="time (ms)")
    axes[2].title.set_fontsize(9)
    return figure


def forecasting() -> Any:
    """Draw a forecast of Mackey-Glass 84 steps ahead."""
    series = lsm.datasets.mackey_glass(2600, seed=1)
    model = lsm.LiquidForecaster(functools.partial(models.forecasting, n_neurons=150), horizon=84, washout=200)
    ahead = model.fit(series[:2000]).predict(series)
    figure, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
    shown = np.arange(2100, 2500)
    ax.plot(shown, np.ravel(series)[shown], color="black", linewidth=1, label="series")
    ax.plot(shown, np.ravel(ahead)[shown - 84], color=BLUE, linewidth=1, label="forecast 84 samples before")
    ax.set(xlabel="sample", ylabel="x")
    ax.legend(fontsize=8, loc="upper right")
    return figure


def streaming() -> Any:
    """Draw the scores of a model while a sample plays."""
    rng = np.random.default_rng(0)
    y = np.arange(90) % 3
    X = 0.4 * rng.random((90, 12, 3)) + 0.6 * np.eye(3)[y][:, None] * (np.arange(12) > 3)[:, None]
    model = lsm.LiquidClassifier(models.speech(n_inputs=3, n_neurons=80), features=lsm.Counts(1)).fit(X[:80], y[:80])
    scores = []
    with model.open() as live:
        for frame in X[84]:
            live.advance(frame)
            scores.append(live.decision_function())
    figure, ax = plt.subplots(figsize=(7, 2.4), layout="constrained")
    for label, line in enumerate(np.squeeze(np.array(scores)).T):
        ax.plot(np.arange(1, 13), line, "o-", markersize=3, label=f"class {label}")
    ax.set(xlabel="frames heard", ylabel="score")
    ax.legend(fontsize=8)
    return figure


def cores() -> Any:
    """Draw how many messages travel between the cores of a chip."""
    from lsm_sim.deploy.mapping import map_program

    program, _ = lsm.quantise(lsm.lower(models.speech(n_inputs=8, n_neurons=400, t_ref=0.0, seed=1), 1 * ms))
    found = map_program(program, neurons_per_core=50)
    core = found.core
    matrix = np.zeros((core.max() + 1, core.max() + 1))
    source = np.repeat(np.arange(len(program.indptr) - 1), np.diff(program.indptr)) - program.n_inputs
    inside = source >= 0
    np.add.at(matrix, (core[source[inside]], core[program.post[inside]]), 1)
    figure, ax = plt.subplots(figsize=(4.6, 3.6), layout="constrained")
    image = ax.imshow(matrix, cmap="Blues")
    figure.colorbar(image, label="synapses")
    ax.set(xlabel="to core", ylabel="from core")
    return figure


def memory() -> Any:
    """Draw how well each past sample is recovered, with recurrence and without."""
    from lsm_sim.encode import Bits

    series = np.random.default_rng(1).random(3000)
    figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
    for name, strength, colour in (("liquid of 150 neurons", 1.5, BLUE), ("recurrence off", 0.0, GREY)):
        liquid = models.memory(n_inputs=12, n_neurons=150, recurrent_weight=strength, seed=1)
        model = lsm.LiquidForecaster(liquid, Bits(12), taus=(0.7, 3.0), with_encoder=False, progress=False)
        found = lsm.measures.memory_capacity(model.prepare(series).features(series), series, n_lags=30, delay_horizon=8)
        ax.plot(
            np.arange(1, 31),
            found.profile,
            "o-",
            markersize=3,
            color=colour,
            label=f"{name}, {found.capacity:.1f} samples",
        )
    ax.axvline(8, color="black", linewidth=0.8, linestyle=":")
    ax.set(xlabel="samples ago; dotted: the longest delay", ylabel="squared correlation", ylim=(0, 1))
    ax.legend(fontsize=8)
    return figure


def performance() -> Any:
    """Draw the ratios of the page on performance: W, per core, from boolean arrays to counts."""
    ratios = {"Brian2, loop": 68, "Brian2, one run": 26, "one run of replicas": 22, "standalone": 21}
    figure, ax = plt.subplots(figsize=(7, 2), layout="constrained")
    bars = ax.barh(list(ratios)[::-1], list(ratios.values())[::-1], color=BLUE)
    ax.bar_label(bars, padding=3)
    ax.set(xlabel="times as fast as", xlim=(0, 78))
    return figure


def speech() -> Any:
    """Draw the first rows of the page on speech: accuracy of the liquid for known speakers."""
    rows = ("clean", "silence", "tilt +6", "tilt -6", "telephone", "noise 10 dB")
    usual, robust = (99.0, 72.0, 75.0, 87.5, 93.5, 68.0), (98.0, 98.0, 96.5, 97.5, 99.0, 87.5)
    figure, ax = plt.subplots(figsize=(7, 2.6), layout="constrained")
    at = np.arange(len(rows))
    ax.bar(at - 0.2, usual, 0.38, color=GREY, label="default front end")
    ax.bar(at + 0.2, robust, 0.38, color=BLUE, label="--robust")
    ax.set_xticks(at, rows)
    ax.set(ylabel="accuracy (%)", ylim=(50, 100))
    ax.legend(fontsize=8, loc="lower left")
    return figure


def searching() -> Any:
    """Draw a search for liquids that tell digits apart with few spikes: the trials in order, and the Pareto front."""
    from lsm_sim import search
    from lsm_sim.datasets import digits

    data = digits()
    model = lsm.LiquidClassifier(
        models.random_ei(n_inputs=8, n_neurons=60, seed=1), lsm.encode.Rate(200 * Hz, frame=10 * ms), scale=None
    )
    space = {
        "encoder__max_rate": search.Range(20 * Hz, 300 * Hz, log=True),
        "liquid__neurons__exc__tau_m": search.Range(5 * ms, 80 * ms, log=True),
        "features__bins": [1, 2, 4],
    }
    objectives = ["accuracy", "spikes"]
    found = search.optimise(
        model, data.X[:400], data.y[:400], space, n_trials=60, cv=3, objectives=objectives, seed=1, progress=False
    )
    figure, (left, right) = plt.subplots(1, 2, figsize=(7, 2.6), layout="constrained")
    found.plot_history(left)
    found.plot_front(right)
    return figure


def training() -> Any:
    """Draw the spikes of a liquid before and after training, and its accuracy while it is trained."""
    from sklearn.model_selection import train_test_split

    from lsm_sim_torch import TrainedLiquidClassifier

    data = lsm.datasets.digits()
    X, other, y, other_y = train_test_split(np.array(data.X), data.y, test_size=360, stratify=data.y, random_state=1)
    parts = (
        functools.partial(models.speech, n_neurons=32, t_ref=0.0, seed=1),
        lsm.encode.Rate(300 * Hz, frame=10 * ms),
    )
    how = {"scale": "global", "progress": False}
    alone = lsm.LiquidClassifier(*parts, lsm.Counts(bins=4), "logistic", **how).fit(X, y)
    trained = TrainedLiquidClassifier(*parts, lsm.Counts(bins=4), patience=12, random_state=1, **how).fit(X, y)
    figure, axes = plt.subplots(1, 3, figsize=(8, 2.7), layout="constrained", width_ratios=(1, 1, 1.3))
    for ax, model, name in ((axes[0], alone, "readout alone"), (axes[1], trained.classifier_, "trained")):
        [spikes] = [lsm.run(model.transformer_.program_, model.transformer_.encode(other[:1])).spikes]
        ax.scatter(1000 * spikes.times(), spikes.channel, s=3, color="black", linewidths=0)
        ax.set(xlabel="time (ms)", xlim=(0, 80), ylim=(-1, 32))
        ax.set_title(f"{name}: {100 * model.score(other, other_y):.1f} %", fontsize=9)
    axes[0].set_ylabel("neuron")
    scores = [100 * epoch["validation_score"] for epoch in trained.history_]
    axes[2].plot(np.arange(1, len(scores) + 1), scores, "o-", markersize=3, color=BLUE)
    axes[2].set(xlabel="epoch", ylabel="validation accuracy (%)", xticks=range(2, 13, 2), ylim=(0, 100))
    return figure


def cells() -> Any:
    """Draw samples of the page on cells, and a cell that is trained with their times and without."""
    from lsm_sim_liquid_torch import CellClassifier, irregular_sinusoids

    X, times, y = irregular_sinusoids(400, seed=30)
    test_X, test_times, test_y = irregular_sinusoids(400, seed=31)
    figure, axes = plt.subplots(1, 2, figsize=(8, 2.8), layout="constrained", width_ratios=(1, 1.2))
    for label, name, colour in ((0, "5 Hz", BLUE), (1, "8 Hz", ORANGE)):
        k = next(k for k in np.flatnonzero(y == label) if 20 < len(times[k]) < 35)
        axes[0].plot(times[k], X[k][:, 0] - 3 * label, "o-", markersize=3, linewidth=0.7, color=colour, label=name)
    axes[0].set(xlabel="time (s)", yticks=[], ylim=(-4.4, 2.4))
    axes[0].legend(fontsize=8, loc="upper right", ncols=2)
    for timed, name, colour in ((True, "with times", BLUE), (False, "without", GREY)):
        how = {"batch_size": 50, "epochs": 30, "patience": None, "validation_fraction": 0.25, "random_state": 1}
        model = CellClassifier("CfC", **how).fit(X, y, times if timed else None)
        found = 100 * model.score(test_X, test_y, test_times if timed else None)
        losses = [epoch["validation_loss"] for epoch in model.history_]
        label = f"{name}: {found:.1f} % of new samples"
        axes[1].plot(np.arange(1, len(losses) + 1), losses, "o-", markersize=3, color=colour, label=label)
    axes[1].set(xlabel="epoch", ylabel="validation loss", ylim=(0, None))
    axes[1].legend(fontsize=8, loc="lower left")
    return figure


PICTURES: dict[str, Callable[[], Any]] = {
    "raster": raster,
    "running": running,
    "description": description,
    "models": ready_made,
    "mechanisms": mechanisms,
    "audio": sound,
    "datasets": data_sets,
    "forecasting": forecasting,
    "live": streaming,
    "deployment": cores,
    "memory": memory,
    "performance": performance,
    "search": searching,
    "speech": speech,
    "training": training,
    "cells": cells,
}


def main() -> None:
    """Write the pictures into the folder of this file, all or those that are named."""
    for name in sys.argv[1:] or PICTURES:
        PICTURES[name]().savefig(HERE / f"{name}.png", dpi=110)
        print(name)


if __name__ == "__main__":
    main()
