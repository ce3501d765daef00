"""The reference engine: the living definition of what a `Program` means, in plain NumPy. Slow and without tricks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.collect import Collector
from lsm_sim.engine.protocol import Outcome, Request, Runner
from lsm_sim.engine.requests import checked_request
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.progress import progress_bar


@dataclass(frozen=True, eq=False)
class Step:
    """State at the end of a step: u, v (N,), who spiked (N,), and who would have left Loihi's registers (3, N)."""

    u: Any
    v: Any
    spiked: Bools
    excursions: Bools


def float64_step(program: Program, u: Any, v: Any, arrivals: Any, held: Bools) -> tuple[Any, Any, Bools, Bools]:
    """Advance u and v by one step of float64 arithmetic and return them with the spikes, before the reset."""
    u = program.decay_u * u + arrivals
    v = np.where(held, v, program.decay_v * v + (u + program.bias))
    return u, v, v > program.threshold, np.zeros((3, u.size), bool)


def loihi_step(program: Program, u: Any, v: Any, arrivals: Any, held: Bools) -> tuple[Any, Any, Bools, Bools]:
    """Advance u and v by one step of Loihi's integer arithmetic (lava-nc 0.10.0, ``fixed_pt``)."""
    x = wrap32(decay(u, program.du + 1) + (arrivals << 6))
    u = np.where(x > 2**23, x - 2**24, np.where(x <= -(2**23), x + 2**24, x))
    drive = u + program.bias
    new_v = np.clip(decay(v, program.dv) + drive, -(2**23 - 1), 2**23 - 1)
    v = np.where(held, v, new_v)
    excursions = np.stack([np.abs(arrivals) >= 2**15, np.abs(x) >= 2**23, np.abs(drive) >= 2**23])
    return u, v, v > (program.threshold << 6), excursions


def decay(x: Ints, k: Ints) -> Ints:
    """Return x * (4096 - k) / 4096 rounded toward zero."""
    product = x * (4096 - k)
    return np.asarray(np.sign(product) * (np.abs(product) >> 12))


def wrap32(x: Ints) -> Ints:
    """Return x as a 32-bit integer would hold it."""
    return np.asarray((x + 2**31) % 2**32 - 2**31)


def steps(program: Program, stimulus: Spikes) -> Iterator[Step]:
    """Yield the state after each step of ``stimulus``, which holds one sample, from rest."""
    advance, number = (loihi_step, np.int64) if program.arithmetic == "loihi" else (float64_step, np.float64)
    n, slots = program.n_neurons, program.max_delay + 2
    in_flight = np.zeros((slots, n), number)
    u, v = np.zeros(n, number), np.zeros(n, number)
    held_until = np.full(n, -1)
    bounds = np.searchsorted(stimulus.step, np.arange(stimulus.n_steps[0] + 1))
    for k in range(int(stimulus.n_steps[0])):
        arrivals = in_flight[k % slots].copy()
        in_flight[k % slots] = 0
        u, v, spiked, excursions = advance(program, u, v, arrivals, held_until >= k)
        v = np.where(spiked, 0, v)
        held_until[spiked] = k + program.refractory[spiked]
        events = stimulus.channel[bounds[k] : bounds[k + 1]]
        for row in (*events, *(program.n_inputs + np.flatnonzero(spiked))):
            out = slice(program.indptr[row], program.indptr[row + 1])
            np.add.at(in_flight, ((k + 1 + program.delay[out]) % slots, program.post[out]), program.weight[out])
        yield Step(u, v, spiked, excursions)


def run_program(program: Program, stimulus: Spikes, request: Request | None = None) -> Outcome:
    """Run every sample of ``stimulus`` from rest; see `lsm_sim.engine.protocol.Runner`."""
    request = checked_request(program, stimulus, request)
    check_memory((program.max_delay + 2) * program.n_neurons * 8, "reference: the spikes in flight")
    collector = Collector(program, stimulus, request)
    with progress_bar(len(stimulus), request.progress) as advance:
        for b in range(len(stimulus)):
            collector.start(b)
            for k, step in enumerate(steps(program, stimulus[b])):
                collector.add(k, step.u, step.v, step.spiked, step.excursions)
            advance(1)
    return collector.outcome()


@dataclass(frozen=True)
class Reference:
    """The reference backend; runs any program of either arithmetic, bit for bit by definition."""

    name: str = "reference"

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself: whatever can be written can be run."""
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Yield a runner; there is nothing to build or release."""
        yield lambda stimulus, request=None: run_program(program, stimulus, request)
