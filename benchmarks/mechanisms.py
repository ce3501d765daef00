"""Which mechanism helps? Two time constants, adaptive thresholds and short-term plasticity, each on its own and all together.

    .venv/bin/python benchmarks/mechanisms.py templates memory
    .venv/bin/python benchmarks/mechanisms.py digits words --fsdd PATH

Every mechanism has six settings to choose from, two kinds with three recurrent weights, and so has the plain liquid, six recurrent
weights; the best one on the tuning seeds is measured on the others. Recurrent weights with plasticity are divided by the efficacy that regular spikes of the task's
typical rate would have, so that the mean drive is that of the plain liquid. p is the exact sign test of the differences from the
plain liquid over seeds, each of which has a network and (templates, memory, pairs of words) data of its own; with Holm's correction.
"""

from __future__ import annotations

import argparse
import functools
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import joblib
import numpy as np
from threadpoolctl import threadpool_limits

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim import ms
from lsm_sim.apps.evaluate.settings_others import recalling
from lsm_sim.apps.evaluate.settings_speech import fsdd_new_speaker
from lsm_sim.datasets import fsdd, spike_templates
from lsm_sim.encode import Bits
from lsm_sim.learn.controls import holm, paired_test
from lsm_sim.learn.forecast import LiquidForecaster
from lsm_sim.learn.readout import ridge
from lsm_sim.measures import memory_capacity
from lsm_sim.simulate import rescale

TUNING, SEEDS = (101, 102), (0, 1, 2, 3, 4, 5, 6, 7)
STP = {"depressing": (0.5, 100 * ms, 0.0), "facilitating": (0.1, 20 * ms, 500 * ms)}  # U, tau_rec, tau_facil


class Setting(NamedTuple):
    """Factors on recurrent weights and on the inhibitory time constant; tau_adapt and adapt_step; kind of plasticity."""

    recurrent: float = 1.0
    slower: float | None = None
    adapt: tuple[float, float] | None = None
    stp: str | None = None


ADAPT = ((20 * ms, 0.1), (200 * ms, 0.02))
MECHANISMS = {
    "plain": [Setting(factor) for factor in (0.5, 0.7, 1.0, 1.4, 2.0, 2.8)],
    "two time constants": [Setting(f, slower=ratio) for f in (0.7, 1.0, 1.4) for ratio in (2.0, 4.0)],
    "adaptive thresholds": [Setting(f, adapt=adapt) for f in (1.0, 1.4, 2.0) for adapt in ADAPT],
    "short-term plasticity": [Setting(f, stp=kind) for f in (0.7, 1.0, 1.4) for kind in STP],
    "all": [Setting(f, 2.0, *pair) for f in (0.7, 1.0, 1.4) for pair in zip(ADAPT, STP, strict=True)],
    "recurrence off": [Setting(0.0)],
}


def changed(liquid: lsm.Liquid, setting: Setting, rate: float) -> lsm.Liquid:
    """Return the liquid with mechanisms; synapses between neurons are divided by sign, also where that changes nothing."""
    more: dict[str, Any] = {}
    if setting.adapt is not None:
        more |= {"tau_adapt": setting.adapt[0], "adapt_step": setting.adapt[1]}
    neurons = [
        replace(group, **more, **({} if setting.slower is None else {"tau_syn_inh": setting.slower * group.tau_syn}))
        for group in liquid.neurons
    ]
    inputs = {group.name for group in liquid.inputs}
    synapses = []
    for one in liquid.synapses:
        if one.pre in inputs:  # both signs on one current
            synapses.append(one if setting.slower is None else replace(one, receptor="exc"))
            continue
        synapses += [_plastic(part, setting, rate) for part in _signs(one)]
    return lsm.Liquid(liquid.inputs, neurons, synapses, liquid.seed)


