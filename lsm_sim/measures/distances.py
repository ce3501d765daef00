"""Distances between spike trains, computed by the package elephant, which is imported only here."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.optional import optional

Between = Literal["samples", "channels"]


def van_rossum(spikes: Spikes, tau: float, between: Between = "samples") -> Floats:
    """Return the van Rossum distance of every two samples, or of every two channels of one sample.

    D(f, g)^2 = (2 / tau) integral (f(t) - g(t))^2 dt, where f and g are the trains with each spike replaced by exp(-t / tau)
    from its time on. The distance of a train with one spike from a silent one is 1, sqrt(2) times that of the paper; D has no
    unit. Of two samples: sqrt(sum_c D_c^2) over channels c, so that a spike in another channel is another spike. M. C. W. van
    Rossum: A novel spike distance. Neural Computation 13, 751-763 (2001); channels as C. Houghton, K. Sen: A new
    multineuron spike train metric. Neural Computation 20, 1495-1511 (2008), with an angle of 90 degrees.

    Computed by ``elephant.spike_train_dissimilarity``, which rounds: the distance of equal trains may be 1e-6. Needs the extra
    ``analysis``.

    Parameters
    ----------
    spikes
        Payloads do not count.
    tau
        Time constant, in seconds. Small: coincidences count; large: numbers of spikes.
    between
        ``"samples"``: the result has shape (B, B). ``"channels"``: the channels of a single sample, such as ``spikes[0]``,
        (C, C).

    Examples
    --------
    Two spikes at a distance of d have D^2 = 2 (1 - exp(-d / tau)):

    >>> spikes = Spikes.from_trains([[0.010], [0.015], []], duration=0.1, dt=1e-3)
    >>> van_rossum(spikes, tau=5e-3, between="channels").round(3)
    array([[0.   , 1.124, 1.   ],
           [1.124, 0.   , 1.   ],
           [1.   , 1.   , 0.   ]])
    """
    checks.instance(spikes, Spikes, "van_rossum", "Spikes, such as those of a result")
    tau = max(checks.positive(tau, "van_rossum tau", "time"), spikes.dt / 1000)  # exp(-1000) is 0

    def square(trains: list[Any], elephant: Any, second: Any) -> Floats:
        with warnings.catch_warnings():  # tiny negative squares, which it sets to 0
            warnings.filterwarnings("ignore", "van_rossum_distance: very small", RuntimeWarning)
            return np.asarray(elephant.van_rossum_distance(trains, tau * second)) ** 2

    return np.sqrt(_sum_over_channels(square, spikes, between, "van_rossum"))


def victor_purpura(spikes: Spikes, cost: float, between: Between = "samples") -> Floats:
    """Return the Victor-Purpura distance of every two samples, or of every two channels of one sample.

    The smallest total cost of changing one train into the other: 1 for adding or removing a spike, ``cost`` * abs(d) for moving
    one by d seconds. The distance has no unit. Of two samples: the sum over channels; spikes do not move to another channel.
    J. D. Victor, K. P. Purpura: Nature and precision of temporal coding in visual cortex: a metric-space analysis.
    J. Neurophysiology 76, 1310-1326 (1996).

    Computed by ``elephant.spike_train_dissimilarity``; time grows with the square of the number of spikes of a train, and with
    the square of the number of trains. Needs the extra ``analysis``.

    Parameters
    ----------
    spikes
        Payloads do not count.
    cost
        In 1/s; 0: only numbers of spikes count. A spike is moved if it has to move by less than 2 / cost.
    between
        As in `van_rossum`.

    Examples
    --------
    Moving by 5 ms costs 0.5, less than removing and adding:

    >>> spikes = Spikes.from_trains([[0.010], [0.015], []], duration=0.1, dt=1e-3)
    >>> victor_purpura(spikes, cost=100.0, between="channels").round(3)
    array([[0. , 0.5, 1. ],
           [0.5, 0. , 1. ],
           [1. , 1. , 0. ]])
    """
    checks.instance(spikes, Spikes, "victor_purpura", "Spikes, such as those of a result")
    cost = min(checks.real(cost, "victor_purpura cost", "rate"), 4 / spikes.dt)  # from 2 / dt on no spike moves
    if cost < 0:
        raise DescriptionError(f"victor_purpura cost: got {cost:g}, expected a number >= 0, in 1/s")

    def distance(trains: list[Any], elephant: Any, second: Any) -> Floats:
        return np.asarray(elephant.victor_purpura_distance(trains, cost / second), np.float64)

    return _sum_over_channels(distance, spikes, between, "victor_purpura")


def _sum_over_channels(of: Callable[[list[Any], Any, Any], Floats], spikes: Any, between: Any, where: str) -> Floats:
    """Return the sum over channels of what a function gives for the trains of each sample, or what it gives for the channels."""
    checks.choice(between, f"{where} between", ("samples", "channels"))
    by_sample = between == "samples"
    if not by_sample and len(spikes) != 1:
        raise DescriptionError(
            f"{where}: got {len(spikes)} samples, expected one for distances between channels, such as spikes[0]"
        )
    n = len(spikes) if by_sample else spikes.n_channels
    check_memory(24.0 * n * n, where)
    total = np.zeros((n, n))
    if n:
        elephant = optional("elephant.spike_train_dissimilarity", "analysis")
        second = optional("quantities", "analysis").s
        trains = [[train * second for train in spikes.trains(b)] for b in range(len(spikes))]
        for one in zip(*trains, strict=True) if by_sample else trains:
            if any(map(len, one)):
                total += of(list(one), elephant, second)
    return total
