"""The runner of the fast backend: which kernel runs a batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from weakref import finalize

import numba
import numpy as np

from lsm_sim.backend import Outcome, Request, Runner, check_supported
from lsm_sim.engine.reference import run_program
from lsm_sim.engine.requests import checked_request, largest_payloads
from lsm_sim.engine.state import State, checked_state, largest_in_flight
from lsm_sim.errors import BackendUnavailableError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats
from lsm_sim.support.environment import cores
from lsm_sim.support.progress import progress_bar
from lsm_sim_fast import bounds, division, form, limits, states, threads
from lsm_sim_fast.compiling import announced
from lsm_sim_fast.layout import Layout, lay_out
from lsm_sim_fast.pull_layout import PullLayout, lay_out_pull
from lsm_sim_fast.results import Batch, Results
from lsm_sim_fast.stepper import Stepper
from lsm_sim_fast.tables import exponents
from lsm_sim_fast.tuning import DEFAULT, Tuning


@dataclass(frozen=True)
class Fast:
    """The compiled backend; runs any program of either arithmetic, bit for bit like the reference.

    ``tuning`` decides how fast, and changes no bit.
    """

    name: str = "fast"
    supports: frozenset[str] = frozenset(
        {"adaptive-threshold", "blocks", "graded", "initial-state", "state", "stp", "two-currents"}
    )
    tuning: Tuning = DEFAULT

    def __post_init__(self) -> None:
        if numba.config.DISABLE_JIT:  # type: ignore[attr-defined]
            raise BackendUnavailableError(
                "backend 'fast': NUMBA_DISABLE_JIT is set, so its kernels cannot be compiled; unset it or use backend='reference'"
            )

    @property
    def about(self) -> str:
        """Which form of the innermost loops runs here, and why."""
        return form.choose().why

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself, unless its synapses cannot be packed."""
        layouts = self._layouts(program)
        if layouts.refused is None:
            layouts.refused = limits.reasons(program, self.tuning)
        check_supported(self, program, layouts.refused)
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Pack the synapses, for counts, and yield the runner; a kernel is compiled at its first call and cached on disk."""
        layouts = self._layouts(program)
        layouts.push(program, 1, sort=True)
        yield _Runner(program, layouts)

    def _layouts(self, program: Program) -> _Layouts:
        fresh: dict[Tuning, _Layouts] = {}
        own = _LAYOUTS.setdefault(id(program), fresh)
        if own is fresh:
            finalize(program, _LAYOUTS.pop, id(program), None).atexit = False
        return own.setdefault(self.tuning, _Layouts(self.tuning))


@dataclass(eq=False)
class _Layouts:
    """The layouts that a program was given; kept as long as the program, so that none is packed twice."""

    tuning: Tuning
    _push: dict[tuple[Any, ...], Layout] = field(default_factory=dict)
    _largest: float | None = None
    _pull: PullLayout | None = None
    _suits_pull: bool | None = None
    refused: list[str] | None = None  # None: not checked yet

    def push(
        self,
        program: Program,
        n_parts: int,
        *,
        sort: bool,
        payloads: Floats | None = None,
        state: State | None = None,
    ) -> Layout:
        """Return the layout for so many threads per sample, its neurons sorted if that may be.

        Payloads of events, of which ``payloads`` (C+N,) are the largest magnitudes, and what is in flight in a state may make
        sums of arrivals so large that they need wider numbers.
        """
        if self._largest is None:
            self._largest = bounds.largest_sum(program)
        largest = self._largest
        if payloads is not None:
            largest = max(largest, bounds.largest_sum(program, payloads))
        if state is not None:
            largest += largest_in_flight(state, exponents(program))
        rows = form.choose().rows
        size = largest < 2.0**31, bounds.wide(program, largest)
        key = (n_parts, rows, sort, *size)
        if key not in self._push:
            layout = lay_out(program, n_parts, rows, sort=sort, tuning=self.tuning, largest=largest)
            self._push[key] = layout
            if not layout.sortable:
                self._push[(n_parts, rows, not sort, *size)] = layout
        return self._push[key]

    def suits_pull(self, program: Program) -> bool:
        """Return whether the pull kernel can run the program at all."""
        if self._suits_pull is None:
            self._suits_pull = division.suits_pull(program, self.tuning)
        return self._suits_pull

    def pull(self, program: Program) -> PullLayout:
        """Return the layout for 64 samples side by side."""
        if self._pull is None:
            self._pull = lay_out_pull(program)
        return self._pull


# By the id of a program, as long as it lives: programs are equal by value, but another one may die earlier.
_LAYOUTS: dict[int, dict[Tuning, _Layouts]] = {}


@dataclass(frozen=True, eq=False)
class _Runner:
    """Runs batches of one program."""

    program: Program
    layouts: _Layouts

    def __call__(self, stimulus: Spikes, request: Request | None = None, state: State | None = None) -> Outcome:
        """Run every sample; see `lsm_sim.backend.Runner`."""
        request = checked_request(self.program, stimulus, request)
        if request.keep_state or state is not None:
            state = State.start(self.program, len(stimulus)) if state is None else state
            checked_state(self.program, state, len(stimulus))
            if states.held_too_long(self.program, state):
                return run_program(self.program, stimulus, request, state)
        n_threads, tuning = request.n_threads or cores(), self.layouts.tuning
        sizes = n_threads, len(stimulus), self.program.n_neurons
        n_teams, n_parts = division.teams(*sizes, tuning)
        results = Results.empty(self.program, stimulus, request, n_parts)
        with progress_bar(len(stimulus), request.progress) as advance, announced(request.progress):
            batch = Batch(self.program, stimulus, request, results, tuning, state)
            if state is None and self._shall_pull(stimulus, request, n_threads):
                threads.pull(batch, self.layouts.pull(self.program), division.pull_teams(*sizes, tuning), advance)
            else:
                sort = division.only_counts(request)
                payloads = None if stimulus.payload is None else largest_payloads(self.program, stimulus)
                layout = self.layouts.push(self.program, n_parts, sort=sort, payloads=payloads, state=state)
                threads.push(batch, layout, n_teams, advance)
        return results.outcome(self.program, stimulus, request)

    def stepper(self, state: State) -> Stepper | None:
        """Return the network as it advances step by step; None where a run from the state has to do."""
        if states.held_too_long(self.program, state):
            return None
        return Stepper(self.program, state, self.layouts)

    def _shall_pull(self, stimulus: Spikes, request: Request, n_threads: int) -> bool:
        """Return whether to pull: not where to push is all that can be done, or is faster.

        The beginning of the first sample is pushed to see how much the network spikes.
        """
        tuning, n_samples = self.layouts.tuning, len(stimulus)
        if stimulus.payload is not None:
            return False
        if not division.may_pull(request, n_samples, n_threads, tuning) or not self.layouts.suits_pull(self.program):
            return False
        if tuning.pull:
            return True
        rates = self._spikes_per_step(division.probed(stimulus))
        return division.pull_wins(self.program, rates, n_samples, n_threads, form.choose(), tuning)

    def _spikes_per_step(self, sample: Spikes) -> Any:
        """Return how often each source spikes per step, input channels first, (C+N,)."""
        n_steps = sample.n_steps[0]
        request = Request(spikes=False, bins=np.array([[0, n_steps]]), n_threads=1, progress=False)
        results = Results.empty(self.program, sample, request, 1)
        checked = checked_request(self.program, sample, request)
        batch = Batch(self.program, sample, checked, results, self.layouts.tuning)
        threads.push(batch, self.layouts.push(self.program, 1, sort=True), 1, lambda _: None)
        inputs = np.bincount(sample.channel, minlength=self.program.n_inputs)
        return np.concatenate([inputs, results.counts[0, 0]]) / n_steps
