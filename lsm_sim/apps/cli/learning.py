"""From options to estimators, for ``train`` and ``predict``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
import psutil
from sklearn.base import clone
from sklearn.model_selection import KFold, StratifiedKFold

from lsm_sim import encode
from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Encoder
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.features import Counts
from lsm_sim.learn.transformer import DEFAULT_ENCODER
from lsm_sim.support import checks
from lsm_sim.support.parallel import Work, in_order

_SOME = 64  # samples from which the number of spikes is estimated
ALONE = Work()  # this process
METRIC = {"classify": "accuracy", "regress": "R^2"}
_ENCODERS: Mapping[str, Any] = {
    "rate": encode.Rate(),
    "poisson": encode.Poisson(),
    "latency": encode.Latency(),
    "delta": encode.Delta(),
    "population": encode.Population(),
    "bsa": encode.BSA(),
}
_OF_VALUES = ("ridge", "rls", "lms", "incremental_ridge", "centred_ridge")  # readouts
_OPTION = {"max_rate": "--max-rate", "frame": "--frame", "step": "--step", "n": "--cells"}


def encoder(name: str, settings: Mapping[str, Any], seed: int) -> Encoder:
    """Return the encoder of this name with the settings that are not None; a setting that it does not have is an error."""
    plain = _ENCODERS[name]
    fields = {field.name for field in dataclasses.fields(plain)}
    given = {key: value for key, value in settings.items() if value is not None}
    for key in given:
        if key not in fields:
            takers = ", ".join(other for other, record in _ENCODERS.items() if key in record.__dataclass_fields__)
            raise DescriptionError(f"{_OPTION[key]}: the encoder {name!r} has no such setting, only {takers}; omit it")
    defaults = {"frame": DEFAULT_ENCODER.frame}
    if name in ("rate", "poisson"):
        defaults["max_rate"] = DEFAULT_ENCODER.max_rate
    if "seed" in fields:
        defaults["seed"] = seed
    chosen: Encoder = dataclasses.replace(plain, **(defaults | given))
    return chosen


def model(task: str, liquid: Liquid, coder: Encoder, *, bins: int, sqrt: bool, **parameters: Any) -> Any:
    """Return the estimator for a task."""
    if task == "regress" and parameters["readout"] not in _OF_VALUES:
        raise DescriptionError(
            f"--readout: got {parameters['readout']!r}, expected one that predicts values: {', '.join(_OF_VALUES)}"
        )
    estimator = LiquidClassifier if task == "classify" else LiquidRegressor
    return estimator(liquid, coder, Counts(bins=bins, sqrt=sqrt), **parameters)


def task_of(y: Any) -> str:
    """Return "regress" if y has fractions or several columns, else "classify"."""
    if y.ndim > 1 or (y.dtype.kind == "f" and (y != np.floor(y)).any()):
        return "regress"
    return "classify"


def check_y(task: str, y: Any, where: str) -> None:
    """Raise `DescriptionError` if y does not fit the task; ``where`` names its file."""
    if task == "regress":
        if y.dtype.kind == "U":
            raise DescriptionError(f"{where}: y: got text, expected numbers; for classes use --task classify")
        return
    if y.ndim != 1:
        raise DescriptionError(f"{where}: y: got shape {y.shape}, expected (samples,), one class per sample")
    if len(np.unique(y)) < 2:
        raise DescriptionError(f"{where}: y: got one class only, {y[0]!s}; expected at least two")


def check_folds(task: str, y: Any, cv: int, option: str = "--cv") -> None:
    """Raise `DescriptionError` if there are too few samples for ``cv`` folds, which an option gives."""
    if cv == 0:
        return
    if task == "regress":  # R^2 needs two samples in each fold
        most, why = len(y) // 2, f"there are {len(y)} samples and each fold needs two"
    else:
        classes, counts = np.unique(y, return_counts=True)
        most, why = (
            int(counts.min()),
            f"class {classes[counts.argmin()]!s} has {counts.min()} samples and each fold needs one",
        )
    if cv > most:
        raise DescriptionError(f"{option}: got {cv} folds, but {why}; use {option} {most if most > 1 else 0}")
    if cv == 1:
        raise DescriptionError(f"{option}: got 1 fold, expected at least 2, or 0 for none")


def cross_validate(estimator: Any, task: str, X: Any, y: Any, cv: int, seed: int, work: Work = ALONE) -> list[float]:
    """Return the score of each fold; an empty list if ``cv`` is 0. With other processes, each takes one fold at a time."""
    if cv == 0:
        return []
    split = KFold if task == "regress" else StratifiedKFold
    folds = [*split(cv, shuffle=True, random_state=seed).split(np.zeros(len(X)), y)]
    return [*in_order(_score, (estimator, X, y), folds, work)]


def check_memory(estimator: Any, X: Any, limit: float | None, work: Work = ALONE) -> None:
    """Raise `DescriptionError` if training needs more than ``limit`` MiB, all processes on this machine together.

    The features of all samples are in memory at once. Ridge regression, the default, was seen to hold seven arrays of their size, and two
    matrices of products of samples or features, whatever are fewer.
    """
    if limit is None:
        return
    checks.positive(limit, "--max-memory")
    transformer = estimator.transformer().fit(X)
    some = transformer.encode(X[: min(len(X), _SOME)])
    n, row = len(X), transformer.respond(some[:1]).size
    events = 16.0 * some.n_events / len(some) * n
    own = psutil.Process().memory_info().rss
    n_processes = 1 if work.alone else 1 + (work.workers or 0)
    needed = n_processes * (own + 7 * 8.0 * n * row + 2 * 8.0 * min(n, row) ** 2 + 3 * events)
    if needed > limit * 2**20:
        raise DescriptionError(
            f"--max-memory: got {limit:g} MiB, but training on {n} samples with {row} features each needs about "
            f"{needed / 2**20:.0f} MiB; use fewer bins, neurons or workers, or lsm-sim transform and lsm_sim.streams.fit, which "
            "hold a chunk at a time"
        )


def _score(shared: tuple[Any, Any, Any], fold: tuple[Any, Any], _n_threads: int | None) -> float:
    estimator, X, y = shared
    train, test = fold
    return float(clone(estimator).fit(_chosen(X, train), y[train]).score(_chosen(X, test), y[test]))


def _chosen(X: Any, index: Any) -> Any:
    """Return some samples of an array or of a list."""
    return [X[i] for i in index] if isinstance(X, list) else X[index]
