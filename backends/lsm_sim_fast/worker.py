"""What one thread does: its share of the neurons of each sample, with buffers of its own."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lsm_sim.engine.requests import recorded_steps
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim_fast import aligned, form, neuron_arrays, states
from lsm_sim_fast.compiled import arguments, push
from lsm_sim_fast.compiled.caching import compiled_for
from lsm_sim_fast.compiled.rows import UNROLLED, VECTOR
from lsm_sim_fast.compiled.waiting import flags
from lsm_sim_fast.extras import begin_extras, extras, of_sample
from lsm_sim_fast.layout import Layout, whole_lines
from lsm_sim_fast.results import Batch, Pieces


class Meeting:
    """What the threads of one sample share: the spikes of the last two steps, and how far each thread has come."""

    def __init__(self, n_parts: int, n_neurons: int) -> None:
        self.lists = np.zeros((2, n_parts, n_neurons + 16), np.int32)
        self.sizes = np.zeros((2, n_parts), np.int64)
        self.flags = flags(n_parts)

    def rest(self) -> None:
        """Put everything back to the start of a sample."""
        self.flags[:] = 0


class Worker:
    """One thread's state and buffers."""

    def __init__(self, batch: Batch, layout: Layout, part: int, meeting: Meeting) -> None:
        program, request = batch.program, batch.request
        edges = layout.edges[layout.parts[part] : layout.parts[part + 1] + 1]
        first, last = int(edges[0]), int(edges[-1])
        which = layout.order[first:last]
        room = whole_lines(last - first)
        self._batch, self._part, self._which = batch, part, which
        self._forms = form.choose().vector, layout.rows
        self._share = arguments.Share(
            edges=edges,
            order=which if (np.diff(which) != 1).any() else which[:0],
            spiked=aligned.zeros(room, np.uint8),
        )
        self._arrivals = _arrivals(layout, edges.size - 1)
        self._pending = slice(0, 0)  # places of a strip where arrivals may be left over
        self._synapses = _synapses(program, layout, part)
        self._neurons = neuron_arrays.parameters(program, which, wide=layout.wide)
        self._state = neuron_arrays.state(program, room)
        self._start = neuron_arrays.start(program, which)
        self._extras = extras(batch, layout, part, which, room)
        self._team = arguments.Team(part, meeting.lists, meeting.sizes, meeting.flags)
        size = max(batch.tuning.spike_buffer, 2 * (last - first)) if request.spikes else 0
        self._spikes = arguments.Events(np.empty(size, np.int32), np.empty(size, np.int32))
        chosen = np.flatnonzero((request.neurons >= first) & (request.neurons < last))
        self._recorded = request.neurons[chosen], chosen
        self.kernel: Any = None  # once it is compiled for what it is handed

    def rest(self) -> None:
        """Put everything of this thread back to the start of a sample."""
        self._arrivals.strip[:, self._pending] = 0
        neuron_arrays.begin(self._state, self._start)
        if self._extras is not None:
            begin_extras(self._extras, self._batch.program.arithmetic)

    def run(self, item: int, stop: Any) -> None:
        """Call the kernel until the sample ends, emptying the spike buffer in between."""
        batch, b = self._batch, item
        cursor, n_steps, k = np.zeros(push.N_CURSORS, np.int64), int(batch.stimulus.n_steps[b]), 0
        if batch.state is not None:
            self.begin(batch.state, b)
        rest = self.kernel_arguments(b, stop, cursor)
        pieces: Pieces = []
        while k < n_steps and not stop[0]:
            k = self.kernel(k, n_steps, *rest)
            if cursor[push.SPIKE]:
                pieces.append(self.take_spikes(cursor))
            if cursor[push.PHASE]:
                time.sleep(0)  # the others have no core at the moment: let them have this one
        width, slot = self._arrivals.width, int(cursor[push.SLOT])
        if batch.results.state and k == n_steps:
            self.end(batch.results.state, b, n_steps, slot)
        self._pending = slice(slot * width, (slot + self._arrivals.slots) * width)
        batch.results.spikes[b][self._part] = pieces

    def kernel_arguments(self, b: int, stop: Any, cursor: Any) -> tuple[Any, ...]:
        """Return what the kernel is handed for a sample, after the step and the number of steps; compile it if necessary."""
        batch, n_steps = self._batch, int(self._batch.stimulus.n_steps[b])
        extras = None if self._extras is None else of_sample(self._extras, batch, b)
        rest = (
            stop, self._share, self._arrivals, self._synapses, self._neurons, self._state, self._team, cursor, self._events(b),
            self._spikes, self._bins(b), self._recording(b, n_steps), batch.results.excursions[b, self._part], extras,
            *self._forms,
        )  # fmt: skip
        self.kernel = self.kernel or compiled_for(push.advance, (0, n_steps, *rest))
        return rest

    def take_spikes(self, cursor: Any) -> tuple[Any, Any]:
        """Return step and neuron of the spikes in the buffer, and empty it."""
        step, neuron = (buffer[: cursor[push.SPIKE]].copy() for buffer in self._spikes)
        cursor[push.SPIKE] = 0
        return step, neuron

    def begin(self, state: State, b: int) -> None:
        """Take over the state of a sample."""
        states.begin(state, b, self._which, self._share, self._arrivals, self._state, self._extras)

    def end(self, out: dict[str, Any], b: int, n_steps: int, slot: int) -> None:
        """Write the state of a sample after ``n_steps``; ``slot`` is that of the next step."""
        states.end(out, b, n_steps, self._which, self._share, self._arrivals, slot, self._state, self._extras)

    def variable(self, name: str) -> Any:
        """Return the array of a state variable, padded to whole vectors."""
        more = self._extras is not None and name in ("u2", "w")
        return getattr(self._extras.state if more and self._extras else self._state, name)

    def count_from(self, k: int) -> None:
        """Make step ``k`` step 0."""
        free_at = self._state.free_at
        free_at[:] = np.maximum(free_at.astype(np.int64) - k, 0)

    def _events(self, b: int) -> arguments.Events:
        stimulus = self._batch.stimulus
        part = slice(stimulus.offsets[b], stimulus.offsets[b + 1])
        return arguments.Events(stimulus.step[part], stimulus.channel[part])

    def _bins(self, b: int) -> arguments.Bins:
        bins = self._batch.request.bins
        return arguments.Bins(np.empty(0, np.int64) if bins is None else bins[b], self._batch.results.counts[b])

    def _recording(self, b: int, n_steps: int) -> arguments.Recording:
        results = self._batch.results
        steps, values = (
            recorded_steps(self._batch.request, n_steps),
            arguments.Variables(results.traces["u"][b], results.traces["v"][b]),
        )
        return arguments.Recording(steps, *self._recorded, values)


def _arrivals(layout: Layout, n_blocks: int) -> arguments.Arrivals:
    return arguments.Arrivals(
        strip=aligned.zeros((n_blocks, layout.span * layout.width), layout.strip_type),
        width=layout.width,
        slots=layout.slots,
        span=layout.span,
        unit=layout.scales[0],
    )


def _synapses(program: Program, layout: Layout, part: int) -> arguments.Synapses:
    narrow = layout.packed.dtype == np.uint32
    return arguments.Synapses(
        narrow=layout.packed if narrow else np.empty(0, np.uint32),
        wide=np.empty(0, np.uint64) if narrow else layout.packed,
        shift=np.uint64(layout.shift),
        indptr=layout.indptr[layout.parts[part] : layout.parts[part + 1]],
        n_inputs=program.n_inputs,
        ahead=layout.ahead,
        lines=layout.lines,
        halves=1 if layout.rows is None else VECTOR // UNROLLED,
    )
