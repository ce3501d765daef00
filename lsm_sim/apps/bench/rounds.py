"""Measuring: every peer once per round, one after the other, so that all of them meet the same moods of the machine."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

import numpy as np

from lsm_sim.apps.bench.noise import Noise, Watch
from lsm_sim.apps.bench.peer import Peer, Ready, Task
from lsm_sim.errors import BackendUnavailableError, UnsupportedError

OK, LEFT_OUT, FAILED = "ok", "left out", "failed"
_LEAST = 0.05  # seconds; what is shorter is repeated, so that ticks and clocks do not matter


@dataclass(frozen=True)
class Plan:
    """How long to measure: so many rounds, and about so many seconds for a peer in each.

    A peer that is too slow for all samples runs fewer of them; every figure is per sample.
    """

    rounds: int = 5
    budget: float = 1.0


@dataclass
class Row:
    """What came out for one peer.

    Parameters
    ----------
    status, reason
        ``"ok"``, ``"left out"`` or ``"failed"``, and why.
    samples
        How many it ran in each round.
    first_seconds
        From nothing to the counts of the first sample: building and compiling included.
    seconds
        Per sample, one value for each round.
    compared, differing
        How many counts were compared with ours, and how many differ.
    """

    peer: Peer
    status: str = OK
    reason: str = ""
    samples: int = 0
    first_seconds: float = math.nan
    seconds: list[float] = field(default_factory=list)
    compared: int = 0
    differing: int = 0

    @property
    def median(self) -> float:
        """Seconds per sample."""
        return float(np.median(self.seconds)) if self.status == OK and self.seconds else math.nan

    @property
    def wrong(self) -> bool:
        """Whether counts differ that must not."""
        return self.peer.exact and self.differing > 0


@dataclass(frozen=True)
class Measurement:
    """One task, measured."""

    task: Task
    rows: tuple[Row, ...]
    noise: Noise


def measure(
    task: Task, peers: Sequence[Peer], plan: Plan, say: Callable[[str], None] = lambda _text: None
) -> Measurement:
    """Prepare all peers, compare their counts with ours, and time them in alternating rounds.

    A peer that fails says why in its row; the others go on. ``say`` is told what happens.
    """
    rows = [Row(peer) for peer in peers]
    with ExitStack() as stack:
        entrants: list[tuple[Row, Ready, int]] = []
        for row in rows:
            say(f"{row.peer.name}: preparing")
            with _blaming(row):
                ready = _start(row, task, stack)
                entrants.append((row, ready, _warm_up(row, ready, task, plan.budget)))
        watch = Watch()
        for number in range(plan.rounds):
            for row, ready, repeats in entrants if number % 2 == 0 else entrants[::-1]:
                if row.status == OK:
                    say(f"round {number + 1} of {plan.rounds}: {row.peer.name}")
                    watch.tick()
                    with _blaming(row):
                        row.seconds.append(_time(ready, row.samples, repeats))
        watch.tick()
        noise = watch.noise([row.seconds for row in rows if row.status == OK and row.seconds])
    return Measurement(task, tuple(rows), noise)


@contextmanager
def _blaming(row: Row) -> Iterator[None]:
    """Write an error into the row instead of letting it pass."""
    try:
        yield
    except (UnsupportedError, BackendUnavailableError) as error:
        row.status, row.reason = LEFT_OUT, str(error)
    except Exception as error:  # whatever other people's simulators may raise
        row.status, row.reason = FAILED, " ".join(f"{type(error).__name__}: {error}".split())


def _start(row: Row, task: Task, stack: ExitStack) -> Ready:
    start = time.perf_counter()
    ready = stack.enter_context(row.peer.prepare(task))
    ready.run(1)
    row.first_seconds = time.perf_counter() - start
    return ready


def _warm_up(row: Row, ready: Ready, task: Task, budget: float) -> int:
    """Choose how many samples to run, compare their counts, and return how often to repeat them."""
    batch, everything = min(ready.batch, len(task.counts)), len(task.counts)
    row.samples = batch
    seconds = _time(ready, batch, 1) * batch
    row.samples = min(everything, batch * max(1, int(budget / seconds)))
    counts = ready.run(row.samples)
    if counts is not None:
        expected = task.counts[: row.samples]
        if counts.shape != expected.shape:
            raise ValueError(f"counts of shape {counts.shape} where {expected.shape} was expected")
        row.compared, row.differing = expected.size, int((counts != expected).sum())
    return max(1, math.ceil(_LEAST / (_time(ready, row.samples, 1) * row.samples)))


def _time(ready: Ready, samples: int, repeats: int) -> float:
    """Return the seconds per sample."""
    start = time.perf_counter()
    for _ in range(repeats):
        ready.run(samples)
    return (time.perf_counter() - start) / (repeats * samples)
