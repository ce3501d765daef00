"""Threads at work on a batch: teams that push one sample each, or single threads that pull 64 of them."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.memory import check_memory
from lsm_sim.program import Program
from lsm_sim.spikes import Spikes
from lsm_sim_fast import form
from lsm_sim_fast.layout import Layout
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.pull_worker import PullWorker, groups
from lsm_sim_fast.results import Results
from lsm_sim_fast.worker import Meeting, Worker

_POLL = 0.1  # seconds between looks at the progress and at Ctrl-C


@dataclass(frozen=True, eq=False)
class Batch:
    """What to run, and where to write."""

    program: Program
    stimulus: Spikes
    request: Request
    results: Results


def push(batch: Batch, layout: Layout, n_teams: int, advance: Callable[[int], Any]) -> None:
    """Run a batch with the push kernel, one sample per team at a time; ``advance`` hears how many are done."""
    check_memory(n_teams * layout.ring_bytes, "fast: the spikes in flight")
    queue, stop = iter(range(len(batch.stimulus))), np.zeros(1, np.uint8)
    teams = [_Team(batch, layout, queue, stop) for _ in range(n_teams)]
    jobs = [functools.partial(team.take_samples, part) for team in teams for part in range(layout.parts.size - 1)]

    def give_up() -> None:
        stop[0] = 1  # the others end after their current step
        for team in teams:
            team.abandon()

    _work(jobs, lambda: sum(team.n_done for team in teams), advance, give_up)


def pull(batch: Batch, layout: PullLayout, n_threads: int, advance: Callable[[int], Any]) -> None:
    """Run a batch with the pull kernel, 64 samples per thread at a time."""
    todo, stop = groups(batch.stimulus), np.zeros(1, np.uint8)
    queue = iter(todo)
    done: list[int] = []

    def job() -> None:
        worker = PullWorker(batch.program, layout, form.choose())
        for lanes in queue:
            worker.run_group(batch.stimulus, lanes, batch.request, batch.results, stop)
            done.append(lanes.size)

    def give_up() -> None:
        stop[0] = 1

    _work([job] * min(n_threads, len(todo)), lambda: sum(done), advance, give_up)


def _work(
    jobs: Sequence[Callable[[], None]],
    n_done: Callable[[], int],
    advance: Callable[[int], Any],
    give_up: Callable[[], None],
) -> None:
    """Run every job in a thread of its own; ``give_up`` when one fails or on Ctrl-C."""
    shown = 0
    with ThreadPoolExecutor(len(jobs)) as pool:
        waiting = {pool.submit(job) for job in jobs}
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=_POLL, return_when="FIRST_EXCEPTION")
                for future in finished:
                    future.result()
                shown, before = n_done(), shown
                advance(shown - before)
        except BaseException:
            give_up()
            raise


class _Team:
    """The threads that push one sample together: often one, more when samples are few and networks large."""

    def __init__(self, batch: Batch, layout: Layout, queue: Iterator[int], stop: Any) -> None:
        n_parts = layout.parts.size - 1
        self._meeting = Meeting(n_parts, batch.program.n_neurons)
        self._workers = [
            Worker(batch.program, layout, part, self._meeting, batch.request, form.choose()) for part in range(n_parts)
        ]
        self._batch, self._queue, self._stop = batch, queue, stop
        self._barrier = threading.Barrier(n_parts, action=self._next_sample)
        self._sample: int | None = None
        self.n_done = 0

    def _next_sample(self) -> None:
        """Take one from the queue; called by one of the threads when all have finished the sample before."""
        self.n_done += self._sample is not None
        self._meeting.flags[:] = 0  # not earlier: the last step of the sample before may still have been waited for
        self._sample = next(self._queue, None)

    def _meet(self) -> None:
        """Wait until all threads have finished a sample and the next one is chosen."""
        if len(self._workers) == 1:  # a barrier takes longer than a small sample's steps
            self._next_sample()
            return
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            self._sample = None

    def abandon(self) -> None:
        """Wake threads that wait for one that failed."""
        self._barrier.abort()

    def take_samples(self, part: int) -> None:
        """Run this thread's share of samples until there are no more or a stop is asked."""
        worker = self._workers[part]
        while True:
            worker.rest()
            self._meet()
            b = self._sample
            if b is None or self._stop[0]:
                return
            results = self._batch.results
            results.spikes[b][part] = worker.run_sample(self._batch.stimulus, b, results, self._stop)
