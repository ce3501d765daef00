"""Runs of batches on the torch backend: some samples at a time, a piece of time after the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch

from lsm_sim.backend import Outcome, Request
from lsm_sim.engine import state as states
from lsm_sim.engine.ends import Ends
from lsm_sim.engine.requests import checked_request, recorded_steps, recorded_variables
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.progress import progress_bar
from lsm_sim_torch import forward
from lsm_sim_torch.forward import PlasticState, Record, State
from lsm_sim_torch.network import network_of

_VALUES = 2**23  # numbers kept for one piece of some samples


class Runs:
    """Runs batches of one program on a device; see `lsm_sim.engine.protocol.StatefulRunner`."""

    def __init__(self, program: Program, device: str) -> None:
        self._program, self._device = program, device
        cells = program.n_inputs + program.n_neurons
        check_memory(8 * cells * (program.max_delay + 2), "torch: the last signals of a sample")
        self._network = network_of(program, device)

    def __call__(self, stimulus: Spikes, request: Request | None = None, state: states.State | None = None) -> Outcome:
        """Run every sample of ``stimulus`` from rest, or on from ``state``."""
        program = self._program
        request = checked_request(program, stimulus, request)
        if state is not None:
            states.checked_state(program, state, len(stimulus))
        results = _Results(program, stimulus, request, state)
        with torch.inference_mode(), progress_bar(len(stimulus), request.progress) as advance:
            for samples in self._groups(stimulus):
                self._run(stimulus, samples, state, results)
                advance(len(samples))
        return results.outcome()

    def _groups(self, stimulus: Spikes) -> Iterator[Ints]:
        """Yield samples that run side by side, of similar lengths."""
        cells = self._program.n_inputs + self._program.n_neurons
        size = max(1, _VALUES // (cells * 4 * (self._program.max_delay + 1 + 16)))
        order = np.argsort(stimulus.n_steps, kind="stable")
        for first in range(0, len(order), size):
            yield order[first : first + size]

    def _run(self, stimulus: Spikes, samples: Ints, begin: states.State | None, results: _Results) -> None:
        program, network = self._program, self._network
        now = State.start(network, len(samples)) if begin is None else self._state(begin, samples)
        parts = [stimulus[int(b)] for b in samples]
        n_steps, cells = int(stimulus.n_steps[samples].max()), program.n_inputs + program.n_neurons
        piece = max(1, min(n_steps, _VALUES // (8 * cells * len(samples))))
        for first in range(0, n_steps, piece):
            last = min(first + piece, n_steps)
            inputs, sent = self._events(parts, first, last)
            record, now = forward.run(network, inputs, now, sent)
            results.add(record, record.spikes(network.wiring), samples, first)

    def _events(self, parts: list[Spikes], first: int, last: int) -> tuple[Any, Any]:
        """Return payloads and events, (steps, C, samples) each."""
        shape = last - first, self._program.n_inputs, len(parts)
        payload, sent = np.zeros(shape), np.zeros(shape)
        for b, part in enumerate(parts):
            low, high = np.searchsorted(part.step, [first, last])
            at = part.step[low:high] - first, part.channel[low:high], b
            sent[at] = 1
            payload[at] = 1 if part.payload is None else part.payload[low:high]
        return torch.as_tensor(payload, device=self._device), torch.as_tensor(sent, device=self._device)

    def _state(self, begin: states.State, samples: Ints) -> State:
        """Return a state as tensors; what is in flight arrives beside what is sent later."""
        network, arrays = self._network, {name: values[samples] for name, values in begin.arrays().items()}
        out = State.start(network, len(samples))

        def tensor(values: Any) -> Any:
            return torch.as_tensor(np.ascontiguousarray(values), device=self._device)

        out.variables = {name: tensor(arrays[name].T) for name in out.variables}
        if out.held_until is not None:
            out.held_until = tensor(arrays["hold"].T - 1)
        past = out.signals
        out.plastic = [
            PlasticState(tensor(arrays["r"][:, n].T), tensor(arrays["f"][:, n].T), past)
            for n in range(len(network.plastic))
        ]
        pending = arrays["in_flight"].transpose(2, 1, 3, 0)  # steps, receptors, neurons, samples
        out.pending = tensor(pending.reshape(pending.shape[0], -1, len(samples)))
        return out


class _Results:
    """Collects what was requested, from records of pieces."""

    def __init__(self, program: Program, stimulus: Spikes, request: Request, begin: states.State | None) -> None:
        self._program, self._stimulus, self._request = program, stimulus, request
        n_samples, nothing = len(stimulus), np.empty(0, np.int64)
        self._spikes: list[list[tuple[Ints, Ints]]] = [[(nothing, nothing)] for _ in range(n_samples)]
        self._counts = None
        if request.bins is not None:
            self._counts = np.zeros((n_samples, request.bins.shape[1] - 1, program.n_neurons), np.int32)
        self._steps = [recorded_steps(request, int(n)) for n in stimulus.n_steps]
        self._traces = {
            name: [np.empty((steps.size, request.neurons.size)) for steps in self._steps]
            for name in recorded_variables(program, request)
        }
        self._ends = Ends(program, stimulus, begin) if request.keep_state else None

    def add(self, record: Record, spikes: Any, samples: Ints, first: int) -> None:
        """Add the steps from ``first`` on of some samples."""
        last = first + len(spikes)
        b, step, neuron = (part.cpu().numpy() for part in spikes.permute(2, 0, 1).nonzero(as_tuple=True))
        bounds = np.searchsorted(b, np.arange(len(samples) + 1))
        for place, sample in enumerate(samples.tolist()):
            at = slice(bounds[place], bounds[place + 1])
            running = step[at] + first < self._stimulus.n_steps[sample]
            self._add_spikes(sample, step[at][running] + first, neuron[at][running])
            self._add_traces(sample, place, record, first, last)

    def _add_spikes(self, b: int, step: Any, neuron: Any) -> None:
        if self._request.spikes:
            self._spikes[b].append((step, neuron))
        if self._counts is not None and self._request.bins is not None:
            np.add.at(self._counts[b], (np.searchsorted(self._request.bins[b], step, side="right") - 1, neuron), 1)
        if self._ends is not None:
            self._ends.add_spikes(b, step, neuron)

    def _add_traces(self, b: int, place: int, record: Record, first: int, last: int) -> None:
        low, high = np.searchsorted(self._steps[b], [first, last])
        if high > low:
            steps, neurons = (torch.as_tensor(x) for x in (self._steps[b][low:high] - first, self._request.neurons))
            for name, rows in self._traces.items():
                values = record.variables[name][:, :, place].cpu()
                rows[b][low:high] = values[steps][:, neurons].numpy()
        end = int(self._stimulus.n_steps[b]) - 1
        if self._ends is not None and first <= end < last:
            for name, values in record.variables.items():
                self._ends.set_variable(b, name, values[end - first, :, place].cpu().numpy())

    def outcome(self) -> Outcome:
        """Return everything that was requested."""
        return Outcome(
            spikes=self._all_spikes() if self._request.spikes else None,
            counts=self._counts,
            traces={name: tuple(rows) for name, rows in self._traces.items()},
            state=None if self._ends is None else self._ends.state(),
        )

    def _all_spikes(self) -> Spikes:
        step, neuron = (np.concatenate([part[axis] for sample in self._spikes for part in sample]) for axis in (0, 1))
        offsets = np.cumsum([0, *(sum(part[0].size for part in sample) for sample in self._spikes)])
        stimulus, program = self._stimulus, self._program
        return Spikes(step, neuron, offsets, stimulus.n_steps, program.n_neurons, program.dt, program.neuron_groups)