def _signs(synapses: lsm.Synapses) -> list[lsm.Synapses]:
    """Return synapses of both signs as excitatory and inhibitory ones, each with half the connections."""
    low, high = synapses.weight.bounds
    if low >= 0 or high <= 0:
        return [synapses]
    rule = synapses.rule
    half = lsm.FixedInDegree(rule.k // 2) if isinstance(rule, lsm.FixedInDegree) else lsm.FixedProbability(rule.p / 2)
    positive = replace(synapses.weight, minimum=0.0)
    return [replace(synapses, rule=half, weight=weight) for weight in (positive, -positive)]


def _plastic(synapses: lsm.Synapses, setting: Setting, rate: float) -> lsm.Synapses:
    if setting.stp is None:
        return replace(synapses, weight=synapses.weight * setting.recurrent)
    U, tau_rec, tau_facil = STP[setting.stp]
    weight = synapses.weight * (setting.recurrent / efficacy(U, tau_rec, tau_facil, rate))
    return replace(synapses, weight=weight, stp=lsm.TsodyksMarkram(U, tau_rec, tau_facil))


def efficacy(U: float, tau_rec: float, tau_facil: float, rate: float) -> float:
    """Return the part of the weight that a spike delivers when spikes come regularly at this rate."""
    r, f = 1.0, 0.0
    for _ in range(1000):
        r = 1 - np.exp(-1 / (rate * tau_rec)) * (1 - r)
        f *= np.exp(-1 / (rate * tau_facil)) if tau_facil else 0.0
        f += U * (1 - f)
        used = f * r
        r -= used
    return float(used)


def recalled(setting: Setting, seed: int, _: bool) -> tuple[float, float]:
    """Return the accuracy of XOR of the first and the last of four templates, read from 30 ms traces at the end; the rate."""
    data = spike_templates(800, segments=4, channels=8, seed=seed)
    spikes = run(changed(recalling(8, 100, seed), setting, 60.0), data.X)
    target, train = data.y[:, 0] ^ data.y[:, 3], np.arange(800) < 600
    return classified(lsm.Traces(30 * ms).of(spikes), target, train), rate_of(spikes)


def remembered(setting: Setting, seed: int, _: bool) -> tuple[float, float]:
    """Return the memory capacity of 300 neurons up to 40 lags, after 2000 training samples, and the rate."""
    liquid = changed(with_memory(300, seed), setting, 300.0)
    return capacity(liquid, seed, n_train=2000, n_test=1000, n_lags=40)


def with_memory(n_neurons: int, seed: int) -> lsm.Liquid:
    """Return the liquid with the largest memory capacity in docs/forecasting.md, for 5 steps per sample."""
    strong = {"tau_syn": 1.2 * ms, "input_weight": 7.5, "recurrent_weight": 3.0}
    return models.memory(n_inputs=12, n_neurons=n_neurons, seed=seed, frame=5 * ms, **strong)


def capacity(liquid: lsm.Liquid, seed: int, *, n_train: int, n_test: int, n_lags: int) -> tuple[float, float]:
    """Return the sum over lags of the squared correlation between readout and delayed input, and the rate."""
    washout, frame, n_neurons = 300, 5 * ms, liquid.neurons[0].size
    series = np.random.default_rng(seed).uniform(0, 1, washout + n_train + n_test)
    model = LiquidForecaster(
        liquid, Bits(n=12, frame=frame), taus=(2.0, 8.0), with_encoder=False, n_threads=1, progress=False
    )
    X = model.prepare(series).features(series)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lsm.LsmWarning)  # there is some memory beyond the longest lag
        found = memory_capacity(X, series, n_lags=n_lags, washout=washout, test=n_test / (n_train + n_test))
    return found.capacity, float(X[:, :n_neurons].mean() / frame)


class Words(NamedTuple):
    """Spikes of recordings, and their digits, speakers and numbers."""

    spikes: lsm.Spikes
    digit: Any
    speaker: Any
    number: Any


@functools.lru_cache(maxsize=16)
def words(folder: str, seed: int) -> Words:
    """Return all recordings, encoded as ``lsm-sim evaluate fsdd`` does, but without lateral inhibition, see `Words`."""
    data = fsdd(folder)
    whole = fsdd_new_speaker(seed)
    front, model = whole[0], whole[-1]
    speaker = np.unique(data.groups, return_inverse=True)[1]
    same = 10 * speaker + data.y  # recordings are sorted by speaker, digit and number
    number = np.arange(same.size) - np.searchsorted(same, same)
    return Words(model.encoder(front.fit_transform(data.X), 1 * ms), data.y, speaker, number)


def spoken(setting: Setting, seed: int, tuning: bool, folder: str) -> tuple[float, float]:
    """Return the accuracy for digits of two new speakers after training on two others, and the rate.

    Tuning: train on one of the latter, test on the other.
    """
    data = words(folder, seed)
    plain = models.speech(n_inputs=data.spikes.n_channels, n_neurons=300, seed=seed)
    known = np.flatnonzero(data.speaker < 2) if tuning else np.arange(data.digit.size)
    spikes = run(changed(plain, setting, 20.0), data.spikes[known])
    X, y, speaker = lsm.Counts(bins=5, sqrt=True, per_second=True).of(spikes), data.digit[known], data.speaker[known]
    if not tuning:
        return classified(X, y, speaker < 2), rate_of(spikes)
    return (classified(X, y, speaker == 0) + classified(X, y, speaker == 1)) / 2, rate_of(spikes)


