"""Live sessions: a network that advances step by step for as long as its user wants."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import start_background
from lsm_sim.engine.protocol import DEFAULT, Backend, Outcome, compiled
from lsm_sim.engine.requests import check_form, check_largest_payloads
from lsm_sim.engine.state import State
from lsm_sim.engine.stepping import stepper
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate.recording import chosen, recorded_neurons, traces
from lsm_sim.simulate.results import RecordSpec, StateTrace
from lsm_sim.simulate.stimuli import Stimulus, as_spikes
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.exclusive import Exclusive
from lsm_sim.units import ms


class Session:
    """A network at a moment of its time; `lsm_sim.open` starts one.

    It runs one sample of any length, on one thread, and gives the same spikes as `lsm_sim.run` does for the whole stimulus.
    Background noise of a liquid is the exception: it is drawn as time passes, from its seed and ``trial``; see
    `lsm_sim.encode.background`.
    Only one thread at a time may use it. Close it, or use it in a ``with`` statement, to release the engine.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> liquid = lsm.Liquid(
    ...     [lsm.Inputs("in", 2)],
    ...     [lsm.Neurons("n", 3)],
    ...     [lsm.Synapses("in", "n", lsm.AllToAll(), weight=200.0)],
    ... )
    >>> with lsm.open(liquid, dt=1 * lsm.ms) as session:
    ...     first = session.step([0, 1])  # events on both channels; they arrive in the next step
    ...     second = session.step()
    ...     print(first, second, session.time)
    [] [0 1 2] 0.002
    """

    def __init__(
        self,
        network: Liquid | Program,
        dt: float | None = None,
        *,
        backend: str | Backend = DEFAULT,
        record: RecordSpec | None = None,
        state: State | None = None,
        trial: int = 0,
    ) -> None:
        if not isinstance(network, Liquid | Program):
            raise DescriptionError(
                f"network: got {type(network).__name__}, expected a Liquid, a Program or a trained model"
            )
        self._network, self._trial = network, checks.whole(trial, "trial")
        self._stack = contextlib.ExitStack()
        self._exclusive = Exclusive("session", "open another with lsm_sim.open")
        try:
            self._run = self._stack.enter_context(compiled(_program(network, dt), backend))
            self.program = self._run.program
            self._chosen = chosen(self.program, {} if record is None else record)
            self._begin(state)
        except BaseException:
            self._stack.close()
            raise

    def _begin(self, state: State | None) -> None:
        self._stepper = stepper(self._run, state)
        self._n_steps, network = 0, self._network
        self._n_inputs, self._noise = network.n_inputs, None
        if isinstance(network, Liquid) and network.noise():
            self._noise = start_background(network, self.program.dt, self._trial)
        n_sources = self.program.n_inputs + self.program.n_neurons
        self._largest: Floats = np.ones(n_sources)  # magnitude of payloads, by source
        self._values: dict[str, list[Any]] = {}

    def step(self, events: Any = (), payload: Any = None) -> Ints:
        """Advance by one step and return the neurons that spiked in it, ascending, shape (spikes,).

        Parameters
        ----------
        events
            Input channels with an event in this step, integers in any order, each at most once.
        payload
            An integer for each event, which multiplies the weights of its synapses; None: 1.
        """
        with self._exclusive.used():
            channel = self._channels(events)
            if payload is not None:
                payload = self._payloads(channel, payload)
            if self._noise is not None:
                noise = self._noise.advance(1)[1]
                channel = np.concatenate([channel, noise])
                payload = None if payload is None else np.concatenate([payload, np.ones_like(noise)])
            neurons = self._stepper.step(channel, payload)
            self._n_steps += 1
            if self._chosen:
                self._values = {}
                self._look()
            return neurons

    def advance(self, stimulus: Stimulus) -> Spikes:
        """Advance by the length of the stimulus, which is one sample, and return the spikes; their step 0 is its first."""
        with self._exclusive.used():
            spikes = as_spikes(stimulus, self._network)
            if len(spikes) != 1:
                raise DescriptionError(f"session: got {len(spikes)} samples, expected one; open a session for each")
            check_form(spikes, self._n_inputs, self.program.dt)
            if spikes.payload is not None:
                self._payloads(spikes.channel, spikes.payload)
            return self._advance(spikes)

    def advance_until(self, time: float) -> Spikes:
        """Advance without events up to this time, in seconds since the start, and return the spikes."""
        with self._exclusive.used():
            dt = self.program.dt
            steps = checks.real(time, "session: time", "time") / dt - self._n_steps
            if steps < -0.5:
                got = f"got {float(time):g} s, but the session has reached {self.time:g} s"
                raise DescriptionError(f"session: time goes backwards: {got}; expected a later time, or reset it")
            if round(steps) < 1:
                return self._spikes((), (), 0)
            return self._advance(Spikes.from_events([], [], n_steps=round(steps), n_channels=self._n_inputs, dt=dt))

    def _advance(self, spikes: Spikes) -> Spikes:
        n_steps = int(spikes.n_steps[0])
        if self._noise is not None:
            spikes = self._noise.join(spikes)
        if self._chosen:
            step, neuron = self._advance_and_record(spikes)
        else:
            step, neuron = self._stepper.advance(spikes)
        self._n_steps += n_steps
        return self._spikes(step, neuron, n_steps)

    def _spikes(self, step: Any, neuron: Any, n_steps: int) -> Spikes:
        program = self.program
        if n_steps:
            return piece(step, neuron, n_steps, program.n_neurons, program.dt, groups=program.neuron_groups)
        none = np.empty(0, np.int64)
        return Spikes(
            np.empty(0, np.int32),
            np.empty(0, np.int32),
            np.zeros(1, np.int64),
            none,
            program.n_neurons,
            program.dt,
            program.neuron_groups,
        )

    def _advance_and_record(self, spikes: Spikes) -> tuple[Ints, Ints]:
        self._values = {}
        steps, neurons = [np.empty(0, np.int64)], [np.empty(0, np.int64)]
        bounds = np.searchsorted(spikes.step, np.arange(int(spikes.n_steps[0]) + 1))
        for k, (first, last) in enumerate(itertools.pairwise(bounds)):
            payload = None if spikes.payload is None else spikes.payload[first:last]
            neurons.append(self._stepper.step(spikes.channel[first:last], payload))
            steps.append(np.full(neurons[-1].size, k))
            self._look()
        return np.concatenate(steps), np.concatenate(neurons)

    def _look(self) -> None:
        for name in self.program.state:
            if any(name in names for _, names in self._chosen.values()):
                values = self._stepper.values(name)[recorded_neurons(self._chosen)]
                self._values.setdefault(name, []).append(np.asarray(values, np.float64))

    @property
    def traces(self) -> Mapping[str, Mapping[str, StateTrace]]:
        """State variables of the latest `step` or `advance`, as ``record`` asked, by variable, then by group name.

        In the units of `lsm_sim.Result.traces`; times are in seconds since the start of the session.
        """
        if not self._values:
            return {}
        n = len(next(iter(self._values.values())))
        times: Floats = np.asarray((self._n_steps - n + 1 + np.arange(n)) * self.program.dt, np.float64)
        outcome = Outcome(traces={name: (np.stack(values),) for name, values in self._values.items()})
        units = self.program.units if isinstance(self._network, Liquid) else None
        return {name: traces(name, self.program, units, self._chosen, outcome, (times,)) for name in self._values}

    @property
    def state(self) -> State:
        """The state after the last step, of one sample: `lsm_sim.run`, another session or another engine goes on from it."""
        with self._exclusive.used():
            return self._stepper.state()

    def reset(self, state: State | None = None) -> None:
        """Go back to the start: to rest, or to ``state``; time counts from 0 again."""
        with self._exclusive.used():
            self._begin(state)

    @property
    def n_steps(self) -> int:
        """Number of steps since the start or the last `reset`."""
        return self._n_steps

    @property
    def time(self) -> float:
        """Time since the start or the last `reset`, in seconds."""
        return float(self._n_steps * self.program.dt)

    def close(self) -> None:
        """Release the engine; nothing happens if it is closed already."""
        self._exclusive.closed = True
        self._stack.close()

    def __enter__(self) -> Session:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __repr__(self) -> str:
        where = "closed" if self._exclusive.closed else f"at {self.time:g} s"
        return f"Session({self.program.n_neurons} neurons on {self._run.backend.name}, {where})"

    def _channels(self, events: Any) -> Ints:
        channel = events if type(events) is np.ndarray and events.dtype.kind in "iu" else None
        channel = checks.whole_array(events, "session: events") if channel is None else channel
        if channel.ndim != 1:
            raise DescriptionError(f"session: events: got shape {channel.shape}, expected a list of input channels")
        if channel.size:
            n = self._n_inputs
            if channel.min() < 0 or channel.max() >= n:
                bad = channel[(channel < 0) | (channel >= n)][0]
                raise DescriptionError(f"session: events: got channel {bad}, expected {f'0..{n - 1}' if n else 'none'}")
            if len(set(channel.tolist())) != channel.size:
                raise DescriptionError(
                    "session: events: got a channel twice, expected at most one event per step on each"
                )
        return channel

    def _payloads(self, channel: Any, payload: Any) -> Ints:
        """Return the payloads after checking that sums with all that came so far are exact."""
        values = checks.whole_array(payload, "session: payload")
        if values.shape != channel.shape:
            raise DescriptionError(
                f"session: payload: got shape {values.shape}, expected {channel.shape}, one per event"
            )
        if (values < -checks.MOST).any() or (values > checks.MOST).any():  # the magnitude of -2^63 does not fit 64 bits
            raise DescriptionError("session: payload: expected integers within +-(2^31 - 1)")
        if (np.abs(values) > self._largest[channel]).any():
            largest: Any = self._largest.copy()
            np.maximum.at(largest, channel, np.abs(values))
            check_largest_payloads(self.program, largest)
            self._largest = np.asarray(largest)
        return values


def _program(network: Liquid | Program, dt: float | None) -> Program:
    if isinstance(network, Liquid):
        return lower(network, 1 * ms if dt is None else dt)
    if dt is not None and not np.isclose(checks.positive(dt, "dt", "time"), network.dt, rtol=1e-9, atol=0):
        raise DescriptionError(f"dt: got {dt:g} s, but the program has {network.dt:g} s; leave it out, or lower again")
    return network
