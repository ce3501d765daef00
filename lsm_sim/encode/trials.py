"""Trials: which random numbers the spikes of a sample are drawn with, and how often each sample is encoded."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.seeding import stream
from lsm_sim.support.warn import warn

Trials: TypeAlias = int | Sequence[int] | range
Seed: TypeAlias = int | np.random.Generator


def trial_numbers(trials: Any) -> list[int]:
    """Return the numbers of the trials: 0 to n - 1 for a number n, or the given numbers."""
    if np.ndim(trials) == 0:
        return list(range(checks.whole(trials, "trials", minimum=1)))
    numbers = checks.whole_array(trials, "trials")
    if numbers.ndim != 1 or numbers.size == 0 or (numbers < 0).any() or np.unique(numbers).size < numbers.size:
        raise DescriptionError(
            f"trials: got {trials!r}, expected a number of trials, or a list of different trial numbers >= 0"
        )
    out: list[int] = numbers.tolist()
    return out


def repeated(spikes: Spikes, trials: Trials) -> Spikes:
    """Return the spikes of a deterministic encoder, which are the same in every trial."""
    n = len(trial_numbers(trials))
    return spikes if n == 1 else spikes[np.repeat(np.arange(len(spikes)), n)]


def checked_seed(seed: Any, where: str) -> Seed:
    """Return the seed of a random encoder: a whole number >= 0, or a NumPy Generator."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, (int, float, np.number)) and not isinstance(seed, bool):
        return checks.whole(seed, where)
    raise DescriptionError(f"{where}: got {seed!r}, expected a whole number >= 0 or a numpy.random.Generator")


def generators(name: str, seed: Seed, signals: Sequence[Floats], trials: Trials) -> Iterator[np.random.Generator]:
    """Return one generator for each trial of each sample, in that order.

    With a number as seed its stream is named by the values of the sample and the number of the trial. Trial 0 has the name
    that estimators have always used, so that models trained by earlier versions keep their spikes.
    """
    numbers = trial_numbers(trials)
    if isinstance(seed, np.random.Generator):
        return (seed for _ in signals for _ in numbers)
    digests = [hashlib.sha256((signal + 0.0).tobytes()).hexdigest() for signal in signals]  # + 0.0: -0.0 becomes 0.0
    _warn_of_equal_samples(name, signals, digests)
    return (
        stream(seed, f"{name}/{digest}" if trial == 0 else f"{name}/{digest}/{trial}")
        for digest in digests
        for trial in numbers
    )


def _warn_of_equal_samples(name: str, signals: Sequence[Floats], digests: Sequence[str]) -> None:
    """Warn once if two samples are equal; samples of zeros have no spikes, so that they do not matter."""
    first: dict[str, int] = {}
    for b, digest in enumerate(digests):
        a = first.setdefault(digest, b)
        if a < b and signals[b].any():
            warn(
                f"{name}: samples {a} and {b} are equal, so their spikes are equal too; for independent trials of a signal "
                "encode it once with trials=n"
            )
            return
