"""Measurement: every peer runs once per round, interleaved, so that drift of the machine affects all peers equally."""

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
_LEAST = 0.05  # seconds; shorter runs are repeated, so that the clock resolution does not matter


@dataclass(frozen=True)
class Plan:
    """How long to measure: the number of rounds, and approximate seconds for each peer in a round (``budget``).

    A peer that is too slow for all samples runs fewer of them; all times are per sample.
    """

    rounds: int = 5
    budget: float = 1.0


@dataclass
class Row:
    """The results of one peer.

    Parameters
    ----------
    status, reason
        ``"ok"``, ``"left out"`` or ``"failed"``, and why.
    samples
        Number of samples in each round.
    first_seconds
        From the start to the counts of the first sample, including building and compiling.
    seconds
        Per sample, one value for each round.
    compared, differing
        Number of counts compared with ours, and number that differ.
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
        """Whether counts differ that must be equal."""
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

    If a peer fails, its row has the reason; the others continue. ``say`` is called with progress messages.
    """
    rows = [Row(peer) for peer in peers]
    with ExitStack() as stack:
        entrants: list[tuple[Row, Ready, int]] = []
        for row in rows:
            say(f"{row.peer.name}: preparing")
            with _error_context(row):
                ready = _start(row, task, stack)
                entrants.append((row, ready, _warm_up(row, ready, task, plan.budget)))
        watch = Watch()
        for number in range(plan.rounds):
            for row, ready, repeats in entrants if number % 2 == 0 else entrants[::-1]:
                if row.status == OK:
                    say(f"round {number + 1} of {plan.rounds}: {row.peer.name}")
                    watch.tick()
                    with _error_context(row):
                        row.seconds.append(_time(ready, row.samples, repeats))
        watch.tick()
        noise = watch.noise([row.seconds for row in rows if row.status == OK and row.seconds])
    return Measurement(task, tuple(rows), noise)


@contextmanager
def _error_context(row: Row) -> Iterator[None]:
    """Store an error in the row instead of raising it."""
    try:
        yield
    except (UnsupportedError, BackendUnavailableError) as error:
        row.status, row.reason = LEFT_OUT, str(error)
    except Exception as error:  # other simulators may raise any type
        row.status, row.reason = FAILED, " ".join(f"{type(error).__name__}: {error}".split())


def _start(row: Row, task: Task, stack: ExitStack) -> Ready:
    start = time.perf_counter()
    ready = stack.enter_context(row.peer.prepare(task))
    ready.run(1)
    row.first_seconds = time.perf_counter() - start
    return ready


def _warm_up(row: Row, ready: Ready, task: Task, budget: float) -> int:
    """Choose the number of samples, compare their counts, and return the number of repetitions."""
    batch, everything = min(ready.batch, len(task.counts)), len(task.counts)
    row.samples = batch
    seconds = _time(ready, batch, 1) * batch
    row.samples = min(everything, batch * max(1, int(budget / seconds)))
    counts = ready.run(row.samples)
    if counts is not None:
        expected = task.counts[: row.samples]
        if counts.shape != expected.shape:
            raise ValueError(f"got counts of shape {counts.shape}, expected {expected.shape}")
        row.compared, row.differing = expected.size, int((counts != expected).sum())
    return max(1, math.ceil(_LEAST / (_time(ready, row.samples, 1) * row.samples)))


def _time(ready: Ready, samples: int, repeats: int) -> float:
    """Return the seconds per sample."""
    start = time.perf_counter()
    for _ in range(repeats):
        ready.run(samples)
    return (time.perf_counter() - start) / (repeats * samples)
