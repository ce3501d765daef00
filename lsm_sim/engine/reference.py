"""The reference engine: the executable definition of what a `Program` means, in plain NumPy. Slow and simple."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.dynamics import STP
from lsm_sim.engine.collect import Collector
from lsm_sim.engine.protocol import Outcome, Request, Runner, check_supported
from lsm_sim.engine.requests import checked_request
from lsm_sim.engine.state import State, checked_state
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


class Simulation:
    """One sample of a program, step by step."""

    def __init__(self, program: Program, begin: State | None = None) -> None:
        begin = State.start(program) if begin is None else begin
        self._program = program
        self._advance = program.model.step[program.arithmetic]
        self._slots = program.max_delay + 2
        self._k = 0
        arrays = {name: values[0] for name, values in begin.arrays().items()}
        self._state = {name: arrays[name] for name in program.state}
        plastic = iter(zip(arrays["r"], arrays["f"], strict=True))
        self._senders = [
            _Sender(program, block, next(plastic) if block.rule == "stp" else None) for block in program.blocks
        ]
        self._in_flight = np.zeros((self._slots, program.n_receptors, program.n_neurons), program.weight.dtype)
        self._in_flight[:-1] = arrays["in_flight"].swapaxes(0, 1)
        self._held_until = arrays["hold"] - 1

    def step(self, channels: Any, payload: Any = None) -> Step:
        """Advance by one step, in which these input channels have events; ``payload`` has one integer for each, None: 1."""
        program, k = self._program, self._k
        arrivals = self._in_flight[k % self._slots].copy()
        self._in_flight[k % self._slots] = 0
        held = self._held_until >= k
        self._state, spiked, excursions = self._advance(program.arrays, self._state, arrivals, held)
        self._held_until = np.where(spiked, k + program.refractory, self._held_until)
        neurons = np.flatnonzero(spiked)
        rows = np.concatenate([channels, program.n_inputs + neurons])
        amounts = np.ones(rows.size, np.int64)
        if payload is not None:
            amounts[: channels.size] = payload
        for sender in self._senders:
            sender.send(k, rows, amounts, self._in_flight)
        self._k += 1
        return Step(self._state, spiked, excursions)

    def state(self) -> dict[str, Any]:
        """Return the arrays of the state after the last step; see `State`."""
        plastic = [sender.state for sender in self._senders if sender.state is not None]
        n_sources = self._program.n_inputs + self._program.n_neurons
        order = (self._k + np.arange(self._slots - 1)) % self._slots
        return {
            **self._state,
            "hold": np.maximum(self._held_until - self._k + 1, 0),
            "in_flight": self._in_flight[order].swapaxes(0, 1),
            "r": np.array([one["r"] for one in plastic]).reshape(-1, n_sources),
            "f": np.array([one["f"] for one in plastic]).reshape(-1, n_sources),
        }


class _Sender:
    """A block of synapses, with the state of its rule."""

    def __init__(self, program: Program, block: SynapseBlock, begin: tuple[Any, Any] | None) -> None:
        self._block, self._kind, self._arrays = block, program.arithmetic, block.arrays
        self._exponent = block.exponent
        self.state = None if begin is None else {"r": begin[0], "f": begin[1]}

    def send(self, k: int, rows: Ints, payload: Ints, in_flight: Any) -> None:
        """Add what the sources ``rows`` deliver, each times its payload, to the slots in which it arrives."""
        block, efficacies = self._block, None
        if self.state is not None:
            rested = STP.rest[self._kind](self._arrays, self.state)
            self.state, efficacies = STP.send[self._kind](self._arrays, rested, rows)
        for j, row in enumerate(rows):
            out = slice(block.indptr[row], block.indptr[row + 1])
            amount = block.weight[out]
            if efficacies is not None:
                amount = STP.amount[self._kind](amount, efficacies[j], self._exponent)
            slots = (k + 1 + block.delay[out]) % len(in_flight)
            np.add.at(in_flight[:, block.receptor], (slots, block.post[out]), amount * payload[j])


def run_program(
    program: Program, stimulus: Spikes, request: Request | None = None, state: State | None = None
) -> Outcome:
    """Run every sample of ``stimulus`` from rest, or from ``state``; see `lsm_sim.engine.protocol.Runner`."""
    check_again(vars(program), program.model)
    request = checked_request(program, stimulus, request)
    n_samples = len(stimulus)
    begin = State.start(program, n_samples) if state is None else checked_state(program, state, n_samples)
    check_memory(
        (program.max_delay + 2) * program.n_receptors * program.n_neurons * 8, "reference: the spikes in flight"
    )
    collector, ends = Collector(program, stimulus, request), []
    with progress_bar(n_samples, request.progress) as advance:
        for b in range(n_samples):
            collector.start(b)
            simulation = Simulation(program, begin[b])
            for k, events in enumerate(_events(stimulus[b])):
                step = simulation.step(*events)
                collector.add(k, step.state, step.spiked, step.excursions)
            ends.append(simulation.state())
            advance(1)
    outcome = collector.outcome()
    if not request.keep_state:
        return outcome
    arrays = {name: np.stack([end[name] for end in ends]) for name in ends[0]}
    return dataclasses.replace(outcome, state=State(begin.program, **arrays))


def _events(sample: Spikes) -> Iterator[tuple[Any, Any]]:
    """Yield the channels and the payloads of the events of each step."""
    bounds = np.searchsorted(sample.step, np.arange(sample.n_steps[0] + 1))
    for first, last in itertools.pairwise(bounds):
        yield sample.channel[first:last], None if sample.payload is None else sample.payload[first:last]


@dataclass(frozen=True)
class Reference:
    """The reference backend; runs any program in either arithmetic, and defines the results."""

    name: str = "reference"
    supports: frozenset[str] = frozenset(
        {"adaptive-threshold", "blocks", "graded", "initial-state", "state", "stp", "two-currents"}
    )

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        check_supported(self, program)
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Yield a runner; there is nothing to build or release."""
        yield lambda stimulus, request=None, state=None: run_program(program, stimulus, request, state)
