"""The reference engine: the executable definition of what a `Program` means, in plain NumPy. Slow and simple."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.dynamics import STP
from lsm_sim.engine.collect import Collector
from lsm_sim.engine.protocol import Outcome, Request, Runner, check_supported
from lsm_sim.engine.requests import checked_request
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.checks import check_again
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints
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
    synapses = [_Sender(program, block) for block in program.blocks]
    in_flight = np.zeros((slots, program.n_receptors, n), program.weight.dtype)
    held_until = np.full(n, -1)
    bounds = np.searchsorted(stimulus.step, np.arange(stimulus.n_steps[0] + 1))
    for k in range(int(stimulus.n_steps[0])):
        arrivals = in_flight[k % slots].copy()
        in_flight[k % slots] = 0
        state, spiked, excursions = advance(arrays, state, arrivals, held_until >= k)
        held_until[spiked] = k + program.refractory[spiked]
        now = slice(bounds[k], bounds[k + 1])
        neurons = np.flatnonzero(spiked)
        rows = np.concatenate([stimulus.channel[now], program.n_inputs + neurons])
        payload = np.ones(rows.size, np.int64)
        if stimulus.payload is not None:
            payload[: rows.size - neurons.size] = stimulus.payload[now]
        for sender in synapses:
            sender.send(k, rows, payload, in_flight)
        yield Step(state, spiked, excursions)


class _Sender:
    """A block of synapses, with the state of its rule."""

    def __init__(self, program: Program, block: SynapseBlock) -> None:
        self._block, self._kind, self._arrays = block, program.arithmetic, block.arrays
        self._exponent = block.exponent
        self._state = STP.start(program.n_inputs + program.n_neurons, program.arithmetic)

    def send(self, k: int, rows: Ints, payload: Ints, in_flight: Any) -> None:
        """Add what the sources ``rows`` deliver, each times its payload, to the slots in which it arrives."""
        block, efficacies = self._block, None
        if block.rule == "stp":
            self._state = STP.rest[self._kind](self._arrays, self._state)
            self._state, efficacies = STP.send[self._kind](self._arrays, self._state, rows)
        for j, row in enumerate(rows):
            out = slice(block.indptr[row], block.indptr[row + 1])
            amount = block.weight[out]
            if efficacies is not None:
                amount = STP.amount[self._kind](amount, efficacies[j], self._exponent)
            slots = (k + 1 + block.delay[out]) % len(in_flight)
            np.add.at(in_flight[:, block.receptor], (slots, block.post[out]), amount * payload[j])


def run_program(program: Program, stimulus: Spikes, request: Request | None = None) -> Outcome:
    """Run every sample of ``stimulus`` from rest; see `lsm_sim.engine.protocol.Runner`."""
    check_again(vars(program), program.model)
    request = checked_request(program, stimulus, request)
    check_memory(
        (program.max_delay + 2) * program.n_receptors * program.n_neurons * 8, "reference: the spikes in flight"
    )
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
    supports: frozenset[str] = frozenset(
        {"adaptive-threshold", "blocks", "graded", "initial-state", "stp", "two-currents"}
    )

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        check_supported(self, program)
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Yield a runner; there is nothing to build or release."""
        yield lambda stimulus, request=None: run_program(program, stimulus, request)
