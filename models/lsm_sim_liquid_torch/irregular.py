"""Signals that are sampled at random times."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints


def irregular_sinusoids(
    n_samples: int,
    *,
    frequencies: Sequence[float] = (5.0, 8.0),
    duration: float = 1.0,
    n_times: tuple[int, int] = (15, 75),
    noise: float = 0.1,
    seed: int = 0,
) -> tuple[list[Floats], list[Floats], Ints]:
    """Return sinusoids of several frequencies, each sampled at random times; the class is the frequency.

    A sinusoid has a random phase and a random number of times, which are drawn uniformly and do not depend on the class. A model
    that sees only the sequence of values has to guess the frequency from how fast they change from one value to the next, which
    depends on the number of times just as much; a model that knows the times can measure the frequency:

        x(t) = sin(2 pi frequency t + phase) + noise n(t)

    Parameters
    ----------
    n_samples
        Number of sinusoids.
    frequencies
        One per class, in Hz; the classes are of equal size, up to one sinusoid.
    duration
        In seconds; the times are between 0 and it.
    n_times
        Smallest and largest number of times of a sinusoid; each number between is equally likely.
    noise
        Standard deviation of the noise.
    seed
        Of all random numbers.

    Returns
    -------
    The signals, each (times, 1); their times in seconds, each (times,) and increasing; and the classes, (n_samples,).

    Examples
    --------
    >>> X, times, y = irregular_sinusoids(4, n_times=(3, 5), seed=1)
    >>> [x.shape == (len(t), 1) for x, t in zip(X, times)]
    [True, True, True, True]
    >>> sorted(y.tolist())
    [0, 0, 1, 1]
    """
    n_samples = checks.whole(n_samples, "n_samples", minimum=1)
    rates = checks.real_array(frequencies, "frequencies", "rate")
    if rates.ndim != 1 or len(rates) < 2 or (rates <= 0).any():
        raise DescriptionError(f"frequencies: got {frequencies!r}, expected two or more numbers > 0, one per class")
    duration = checks.positive(duration, "duration", "time")
    least, most = _range(n_times)
    if checks.real(noise, "noise") < 0:
        raise DescriptionError(f"noise: got {noise!r}, expected a number >= 0")
    rng = np.random.default_rng(checks.whole(seed, "seed"))
    y = rng.permutation(np.arange(n_samples) % len(rates))
    times = [np.sort(rng.uniform(0, duration, rng.integers(least, most + 1))) for _ in y]
    phases = rng.uniform(0, 2 * np.pi, n_samples)
    clean = [np.sin(2 * np.pi * rates[k] * t + phase) for k, t, phase in zip(y, times, phases, strict=True)]
    return [(x + rng.normal(0, noise, x.shape))[:, None] for x in clean], times, y


def _range(n_times: object) -> tuple[int, int]:
    found = checks.whole_array(n_times, "n_times")
    if found.shape != (2,) or not 1 <= found[0] <= found[1]:
        raise DescriptionError(f"n_times: got {n_times!r}, expected the smallest and the largest number, at least 1")
    return int(found[0]), int(found[1])
