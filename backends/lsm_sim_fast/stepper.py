"""One sample of any length, advanced by one kernel call per step: what a live session costs least with."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.engine.requests import checked_request
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints
from lsm_sim_fast.compiled import push
from lsm_sim_fast.compiled.arguments import Events
from lsm_sim_fast.layout import Layout
from lsm_sim_fast.results import Batch, Results
from lsm_sim_fast.tuning import Tuning
from lsm_sim_fast.worker import Meeting, Worker

_MOST = 2**29  # steps that are counted before the count begins again; with a hold of up to 2^30 steps they fit 32 bits
_PIECE = 2**20  # steps of a stimulus that are run between two looks at the count
_STIMULUS, _SPIKES, _EXTRAS = 8, 9, 13  # places among `Worker.kernel_arguments`


class Layouts(Protocol):
    """The layouts that a program was given; see `lsm_sim_fast.engine`."""

    tuning: Tuning

    def push(
        self, program: Program, n_parts: int, *, sort: bool, payloads: Floats | None = None, state: State | None = None
    ) -> Layout:
        """Return a layout for the push kernel."""
        ...


class Stepper:
    """A network that advances step by step; see `lsm_sim.engine.stepping.Stepper`.

    Payloads need another kernel, and numbers that are large enough, so it is set up again, from its state, when the first one
    or a larger one comes.
    """

    def __init__(self, program: Program, state: State, layouts: Layouts) -> None:
        self._program, self._layouts = program, layouts
        self._largest = 0  # magnitude of a payload for which it is set up; 0: without payloads
        self._set_up(state)

    def _set_up(self, state: State) -> None:
        program, tuning = self._program, self._layouts.tuning
        payloads = None
        if self._largest:
            payloads = np.ones(program.n_inputs + program.n_neurons)
            payloads[: program.n_inputs] = self._largest
        layout = self._layouts.push(program, 1, sort=False, payloads=payloads, state=state)
        layout.check_indices()
        stimulus = _example(program, graded=bool(self._largest))
        request = checked_request(program, stimulus, Request(keep_state=True))
        batch = Batch(program, stimulus, request, Results.empty(program, stimulus, request, 1), tuning, state)
        self._worker = Worker(batch, layout, 0, Meeting(1, program.n_neurons))
        self._worker.rest()
        self._worker.begin(state, 0)
        self._digest, self._room = state.program, batch.results.state
        self._cursor, self._k = np.zeros(push.N_CURSORS, np.int64), 0
        self._arguments = list(self._worker.kernel_arguments(0, np.zeros(1, np.uint8), self._cursor))

    def step(self, channel: Any, payload: Any) -> Ints:
        """Advance by one step."""
        self._prepare(payload)
        k = self._k
        self._give(np.full(len(channel), k), channel, payload)
        self._k = self._worker.kernel(k, k + 1, *self._arguments)
        spikes: Any = self._arguments[_SPIKES].channel[: self._cursor[push.SPIKE]]
        return np.array(spikes, np.int64)

    def advance(self, stimulus: Spikes) -> tuple[Any, Any]:
        """Advance by the steps of a sample."""
        n_steps, pieces = int(stimulus.n_steps[0]), []
        for first in range(0, n_steps, _PIECE):
            events = slice(*np.searchsorted(stimulus.step, [first, first + _PIECE]))
            payload = None if stimulus.payload is None else stimulus.payload[events]
            self._prepare(payload)
            begin, stop = self._k, self._k + min(_PIECE, n_steps - first)
            self._give(stimulus.step[events] - first + begin, stimulus.channel[events], payload)
            while self._k < stop:
                self._cursor[push.SPIKE] = 0
                self._k = self._worker.kernel(self._k, stop, *self._arguments)
                step, neuron = self._worker.take_spikes(self._cursor)
                pieces.append((step.astype(np.int64) + (first - begin), neuron))
        return np.concatenate([step for step, _ in pieces]), np.concatenate([neuron for _, neuron in pieces])

    def values(self, variable: str) -> Any:
        """Return a copy of a state variable."""
        kind = self._room[variable].dtype
        return np.array(self._worker.variable(variable)[: self._program.n_neurons], kind)

    def state(self) -> State:
        """Return the state, with counts of steps that start at 0 again."""
        self._worker.end(self._room, 0, self._k, int(self._cursor[push.SLOT]))
        return State(self._digest, **{name: values.copy() for name, values in self._room.items()})

    def _prepare(self, payload: Any) -> None:
        """Set up again if a payload is larger than those before, and start to count at 0 before steps exceed 32 bits."""
        largest = 0 if payload is None or not len(payload) else max(1, int(np.abs(payload).max()))
        if largest > self._largest:
            self._largest = 1 << (largest - 1).bit_length()
            self._set_up(self.state())
        if self._k >= _MOST:
            self._worker.count_from(self._k)
            self._k = 0

    def _give(self, step: Any, channel: Any, payload: Any) -> None:
        """Hand these events to the kernel, arrays of the types that it was compiled for."""
        self._arguments[_STIMULUS] = Events(_frozen(step), _frozen(channel))
        if self._largest:
            payload = np.ones(len(channel)) if payload is None else payload
            self._arguments[_EXTRAS] = self._arguments[_EXTRAS]._replace(payload=_frozen(payload))
        self._cursor[push.EVENT] = self._cursor[push.SPIKE] = 0


def _example(program: Program, *, graded: bool) -> Spikes:
    """Return a stimulus for which a kernel is compiled; nothing in it is run."""
    payload = [2] if graded else None
    none = [0] if graded else []
    return Spikes.from_events(none, none, n_steps=1, n_channels=program.n_inputs, dt=program.dt, payload=payload)


def _frozen(values: Any) -> Any:
    """Return the values in an array of the kind that `Spikes` has."""
    array = np.array(values, np.int32)
    array.flags.writeable = False
    return array
