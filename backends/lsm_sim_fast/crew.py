"""Threads at work: the teams that push samples, and what waits for them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

from lsm_sim.backend import Request
from lsm_sim.program import Program
from lsm_sim.spikes import Spikes
from lsm_sim_fast.layout import Layout
from lsm_sim_fast.results import Results
from lsm_sim_fast.worker import Meeting, Worker

_POLL = 0.1  # seconds between looks at the progress and at Ctrl-C


def work(jobs: Sequence[Callable[[], None]], look: Callable[[], None], give_up: Callable[[], None]) -> None:
    """Run every job in a thread of its own; ``look`` now and then, and ``give_up`` when one fails or on Ctrl-C."""
    with ThreadPoolExecutor(len(jobs)) as pool:
        waiting = {pool.submit(job) for job in jobs}
        try:
            while waiting:
                finished, waiting = wait(waiting, timeout=_POLL, return_when="FIRST_EXCEPTION")
                for future in finished:
                    future.result()
                look()
        except BaseException:
            give_up()
            raise


class Team:
    """The threads that push one sample together: often one, more when samples are few and networks large."""

    def __init__(
        self,
        program: Program,
        layout: Layout,
        n_parts: int,
        request: Request,
        queue: Iterator[int],
        stop: Any,
        vector: int | None,
    ) -> None:
        self._meeting = Meeting(n_parts, program.n_neurons)
        self._workers = [Worker(program, layout, part, self._meeting, request, vector) for part in range(n_parts)]
        self._queue, self._stop = queue, stop
        self._barrier = threading.Barrier(n_parts, action=self._next_sample)
        self._sample: int | None = None
        self.n_done = 0

    def _next_sample(self) -> None:
        """Take one from the queue; called by one of the threads when all have finished the sample before."""
        self.n_done += self._sample is not None
        self._meeting.flags[:] = 0  # not earlier: the last step of the sample before may still have been waited for
        self._sample = next(self._queue, None)

    def abandon(self) -> None:
        """Wake threads that wait for one that failed."""
        self._barrier.abort()

    def take_samples(self, part: int, stimulus: Spikes, results: Results) -> None:
        """Run this thread's share of samples until there are no more or a stop is asked."""
        worker = self._workers[part]
        while True:
            worker.rest()
            try:
                self._barrier.wait()
            except threading.BrokenBarrierError:
                return
            b = self._sample
            if b is None or self._stop[0]:
                return
            results.spikes[b][part] = worker.run_sample(stimulus, b, results, self._stop)
