"""The reference engine: the executable definition of what a `Program` means, in plain NumPy. Slow and simple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.collect import Collector
from lsm_sim.engine.protocol import Outcome, Request, Runner, check_supported
from lsm_sim.engine.requests import checked_request
from lsm_sim.program.checks import check_again
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools
from lsm_sim.support.memory import check_memory
from lsm_sim.support.progress import progress_bar


@dataclass(frozen=True, eq=False)
class Step:
    """The end of a step: state variables by name (N,), and which neurons spiked (N,) or exceeded Loihi's registers (3, N)."""

    state: Mapping[str, Any]
    spiked: Bools
    excursions: Bools


def steps(program: Program, stimulus: Spikes) -> Iterator[Step]:
    """Yield the end of each step of ``stimulus``, which holds one sample, from rest."""
    arrays, advance = program.arrays, program.model.step[program.arithmetic]
    n, slots = program.n_neurons, program.max_delay + 2
    state = program.start()
    in_flight = np.zeros((slots, n), program.weight.dtype)
    held_until = np.full(n, -1)
    bounds = np.searchsorted(stimulus.step, np.arange(stimulus.n_steps[0] + 1))
    for k in range(int(stimulus.n_steps[0])):
        arrivals = in_flight[k % slots].copy()
        in_flight[k % slots] = 0
        state, spiked, excursions = advance(arrays, state, arrivals, held_until >= k)
        held_until[spiked] = k + program.refractory[spiked]
        events = stimulus.channel[bounds[k] : bounds[k + 1]]
        for row in (*events, *(program.n_inputs + np.flatnonzero(spiked))):
            out = slice(program.indptr[row], program.indptr[row + 1])
            np.add.at(in_flight, ((k + 1 + program.delay[out]) % slots, program.post[out]), program.weight[out])
        yield Step(state, spiked, excursions)


def run_program(program: Program, stimulus: Spikes, request: Request | None = None) -> Outcome:
    """Run every sample of ``stimulus`` from rest; see `lsm_sim.engine.protocol.Runner`."""
    check_again(vars(program), program.model)
    request = checked_request(program, stimulus, request)
    check_memory((program.max_delay + 2) * program.n_neurons * 8, "reference: the spikes in flight")
    collector = Collector(program, stimulus, request)
    with progress_bar(len(stimulus), request.progress) as advance:
        for b in range(len(stimulus)):
            collector.start(b)
            for k, step in enumerate(steps(program, stimulus[b])):
                collector.add(k, step.state, step.spiked, step.excursions)
            advance(1)
    return collector.outcome()


@dataclass(frozen=True)
class Reference:
    """The reference backend; runs any program in either arithmetic, and defines the results."""

    name: str = "reference"
    supports: frozenset[str] = frozenset({"initial-state"})

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        check_supported(self, program)
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Yield a runner; there is nothing to build or release."""
        yield lambda stimulus, request=None: run_program(program, stimulus, request)
