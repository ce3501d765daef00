"""Made series of one channel, told apart by their shape: three sets that the UCR archive has, drawn again.

Classes take turns, every sample has its own random numbers, and, as in the archive, each sample has mean 0 and standard
deviation 1 unless ``normalised`` is False.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

_Draw = Callable[[int, np.random.Generator], Floats]  # a class and random numbers to a series (T,)
_CBF, _CHART, _PATTERNS = 128, 60, 128  # samples of a series


def cylinder_bell_funnel(n_train: int = 30, n_test: int = 900, *, seed: int = 0, normalised: bool = True) -> Dataset:
    """Return noisy plateaus, rising ramps and falling ramps, 128 samples each; X has shape (n, 128, 1).

    With a plateau of height 6 + eta from sample a to b, a uniform in 16 ... 32 and b - a in 32 ... 96, and normal eta and
    eps[t]::

        cylinder    (6 + eta) + eps[t]                         bell     (6 + eta) (t - a) / (b - a) + eps[t]
        funnel      (6 + eta) (b - t) / (b - a) + eps[t]       outside [a, b]: eps[t]

    N. Saito: Local feature extraction and its applications using a library of bases. PhD thesis, Yale University (1994). By
    default ``n_train`` and ``n_test`` are those of the UCR archive. ``seed`` draws all samples; ``normalised``: each has mean 0 and
    standard deviation 1.

    Examples
    --------
    >>> cylinder_bell_funnel(seed=1)
    Dataset(cylinder_bell_funnel: 930 samples, 3 classes, 900 for testing)
    """
    citation = "N. Saito: Local feature extraction and its applications using a library of bases. PhD thesis, Yale University (1994)"
    classes = ("cylinder", "bell", "funnel")
    return _drawn("cylinder_bell_funnel", _cbf, _CBF, classes, citation, n_train, n_test, seed, normalised)


def control_charts(n_train: int = 300, n_test: int = 300, *, seed: int = 0, normalised: bool = True) -> Dataset:
    """Return charts of a process, 60 samples each: normal, cyclic, with a trend or with a shift; X has shape (n, 60, 1).

    y[t] = 30 + 2 r[t] with r uniform in [-3, 3], and in the class ::

        cyclic       + a sin(2 pi t / T)     a and T uniform in [10, 15]
        increasing   + g t                   g uniform in [0.2, 0.5]        decreasing: - g t
        upward       + x from sample t0 on   x uniform in [7.5, 20], t0 in 20 ... 40      downward: - x

    R. J. Alcock, Y. Manolopoulos: Time-series similarity queries employing a feature-based approach. 7th Hellenic Conference
    on Informatics (1999). By default ``n_train`` and ``n_test`` are those of the UCR archive. ``seed``
    draws all samples; ``normalised``: each has mean 0 and standard deviation 1.

    Examples
    --------
    >>> control_charts(seed=1)
    Dataset(control_charts: 600 samples, 6 classes, 300 for testing)
    """
    citation = (
        "R. J. Alcock, Y. Manolopoulos: Time-series similarity queries employing a feature-based approach. 7th Hellenic "
        "Conference on Informatics (1999)"
    )
    classes = ("normal", "cyclic", "increasing", "decreasing", "upward", "downward")
    return _drawn("control_charts", _chart, _CHART, classes, citation, n_train, n_test, seed, normalised)


def two_patterns(n_train: int = 1000, n_test: int = 4000, *, seed: int = 0, normalised: bool = True) -> Dataset:
    """Return noise with two steps at random places, each up or down, 128 samples each; X has shape (n, 128, 1).

    A step up is -5 for some samples and then 5 for as many, a step down the reverse; between them is normal noise. The class
    is the order: up-up, up-down, down-up, down-down. Each half of a step lasts 8 to 16 samples, a length chosen here.

    P. Geurts: Contributions to decision tree induction: bias/variance tradeoff and time series classification. PhD thesis,
    University of Liege (2002). By default ``n_train`` and ``n_test`` are those of the UCR archive. ``seed``
    draws all samples; ``normalised``: each has mean 0 and standard deviation 1.

    Examples
    --------
    >>> two_patterns(60, 20, seed=1)
    Dataset(two_patterns: 80 samples, 4 classes, 20 for testing)
    """
    citation = (
        "P. Geurts: Contributions to decision tree induction: bias/variance tradeoff and time series classification. PhD "
        "thesis, University of Liege (2002)"
    )
    classes = ("up-up", "up-down", "down-up", "down-down")
    return _drawn("two_patterns", _steps, _PATTERNS, classes, citation, n_train, n_test, seed, normalised)


def _drawn(
    name: str,
    draw: _Draw,
    length: int,
    classes: tuple[str, ...],
    citation: str,
    n_train: Any,
    n_test: Any,
    seed: Any,
    normalised: Any,
) -> Dataset:
    sizes = [
        checks.whole(n, f"{name} {role}", 1, checks.MOST) for n, role in ((n_train, "n_train"), (n_test, "n_test"))
    ]
    checks.whole(seed, f"{name} seed")
    checks.flag(normalised, f"{name} normalised")
    n = sum(sizes)
    check_memory(8.0 * n * length, name)
    y = np.concatenate([np.arange(size) % len(classes) for size in sizes])
    X = np.array([draw(int(label), stream(seed, f"{name}/sample/{b}")) for b, label in enumerate(y)])
    if normalised:
        X = (X - X.mean(axis=1, keepdims=True)) / X.std(axis=1, keepdims=True)
    split = np.arange(n) >= sizes[0]
    return Dataset(name, X[:, :, None], y, classes, Source("generated", "none needed", citation), split=split)


def _cbf(label: int, rng: np.random.Generator) -> Floats:
    a, width = rng.integers(16, 33), rng.integers(32, 97)
    t = np.arange(_CBF)
    share = (np.ones(_CBF), (t - a) / width, (a + width - t) / width)[label]
    return np.asarray((6 + rng.normal()) * share * ((t >= a) & (t <= a + width)) + rng.normal(size=_CBF))


def _chart(label: int, rng: np.random.Generator) -> Floats:
    t = np.arange(_CHART)
    chart = 30 + 2 * rng.uniform(-3, 3, _CHART)
    if label == 1:
        amplitude, period = rng.uniform(10, 15, 2)
        return np.asarray(chart + amplitude * np.sin(2 * np.pi * t / period))
    sign = 1 if label % 2 == 0 else -1
    if label in (2, 3):
        return np.asarray(chart + sign * rng.uniform(0.2, 0.5) * t)
    if label in (4, 5):
        size, first = rng.uniform(7.5, 20), rng.integers(_CHART // 3, 2 * _CHART // 3 + 1)
        return np.asarray(chart + sign * size * (t >= first))
    return np.asarray(chart)


def _steps(label: int, rng: np.random.Generator) -> Floats:
    halves = rng.integers(8, 17, 2)
    free = _PATTERNS - 2 * int(halves.sum())
    before, until = np.sort(rng.integers(0, free + 1, 2))
    out = rng.normal(size=_PATTERNS)
    for first, half, down in (
        (before, halves[0], label >= 2),
        (until + 2 * halves[0], halves[1], label % 2 == 1),
    ):
        out[first : first + half] = 5.0 if down else -5.0
        out[first + half : first + 2 * half] = -5.0 if down else 5.0
    return out
