"""Threads at work on a batch: teams that run one sample each, or that pull 64 of them side by side."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any, Protocol

import numpy as np

from lsm_sim.support.memory import check_memory
from lsm_sim_fast.layout import Layout
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.pull_worker import PullMeeting, PullWorker, groups
from lsm_sim_fast.results import Batch
from lsm_sim_fast.worker import Meeting, Worker

_POLL = 0.1  # seconds between looks at the progress and at Ctrl-C


def push(batch: Batch, layout: Layout, n_teams: int, advance: Callable[[int], Any]) -> None:
    """Run a batch with the push kernel, one sample per team at a time; ``advance`` hears how many are done."""
    layout.check_indices()
    check_memory(n_teams * layout.strip_bytes, "fast: the spikes in flight")
    queue, stop = iter(range(len(batch.stimulus))), np.zeros(1, np.uint8)
    teams = []
    for _ in range(n_teams):
        meeting = Meeting(layout.parts.size - 1, batch.program.n_neurons)
        workers = [Worker(batch, layout, part, meeting) for part in range(layout.parts.size - 1)]
        teams.append(_Team(workers, meeting, queue, stop))
    _work(teams, stop, advance)


def pull(batch: Batch, layout: PullLayout, n_threads: tuple[int, int], advance: Callable[[int], Any]) -> None:
    """Run a batch with the pull kernel, 64 samples per team at a time; ``n_threads`` is teams and threads in each."""
    layout.check_indices()
    queue, stop = iter(groups(batch.stimulus)), np.zeros(1, np.uint8)
    teams = []
    for _ in range(n_threads[0]):
        meeting = PullMeeting(layout, n_threads[1])
        workers = [PullWorker(batch, layout, part, meeting) for part in range(n_threads[1])]
        teams.append(_Team(workers, meeting, queue, stop))
    _work(teams, stop, advance)


class _Meeting(Protocol):
    def rest(self) -> None:
        """Put everything that the threads of a team share back to the start of a sample."""


class _Worker(Protocol):
    def rest(self) -> None:
        """Put everything of one thread back to the start of a sample."""

    def run(self, item: Any, stop: Any) -> None:
        """Run this thread's share of a sample, or of a group of them, until the end or until ``stop`` is set."""


class _Team:
    """The threads that run one item of the queue together: often one, more when there are few and networks are large."""

    def __init__(self, workers: Sequence[_Worker], meeting: _Meeting, queue: Iterator[Any], stop: Any) -> None:
        self._workers, self._meeting, self._queue, self._stop = workers, meeting, queue, stop
        self._barrier = threading.Barrier(len(workers), action=self._next)
        self._item: Any = None
        self.n_done = 0

    def jobs(self) -> list[Callable[[], None]]:
        """Return what each thread has to do."""
        return [functools.partial(self._take, worker) for worker in self._workers]

    def _next(self) -> None:
        """Take an item from the queue; called by one of the threads when all have finished the one before."""
        self.n_done += 0 if self._item is None else np.size(self._item)
        self._meeting.rest()  # not earlier: the last step of the item before may still have been waited for
        self._item = next(self._queue, None)

    def _meet(self) -> None:
        """Wait until all threads have finished an item and the next one is chosen."""
        if len(self._workers) == 1:  # a barrier takes longer than a small sample's steps
            self._next()
            return
        try:
            self._barrier.wait()
        except threading.BrokenBarrierError:
            self._item = None

    def abandon(self) -> None:
        """Wake threads that wait for one that failed."""
        self._barrier.abort()

    def _take(self, worker: _Worker) -> None:
        """Run one thread's share of items until there are no more or a stop is asked."""
        while True:
            worker.rest()
            self._meet()
            if self._item is None or self._stop[0]:
                return
            worker.run(self._item, self._stop)


def _work(teams: Sequence[_Team], stop: Any, advance: Callable[[int], Any]) -> None:
    """Run every job in a thread of its own; all end after their current step when one fails or on Ctrl-C."""
    jobs, shown = [job for team in teams for job in team.jobs()], 0
    with ThreadPoolExecutor(len(jobs)) as pool:
        waiting = {pool.submit(job) for job in jobs}
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=_POLL, return_when="FIRST_EXCEPTION")
                for future in finished:
                    future.result()
                shown, before = sum(team.n_done for team in teams), shown
                advance(shown - before)
        except BaseException:
            stop[0] = 1
            for team in teams:
                team.abandon()
            raise
