"""Whether the machine was quiet: a loop of fixed work between all measurements, the time that others used, and the rounds.

A run is called noisy where one of these is true; its ratios then mean little:

- the loop's 90th percentile is more than `MOST_SPREAD` above its 10th: clock or caches were not the same all the time;
- other processes, or other machines on the same host, used more than `MOST_OTHERS` of a core;
- half of what was measured took, in its slowest round, more than `MOST_ROUNDS` longer than in its fastest: another machine on the
  same host may slow a core down, its caches above all, where neither the loop nor the clocks see it.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psutil

# A quiet machine stays within 3 to 8 %; a second busy process on the same core makes it 50 % and more.
MOST_SPREAD = 0.15
# An idle desktop uses 0.02 to 0.05 of a core.
MOST_OTHERS = 0.15
# On a quiet machine half of the rows stay within 3 to 10 %; a virtual one whose core was shared made it 30 to 50 %.
MOST_ROUNDS = 0.25
_LEAST_SECONDS = 0.1  # clocks of processes tick every 10 ms, so less than this is no evidence

_WORK = bytes(1 << 20)
_IDLE = ("idle", "iowait", "guest", "guest_nice")  # guests are counted in user and nice already


@dataclass(frozen=True)
class Noise:
    """What was seen.

    Parameters
    ----------
    loops
        Seconds of each run of the loop.
    spread
        Their 90th percentile over their 10th, minus one.
    others
        Cores that others used, on average.
    rounds
        The slowest round of a row over its fastest, minus one; the median of the rows.
    reasons
        Why the machine was too noisy to trust; empty: it was not.
    """

    loops: tuple[float, ...]
    spread: float
    others: float
    rounds: float
    reasons: tuple[str, ...]


@dataclass
class Watch:
    """Looks at the machine from its making until `noise` is called."""

    loops: list[float] = field(default_factory=list)
    _start: float = field(default_factory=time.perf_counter)
    _busy: float = field(default_factory=lambda: busy_seconds() - own_seconds())

    def tick(self) -> None:
        """Run the loop once; some milliseconds."""
        start = time.perf_counter()
        hashlib.sha256(_WORK)
        self.loops.append(time.perf_counter() - start)

    def noise(self, rows: Sequence[Sequence[float]] = ()) -> Noise:
        """Return what was seen so far; ``rows`` are seconds of each row's rounds."""
        wall = time.perf_counter() - self._start
        return judge(self.loops, busy_seconds() - own_seconds() - self._busy, wall, rows)


def judge(loops: Sequence[float], busy: float, wall: float, rows: Sequence[Sequence[float]] = ()) -> Noise:
    """Return the verdict on loops of fixed work, ``busy`` seconds that others had a core, ``wall`` seconds in all, and rounds."""
    low, high = np.quantile(loops, [0.1, 0.9]) if loops else (1.0, 1.0)
    spread, others = float(high / low - 1), max(0.0, busy) / wall
    rounds = float(np.median([max(row) / min(row) - 1 for row in rows])) if rows else 0.0
    reasons = []
    if spread > MOST_SPREAD:
        reasons.append(
            f"a loop of fixed work varied by {100 * spread:.0f} % (at most {100 * MOST_SPREAD:.0f} % is quiet)"
        )
    if others > MOST_OTHERS and busy > _LEAST_SECONDS:
        reasons.append(f"others used {others:.2f} cores (at most {MOST_OTHERS:g} is quiet)")
    if rounds > MOST_ROUNDS:
        reasons.append(
            f"half of the rows varied by {100 * rounds:.0f} % between rounds (at most {100 * MOST_ROUNDS:.0f} % is quiet)"
        )
    return Noise(tuple(loops), spread, others, rounds, tuple(reasons))


def busy_seconds() -> float:
    """Return how long the cores that this process may use were busy since the machine started, in seconds."""
    cores = psutil.cpu_times(percpu=True)
    if hasattr(os, "sched_getaffinity"):
        cores = [cores[i] for i in os.sched_getaffinity(0) if i < len(cores)]
    return float(sum(value for core in cores for name, value in core._asdict().items() if name not in _IDLE))


def own_seconds() -> float:
    """Return the processor time of this process and of its children that have ended, in seconds."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system
