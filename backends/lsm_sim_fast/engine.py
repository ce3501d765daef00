"""The runner of the fast backend: how samples and neurons are divided over threads."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.backend import Outcome, Request, Runner
from lsm_sim.environment import cores
from lsm_sim.memory import check_memory
from lsm_sim.program import Program
from lsm_sim.progress import progress_bar
from lsm_sim.requests import checked_request
from lsm_sim.spikes import Spikes
from lsm_sim_fast import rows
from lsm_sim_fast.layout import Layout, lay_out
from lsm_sim_fast.results import Results
from lsm_sim_fast.worker import Meeting, Worker

_POLL = 0.1  # seconds between looks at the progress and at Ctrl-C
_SHARE = 2000  # neurons; a thread that shares a sample gets at least so many, below that waiting costs more than it gains


@dataclass(frozen=True)
class Fast:
    """The compiled backend; runs any program of either arithmetic, bit for bit like the reference."""

    name: str = "fast"

    @property
    def about(self) -> str:
        """Which form of the innermost loop runs here, and why."""
        return f"synapses by {rows.choose()[1]}"

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Pack the synapses and yield the runner; the kernel is compiled at its first call and cached on disk."""
        runner = _Runner(program)
        runner.layout(1)
        yield runner


@dataclass(eq=False)
class _Runner:
    """Runs batches; keeps the layouts it has made."""

    program: Program
    _layouts: dict[int, Layout] = field(default_factory=dict)

    def layout(self, n_parts: int) -> Layout:
        """Return the layout for so many threads per sample."""
        if n_parts not in self._layouts:
            self._layouts[n_parts] = lay_out(self.program, n_parts)
        return self._layouts[n_parts]

    def __call__(self, stimulus: Spikes, request: Request | None = None) -> Outcome:
        """Run every sample; see `lsm_sim.backend.Runner`."""
        request = checked_request(self.program, stimulus, request)
        n_teams, n_parts = _division(request.n_threads or cores(), len(stimulus), self.program.n_neurons)
        layout = self.layout(n_parts)
        check_memory(n_teams * layout.ring_bytes, "fast: the spikes in flight")
        results = Results.empty(self.program, stimulus, request, n_parts)
        queue, stop = itertools.count(), np.zeros(1, np.uint8)
        teams = [_Team(self.program, layout, n_parts, request, queue, stop) for _ in range(n_teams)]
        jobs = [(team, part) for team in teams for part in range(n_parts)]
        with ThreadPoolExecutor(len(jobs)) as pool, progress_bar(len(stimulus), request.progress) as advance:
            waiting = {pool.submit(team.take_samples, part, stimulus, results) for team, part in jobs}
            try:
                done = 0
                while waiting:
                    finished, waiting = wait(waiting, timeout=_POLL, return_when="FIRST_EXCEPTION")
                    for future in finished:
                        future.result()
                    done, before = max(0, sum(team.n_done for team in teams)), done
                    advance(done - before)
            finally:
                stop[0] = 1  # after Ctrl-C or an error the others end after their current step
                for team in teams:
                    team.abandon()
        return results.outcome(self.program, stimulus, request)


def _division(n_threads: int, n_samples: int, n_neurons: int) -> tuple[int, int]:
    """Return the number of teams, each of which runs one sample at a time, and of threads in each."""
    n_teams = min(n_threads, n_samples)
    return n_teams, max(1, min(n_threads // n_teams, n_neurons // _SHARE))


class _Team:
    """The threads that run one sample together: often one, more when samples are few and networks large."""

    def __init__(
        self, program: Program, layout: Layout, n_parts: int, request: Request, queue: Iterator[int], stop: Any
    ) -> None:
        self._meeting = Meeting(n_parts, program.n_neurons)
        vector = rows.choose()[0]
        self._workers = [Worker(program, layout, part, self._meeting, request, vector) for part in range(n_parts)]
        self._queue, self._stop = queue, stop
        self._barrier = threading.Barrier(n_parts, action=self._next_sample)
        self._sample = -1
        self.n_done = -1

    def _next_sample(self) -> None:
        """Take one from the queue; called by one of the threads when all have finished the sample before."""
        self._meeting.flags[:] = 0  # not earlier: the last step of the sample before may still have been waited for
        self._sample = next(self._queue)
        self.n_done += 1

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
            if b >= len(stimulus) or self._stop[0]:
                return
            results.spikes[b][part] = worker.run_sample(stimulus, b, results, self._stop)
