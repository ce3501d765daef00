"""What one thread does: its share of the neurons of each sample, with buffers of its own."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lsm_sim.engine.requests import recorded_steps
from lsm_sim.program.program import NEURON_ARRAYS, Program
from lsm_sim_fast import aligned, form
from lsm_sim_fast.compiled import push
from lsm_sim_fast.compiled.waiting import flags
from lsm_sim_fast.layout import Layout, whole_lines
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.results import Batch, Pieces

_BUFFER = 1 << 16  # spikes; larger than any step needs, small enough to stay in cache


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
        blocks = layout.edges[layout.parts[part] : layout.parts[part + 1] + 1]
        rows = layout.indptr[layout.parts[part] : layout.parts[part + 1]]
        self._batch, self._part, self._meeting = batch, part, meeting
        self._forms = form.choose().vector, layout.rows
        self._first, self._last = int(blocks[0]), int(blocks[-1])
        which = layout.order[self._first : self._last]
        self._order = which if (np.diff(which) != 1).any() else which[:0]
        self._layout = blocks, layout.width, layout.slots, layout.span, rows, program.n_inputs
        self._synapses = layout.packed, layout.packed.dtype.type(layout.shift), (layout.ahead, layout.lines)
        self._neurons = neuron_values(program, layout, which)
        self._strip = aligned.zeros((len(rows), layout.span * layout.width), layout.strip_type)
        self._pending = slice(0, 0)  # places of a strip where arrivals may be left over
        n = self._last - self._first
        room = whole_lines(n)
        u_type = np.int32 if program.arithmetic == "loihi" else np.float64
        self._state = tuple(aligned.zeros(room, kind) for kind in (u_type, layout.v_type, np.int32, np.uint8))
        size = max(_BUFFER, 2 * n) if request.spikes else 0
        self._events = np.empty(size, np.int32), np.empty(size, np.int32)
        chosen = np.flatnonzero((request.neurons >= self._first) & (request.neurons < self._last))
        self._recorded = request.neurons[chosen], chosen

    def rest(self) -> None:
        """Put everything of this thread back to the start of a sample."""
        self._strip[:, self._pending] = 0
        for array in self._state[:3]:
            array[:] = 0

    def run(self, item: int, stop: Any) -> None:
        """Call the kernel until the sample ends, emptying the spike buffer in between."""
        batch, meeting, b = self._batch, self._meeting, item
        stimulus, request, results = batch.stimulus, batch.request, batch.results
        part = slice(stimulus.offsets[b], stimulus.offsets[b + 1])
        cursor, n_steps, k = np.zeros(push.N_CURSORS, np.int64), int(stimulus.n_steps[b]), 0
        edges = request.bins[b] if request.bins is not None else np.empty(0, np.int64)
        recording = recorded_steps(request, n_steps), *self._recorded, results.u[b], results.v[b]
        excursions = results.excursions[b, self._part] if request.excursions else None
        team = self._part, meeting.lists, meeting.sizes, meeting.flags
        pieces: Pieces = []
        while k < n_steps and not stop[0]:
            k = push.advance(
                k, n_steps, stop, self._layout, self._synapses, self._strip, self._order, self._neurons, self._state, team, cursor,
                (stimulus.step[part], stimulus.channel[part]), self._events, edges, results.counts[b], recording,
                excursions, *self._forms,
            )  # fmt: skip
            if cursor[push.SPIKE]:
                step, neuron = (buffer[: cursor[push.SPIKE]].copy() for buffer in self._events)
                pieces.append((step, neuron))
                cursor[push.SPIKE] = 0
            if cursor[push.PHASE]:
                time.sleep(0)  # the others have no core at the moment: let them have this one
        _, width, slots, *_ = self._layout
        self._pending = slice(cursor[push.SLOT] * width, (cursor[push.SLOT] + slots) * width)
        results.spikes[b][self._part] = pieces


def neuron_values(program: Program, layout: Layout | PullLayout, which: Any) -> tuple[Any, ...]:
    """Return the unit of arrivals, and of some neurons what is kept of u and of v, threshold, bias and refractory time.

    ``which`` picks neurons of the program. The first four are numbers where all neurons have the same; in loihi arithmetic they
    are whole 4096ths and integers.
    """
    arrays = {name: getattr(program, name)[which] for name in NEURON_ARRAYS[program.arithmetic]}
    if program.arithmetic == "loihi":
        values = [
            (4095 - arrays["du"]) / 4096,
            (4096 - arrays["dv"]) / 4096,
            (arrays["threshold"] * 64).astype(layout.v_type),
            arrays["bias"].astype(layout.v_type),
        ]
    else:
        values = [arrays[name] for name in ("decay_u", "decay_v", "threshold", "bias")]
    if all(map(_alike, values)):
        values = [array[0] for array in values]
    else:
        values = [aligned.copy(np.resize(array, whole_lines(array.size))) for array in values]
    return (layout.scale, *values, arrays["refractory"].astype(np.int32))


def _alike(array: Any) -> bool:
    """Whether all values are the same to the bit."""
    return bool(array.tobytes() == np.repeat(array[:1], array.size).tobytes())
