"""What one thread does with the pull kernel: its share of the neurons of up to 64 samples side by side."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned, form
from lsm_sim_fast.compiled.pull import LANES, advance_lanes
from lsm_sim_fast.compiled.waiting import flags
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.results import Batch
from lsm_sim_fast.worker import neuron_values


def groups(stimulus: Spikes) -> list[Ints]:
    """Return all samples in as few groups of up to 64 as there can be, those of similar length together."""
    order = np.argsort(-stimulus.n_steps, kind="stable")
    return np.array_split(order, -(-order.size // LANES))


class PullMeeting:
    """What the threads of a group share: who spiked in the last steps, and how far each thread has come."""

    def __init__(self, layout: PullLayout, n_parts: int) -> None:
        self.words = np.zeros(layout.slots * layout.width, np.uint64)
        self.flags = flags(n_parts)
        self.edges = np.linspace(0, layout.indptr.size - 1, n_parts + 1).astype(np.int64)

    def rest(self) -> None:
        """Put everything back to the start of a group."""
        self.words[:] = 0
        self.flags[:] = 0


class PullWorker:
    """One thread's state and buffers for 64 samples."""

    def __init__(self, batch: Batch, layout: PullLayout, part: int, meeting: PullMeeting) -> None:
        first, last = (int(edge) for edge in meeting.edges[part : part + 2])
        shape, program = (last - first, LANES), batch.program
        self._batch, self._layout, self._part, self._meeting = batch, layout, part, meeting
        self._share = part, first, program.n_inputs, meeting.flags
        self._indptr = layout.indptr[first : last + 1]
        self._neurons = neuron_values(program, layout, slice(first, last))
        u_type = np.int32 if program.arithmetic == "loihi" else np.float64
        self._state: tuple[Any, ...] = tuple(np.zeros(shape, kind) for kind in (u_type, layout.v_type, np.int32))
        self._counters = np.zeros(shape, np.int32)
        self._scratch = aligned.zeros(LANES, np.int32), aligned.zeros(LANES, np.uint8)

    def rest(self) -> None:
        """Put everything of this thread back to the start of a group."""
        for array in (self._counters, *self._state):
            array[:] = 0

    def run(self, item: Ints, stop: Any) -> None:
        """Run the samples ``item`` and write their counts."""
        batch, layout, words, lanes, k = self._batch, self._layout, self._meeting.words, item, 0
        stimulus, bins, counts = batch.stimulus, batch.request.bins, batch.results.counts
        assert bins is not None
        n_steps, events, current = (
            int(stimulus.n_steps[lanes].max()), stimulus.offsets[lanes], np.zeros(lanes.size, np.int64)
        )  # fmt: skip
        waiting = np.zeros(1, np.int64)
        while k < n_steps and not stop[0]:
            k = advance_lanes(
                k, n_steps, stop, self._share, self._indptr, layout.packed, words, layout.width, self._neurons,
                self._state, lanes, events, (stimulus.step, stimulus.channel, stimulus.offsets), bins, counts,
                self._counters, current, waiting, self._scratch, form.choose().vector,
            )  # fmt: skip
            if waiting[0]:
                time.sleep(0)  # the others have no core at the moment: let them have this one
