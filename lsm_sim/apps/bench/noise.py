"""Whether the machine was quiet: a loop of fixed work between all measurements, the CPU time of others, and the rounds.

A run is called noisy, and its ratios are unreliable, if one of these is true:

- the loop's 90th percentile is more than `MOST_SPREAD` above its 10th: clock frequency or caches changed during the run;
- other processes, or other virtual machines on the same host, used more than `MOST_OTHERS` of a core;
- half of the rows took more than `MOST_ROUNDS` longer in their slowest round than in their fastest: another virtual machine on
  the same host may slow down a core, mainly through its caches, without an effect on the loop or on CPU times.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import psutil

# On a quiet machine it is 3 to 8 %; with a second busy process on the same core 50 % and more.
MOST_SPREAD = 0.15
# An idle desktop uses 0.02 to 0.05 of a core.
MOST_OTHERS = 0.15
# On a quiet machine it is 3 to 10 % for half of the rows; on a virtual one with a shared core 30 to 50 %.
MOST_ROUNDS = 0.25
_LEAST_SECONDS = 0.1  # CPU times have a resolution of 10 ms, so less than this is not significant

_WORK = bytes(1 << 20)
_IDLE = ("idle", "iowait", "guest", "guest_nice")  # guest times are included in user and nice


@dataclass(frozen=True)
class Noise:
    """The measured noise.

    Parameters
    ----------
    loops
        Seconds of each run of the loop.
    spread
        Their 90th percentile divided by their 10th, minus one.
    others
        Mean number of cores used by others.
    rounds
        Slowest round of a row divided by its fastest, minus one; median over rows.
    reasons
        Why the machine was too noisy; empty if it was quiet.
    """

    loops: tuple[float, ...]
    spread: float
    others: float
    rounds: float
    reasons: tuple[str, ...]


@dataclass
class Watch:
    """Observes the machine from its creation until `noise` is called."""

    loops: list[float] = field(default_factory=list)
    _start: float = field(default_factory=time.perf_counter)
    _busy: float = field(default_factory=lambda: busy_seconds() - own_seconds())

    def tick(self) -> None:
        """Run the loop once, which takes some milliseconds."""
        start = time.perf_counter()
        hashlib.sha256(_WORK)
        self.loops.append(time.perf_counter() - start)

    def noise(self, rows: Sequence[Sequence[float]] = ()) -> Noise:
        """Return the noise so far; ``rows`` has the seconds of each round for each row."""
        wall = time.perf_counter() - self._start
        return judge(self.loops, busy_seconds() - own_seconds() - self._busy, wall, rows)


def judge(loops: Sequence[float], busy: float, wall: float, rows: Sequence[Sequence[float]] = ()) -> Noise:
    """Return the noise from loops of fixed work, ``busy`` CPU seconds of others, ``wall`` seconds in total, and rounds."""
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
    """Return how long the cores that this process may use have been busy since the machine started, in seconds."""
    cores = psutil.cpu_times(percpu=True)
    if hasattr(os, "sched_getaffinity"):
        cores = [cores[i] for i in os.sched_getaffinity(0) if i < len(cores)]
    return float(sum(value for core in cores for name, value in core._asdict().items() if name not in _IDLE))


def own_seconds() -> float:
    """Return the processor time of this process and of its children that have ended, in seconds."""
    own = os.times()
    return own.user + own.system + own.children_user + own.children_system
