"""The runner of the fast backend: which kernel runs which samples, in how many threads."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from lsm_sim.backend import Outcome, Request, Runner
from lsm_sim.checks import Floats, Ints
from lsm_sim.environment import cores
from lsm_sim.memory import check_memory
from lsm_sim.program import Program
from lsm_sim.progress import progress_bar
from lsm_sim.requests import checked_request
from lsm_sim.spikes import Spikes
from lsm_sim_fast import division, form
from lsm_sim_fast.compiled.pull import LANES
from lsm_sim_fast.compiling import announced
from lsm_sim_fast.crew import Team, work
from lsm_sim_fast.layout import Layout, lay_out
from lsm_sim_fast.pull_layout import PullLayout, lay_out_pull
from lsm_sim_fast.pull_worker import PullWorker, groups
from lsm_sim_fast.results import Results


@dataclass(frozen=True)
class Fast:
    """The compiled backend; runs any program of either arithmetic, bit for bit like the reference."""

    name: str = "fast"

    @property
    def about(self) -> str:
        """Which form of the innermost loops runs here, and why."""
        return form.choose()[1]

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Pack the synapses and yield the runner; a kernel is compiled at its first call and cached on disk."""
        layouts = _LAYOUTS.setdefault(program, _Layouts())
        layouts.push(program, 1)
        yield _Runner(program, layouts)


@dataclass(eq=False)
class _Layouts:
    """The layouts that a program was given; kept as long as the program, so that it is packed once."""

    _push: dict[int, Layout] = field(default_factory=dict)
    _pull: list[PullLayout | None] = field(default_factory=list)

    def push(self, program: Program, n_parts: int) -> Layout:
        """Return the layout for so many threads per sample."""
        if n_parts not in self._push:
            self._push[n_parts] = lay_out(program, n_parts)
        return self._push[n_parts]

    def pull(self, program: Program) -> PullLayout | None:
        """Return the layout for 64 samples side by side, None if the program does not suit it."""
        if not self._pull:
            self._pull.append(lay_out_pull(program) if division.suits_pull(program) else None)
        return self._pull[0]


_LAYOUTS: WeakKeyDictionary[Program, _Layouts] = WeakKeyDictionary()


@dataclass(frozen=True, eq=False)
class _Runner:
    """Runs batches of one program."""

    program: Program
    layouts: _Layouts

    def __call__(self, stimulus: Spikes, request: Request | None = None) -> Outcome:
        """Run every sample; see `lsm_sim.backend.Runner`."""
        request = checked_request(self.program, stimulus, request)
        n_threads = request.n_threads or cores()
        _, n_parts = division.teams(n_threads, len(stimulus), self.program.n_neurons)
        results = Results.empty(self.program, stimulus, request, n_parts)
        with progress_bar(len(stimulus), request.progress) as advance, announced(request.progress):
            batch = _Batch(self, stimulus, request, results, n_threads, advance)
            todo = np.arange(len(stimulus))
            if len(stimulus) > n_threads and division.may_pull(request) and self.layouts.pull(self.program):
                batch.push(todo[:n_threads])
                todo = todo[n_threads:]
                if division.pull_wins(
                    self.program, batch.spikes_per_step(n_threads), todo.size, n_threads, form.choose()[0]
                ):
                    batch.pull(todo)
                    todo = todo[:0]
            if todo.size:
                batch.push(todo)
        return results.outcome(self.program, stimulus, request)


@dataclass(eq=False)
class _Batch:
    """One call of a runner."""

    runner: _Runner
    stimulus: Spikes
    request: Request
    results: Results
    n_threads: int
    advance: Callable[[int], Any]

    def push(self, samples: Ints) -> None:
        """Run these samples with the push push."""
        program = self.runner.program
        n_teams, n_parts = division.teams(self.n_threads, samples.size, program.n_neurons)
        n_parts = min(n_parts, len(self.results.spikes[0]))
        layout = self.runner.layouts.push(program, n_parts)
        check_memory(n_teams * layout.ring_bytes, "fast: the spikes in flight")
        queue, stop = iter(samples.tolist()), np.zeros(1, np.uint8)
        vector = form.choose()[0]
        teams = [Team(program, layout, n_parts, self.request, queue, stop, vector) for _ in range(n_teams)]
        jobs = [
            functools.partial(team.take_samples, part, self.stimulus, self.results)
            for team in teams
            for part in range(n_parts)
        ]

        def give_up() -> None:
            stop[0] = 1  # the others end after their current step
            for team in teams:
                team.abandon()

        self._work(jobs, lambda: sum(team.n_done for team in teams), give_up)

    def pull(self, samples: Ints) -> None:
        """Run these samples with the pull kernel, 64 at a time."""
        queue, stop = iter(groups(self.stimulus, samples, self.n_threads)), np.zeros(1, np.uint8)
        done: list[int] = []

        layout = self.runner.layouts.pull(self.runner.program)
        assert layout is not None  # else nobody asks

        def job() -> None:
            worker = PullWorker(self.runner.program, layout, form.choose()[0])
            for lanes in queue:
                worker.run_group(self.stimulus, lanes, self.request, self.results, stop)
                done.append(lanes.size)

        def give_up() -> None:
            stop[0] = 1

        n_jobs = min(self.n_threads, -(-samples.size // LANES))
        self._work([job] * n_jobs, lambda: sum(done), give_up)

    def _work(self, jobs: Sequence[Callable[[], None]], n_done: Callable[[], int], give_up: Callable[[], None]) -> None:
        shown = 0

        def look() -> None:
            nonlocal shown
            now = n_done()
            self.advance(now - shown)
            shown = now

        work(jobs, look, give_up)

    def spikes_per_step(self, n_first: int) -> Floats:
        """Return how often each source spiked per step in the first samples, input channels first, (C+N,)."""
        stimulus, program = self.stimulus, self.runner.program
        steps = stimulus.n_steps[:n_first].sum()
        inputs = np.bincount(stimulus.channel[: stimulus.offsets[n_first]], minlength=program.n_inputs)
        return np.concatenate([inputs, self.results.counts[:n_first].sum(axis=(0, 1))]) / steps
