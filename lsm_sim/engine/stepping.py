"""A network that advances a piece at a time and keeps its state in between: what a live session runs on."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

from lsm_sim.engine.protocol import Compiled, Request, check_state_supported
from lsm_sim.engine.state import State, checked_state
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints


class Stepper(Protocol):
    """One sample of a program, of any length. An engine may offer one: ``runner.stepper(state)`` of its `Runner`."""

    def step(self, channel: Any, payload: Any) -> Ints:
        """Advance by one step with events on these channels, each once; return the neurons that spiked, ascending."""
        ...

    def advance(self, stimulus: Spikes) -> tuple[Any, Any]:
        """Advance by the steps of one sample; return step and neuron of every spike."""
        ...

    def values(self, variable: str) -> Any:
        """Return a state variable of all neurons after the last step, (N,)."""
        ...

    def state(self) -> State:
        """Return the state after the last step."""
        ...


class RunStepper:
    """A `Stepper` for any engine that supports "state": each piece is a run from the state at the end of the last."""

    def __init__(self, run: Compiled, state: State) -> None:
        self._run, self._state = run, state
        self._request = Request(keep_state=True, progress=False)

    def step(self, channel: Any, payload: Any) -> Ints:
        """Run one step."""
        program = self._run.program
        now = np.zeros(len(channel), np.int64)
        stimulus = Spikes.from_events(
            now, channel, n_steps=1, n_channels=program.n_inputs, dt=program.dt, sort=True, payload=payload
        )
        neurons: Ints = self.advance(stimulus)[1]
        return neurons

    def advance(self, stimulus: Spikes) -> tuple[Any, Any]:
        """Run one sample."""
        outcome = self._run(stimulus, self._request, self._state)
        assert outcome.state is not None  # `Compiled` has checked both
        assert outcome.spikes is not None
        self._state = outcome.state
        return outcome.spikes.step, outcome.spikes.channel

    def values(self, variable: str) -> Any:
        """Return the values in the state."""
        return self._state.arrays()[variable][0]

    def state(self) -> State:
        """Return the state."""
        return self._state


def stepper(run: Compiled, state: State | None = None) -> Stepper:
    """Return the engine's own stepper, or one made of short runs; from ``state``, of one sample, or from rest.

    Raises
    ------
    UnsupportedError
        If the engine does not support "state".
    DescriptionError
        If the state is not one of this program.
    """
    begin = State.start(run.program) if state is None else checked_state(run.program, state, 1)
    check_state_supported(run.backend, Request(keep_state=True), None)
    own = getattr(run.runner, "stepper", None)
    made: Stepper | None = None if own is None else own(begin)
    return RunStepper(run, begin) if made is None else made