def first_word(setting: Setting, seed: int, tuning: bool, folder: str) -> tuple[float, float]:
    """Return the accuracy for the first of two spoken words, read from 30 ms traces at the end, and the rate.

    A sample is "three" or "seven", then any word of the same speaker. Recordings 0-4 are for the test, 5-9 for tuning.
    """
    data, rng = words(folder, seed), np.random.default_rng(seed)
    tests = data.number // 5 == (1 if tuning else 0)
    pairs, y = [], []
    for group, n in ((data.number >= 10, 600), (tests, 200)):
        for _ in range(n):
            both = group & (data.speaker == rng.integers(4))
            y.append(rng.choice((3, 7)))
            pairs.append([rng.choice(np.flatnonzero(both & (data.digit == k))) for k in (y[-1], rng.integers(10))])
    halves = [data.spikes[[pair[k] for pair in pairs]] for k in (0, 1)]
    plain = rescale.scale(recalling(data.spikes.n_channels, 300, seed), 0.3, "input")
    spikes = run(changed(plain, setting, 60.0), lsm.Spikes.concatenate(halves, along="time"))
    return classified(lsm.Traces(30 * ms).of(spikes), np.array(y), np.arange(800) < 600), rate_of(spikes)


def run(liquid: lsm.Liquid, stimulus: lsm.Spikes) -> lsm.Spikes:
    return lsm.run(liquid, stimulus, n_threads=1, progress=False).spikes


def rate_of(spikes: lsm.Spikes) -> float:
    return float(spikes.n_events / (spikes.durations.sum() * spikes.n_channels))


def classified(X: Any, y: Any, train: Any) -> float:
    """Return the accuracy in per cent on the samples that are not for training."""
    return float(100 * ridge().fit(X[train], y[train]).score(X[~train], y[~train]))


Task = Callable[[Setting, int, bool], tuple[float, float]]


@dataclass(frozen=True)
class Found:
    """The chosen setting, and the figure and the rate for each seed."""

    setting: Setting
    figures: Any
    rates: Any


def chosen(task: Task, settings: list[Setting], jobs: int) -> Found:
    """Choose a setting on the tuning seeds and measure it on the others."""
    with threadpool_limits(1):
        pool = joblib.Parallel(jobs, backend="threading")
        best = settings[0]
        if len(settings) > 1:
            tried = pool(joblib.delayed(task)(one, seed, True) for one in settings for seed in TUNING)
            means = np.array([figure for figure, _ in tried]).reshape(len(settings), -1).mean(axis=1)
            best = settings[int(means.argmax())]
        figures, rates = zip(*pool(joblib.delayed(task)(best, seed, False) for seed in SEEDS), strict=True)
    return Found(best, np.array(figures), np.array(rates))


def table(name: str, task: Task, jobs: int) -> None:
    """Print one line for each mechanism."""
    begin = time.perf_counter()
    found = {mechanism: chosen(task, settings, jobs) for mechanism, settings in MECHANISMS.items()}
    plain = found["plain"].figures
    p = holm({m: paired_test(one.figures[None], plain[None]) for m, one in found.items() if m != "plain"})
    print(f"\n{name} ({time.perf_counter() - begin:.0f} s)")
    for mechanism, one in found.items():
        gain = "" if mechanism == "plain" else f"{(one.figures - plain).mean():+7.2f}  p = {p[mechanism]:.3f}"
        figure = f"{one.figures.mean():7.2f} ± {one.figures.std(ddof=1):5.2f} {one.rates.mean():6.0f} Hz"
        print(f"  {mechanism:<22}{figure} {gain:<20} {_described(one.setting)}", flush=True)


def _described(setting: Setting) -> str:
    parts = [f"recurrent weights x {setting.recurrent:g}"]
    parts += [] if setting.slower is None else [f"tau_syn_inh x {setting.slower:g}"]
    parts += [] if setting.adapt is None else [f"tau_adapt {setting.adapt[0] / ms:g} ms"]
    return ", ".join([*parts, *([] if setting.stp is None else [setting.stp])])


TASKS = {"templates": recalled, "memory": remembered, "digits": spoken, "words": first_word}


def main() -> None:
    """Measure the tasks that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=["templates", "memory"], choices=list(TASKS))
    parser.add_argument("--fsdd", help="folder of the Free Spoken Digit Dataset, for digits and words")
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    for name in options.tasks:
        spoken_words = {"folder": options.fsdd} if name in ("digits", "words") else {}
        table(name, functools.partial(TASKS[name], **spoken_words), options.jobs)


if __name__ == "__main__":
    main()
