"""The states at the end of a run, for engines that show the state variables of neurons and the spikes only.

What is in flight, for how long neurons are held, and the resources of synapses follow from what the sources have sent: the
events of the stimulus and the spikes.
"""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from lsm_sim.dynamics import STP
from lsm_sim.engine.state import State
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints


class Ends:
    """The states at the end of all samples of a batch, which began in ``begin``; None: at rest."""

    def __init__(self, program: Program, stimulus: Spikes, begin: State | None) -> None:
        n_samples = len(stimulus)
        begin = State.start(program, n_samples) if begin is None else begin
        self._program, self._digest = program, begin.program
        self._arrays = {name: values.copy() for name, values in begin.arrays().items()}
        self._sent = [_Sent(program, begin[b], stimulus[b]) for b in range(n_samples)]

    def add_spikes(self, b: int, step: Any, neuron: Any) -> None:
        """Add spikes of sample ``b``, sorted by step, in parts of whole steps one after the other."""
        self._sent[b].add(step, neuron)

    def set_variable(self, b: int, name: str, values: Any) -> None:
        """Set a state variable of the neurons (N,) at the end of sample ``b``."""
        self._arrays[name][b] = values

    def state(self) -> State:
        """Return the states, when all spikes are added and all variables are set."""
        for b, sent in enumerate(self._sent):
            for name, values in sent.end().items():
                self._arrays[name][b] = values
        return State(self._digest, **self._arrays)


class _Sent:
    """What the sources of one sample have sent."""

    def __init__(self, program: Program, begin: State, sample: Spikes) -> None:
        self._program, self._n_steps = program, int(sample.n_steps[0])
        arrays = {name: values[0] for name, values in begin.arrays().items()}
        self._held_until = arrays["hold"] - 1
        self._in_flight = np.zeros_like(arrays["in_flight"])
        still = arrays["in_flight"][:, self._n_steps :]
        self._in_flight[:, : still.shape[1]] = still
        self._plastic = [{"r": r, "f": f} for r, f in zip(arrays["r"], arrays["f"], strict=True)]
        self._step, self._channel = sample.step.astype(np.int64), sample.channel.astype(np.int64)
        self._payload = np.ones(self._step.size, np.int64)
        if sample.payload is not None:
            self._payload = sample.payload.astype(np.int64)
        self._k = 0  # everything sent before this step is taken into account

    def add(self, step: Any, neuron: Any) -> None:
        """Add spikes of whole steps after those added before; sorted by step."""
        if step.size:
            self._add(int(step[-1]) + 1, step.astype(np.int64), neuron.astype(np.int64))

    def end(self) -> dict[str, Any]:
        """Return the arrays of the state at the end that do not belong to the model of the neurons."""
        none = np.empty(0, np.int64)
        self._add(self._n_steps, none, none)
        shape = len(self._plastic), self._program.n_inputs + self._program.n_neurons
        return {
            "hold": np.maximum(self._held_until - self._n_steps + 1, 0),
            "in_flight": self._in_flight,
            **{name: np.array([one[name] for one in self._plastic]).reshape(shape) for name in ("r", "f")},
        }

    def _add(self, until: int, step: Ints, neuron: Ints) -> None:
        """Take into account the steps before ``until``, whose spikes are given."""
        first, last = np.searchsorted(self._step, [self._k, until])
        self._held_until[neuron] = step + self._program.refractory[neuron]  # of several values the last one remains
        step = np.concatenate([self._step[first:last], step])
        order = np.argsort(step, kind="stable")
        source = np.concatenate([self._channel[first:last], self._program.n_inputs + neuron])[order]
        payload = np.concatenate([self._payload[first:last], np.ones(neuron.size, np.int64)])[order]
        step, plastic = step[order], 0
        for block in self._program.blocks:
            efficacy = None
            if block.rule == "stp":
                self._plastic[plastic], efficacy = self._used(block, self._plastic[plastic], until, step, source)
                plastic += 1
            self._send(block, step, source, payload, efficacy)
        self._k = until

    def _used(self, block: SynapseBlock, state: Any, until: int, step: Ints, source: Ints) -> tuple[Any, Any]:
        """Return the state of the sources of a plastic block after these steps, and the efficacy of each event."""
        kind, efficacy = self._program.arithmetic, [np.empty(0, state["r"].dtype)]
        bounds = np.searchsorted(step, np.arange(self._k, until + 1)).tolist()
        for first, last in itertools.pairwise(bounds):
            state = STP.rest[kind](block.arrays, state)
            if first < last:
                state, used = STP.send[kind](block.arrays, state, source[first:last])
                efficacy.append(used)
        return state, np.concatenate(efficacy)

    def _send(self, block: SynapseBlock, step: Ints, source: Ints, payload: Ints, efficacy: Any) -> None:
        """Add what the events deliver after the end of the sample."""
        late = step + self._program.max_delay + 1 >= self._n_steps
        step, source, payload = step[late], source[late], payload[late]
        size = block.indptr[source + 1] - block.indptr[source]
        event = np.repeat(np.arange(size.size), size)
        synapse = np.arange(event.size) + np.repeat(block.indptr[source] - np.cumsum(size) + size, size)
        slot = step[event] + 1 + block.delay[synapse] - self._n_steps
        to_come = slot >= 0
        event, synapse, slot = event[to_come], synapse[to_come], slot[to_come]
        amount = block.weight[synapse]
        if efficacy is not None:
            amount = STP.amount[self._program.arithmetic](amount, efficacy[late][event], block.exponent)
        np.add.at(self._in_flight[block.receptor], (slot, block.post[synapse]), amount * payload[event])
