"""What one thread does with the pull kernel: its share of the neurons of up to 64 samples side by side."""

from __future__ import annotations

import time
from typing import Any

import numpy as np

from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned, form, neuron_arrays
from lsm_sim_fast.compiled import arguments
from lsm_sim_fast.compiled.caching import compiled_for
from lsm_sim_fast.compiled.pull import LANES, advance_lanes
from lsm_sim_fast.compiled.waiting import flags
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.results import Batch


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
        shape, program, n_inputs = (last - first, LANES), batch.program, batch.program.n_inputs
        bins, stimulus = batch.request.bins, batch.stimulus
        assert bins is not None
        self._share = arguments.PullShare(
            number=part,
            first=first,
            flags=meeting.flags,
            waiting=np.zeros(1, np.int64),
            counters=np.zeros(shape, np.int32),
            sums=aligned.zeros(LANES, np.int32),
            spiked=aligned.zeros(LANES, np.uint8),
        )
        self._sources = arguments.Sources(
            words=meeting.words,
            width=layout.width,
            n_inputs=n_inputs,
            indptr=layout.indptr[first : last + 1],
            packed=layout.packed,
            unit=layout.scale,
        )
        self._neurons = neuron_arrays.parameters(program, slice(first, last), wide=layout.wide)
        self._state = neuron_arrays.state(program, shape)
        self._start = {
            name: values[:, None] for name, values in neuron_arrays.start(program, slice(first, last)).items()
        }
        self._stimulus = arguments.Stimulus(stimulus.step, stimulus.channel, stimulus.offsets)
        self._n_steps = stimulus.n_steps
        self._bins = arguments.Bins(bins, batch.results.counts)
        self._advance: Any = None

    def rest(self) -> None:
        """Put everything of this thread back to the start of a group."""
        for array in (self._share.counters, self._share.waiting):
            array[:] = 0
        neuron_arrays.begin(self._state, self._start)

    def run(self, item: Ints, stop: Any) -> None:
        """Run the samples ``item`` and write their counts."""
        group = arguments.Group(sample=item, event=self._stimulus.offsets[item], bin=np.zeros(item.size, np.int64))
        k, n_steps = 0, int(self._n_steps[item].max())
        rest = (
            n_steps, stop, self._share, self._sources, self._neurons, self._state, group, self._stimulus, self._bins,
            form.choose().vector,
        )  # fmt: skip
        self._advance = self._advance or compiled_for(advance_lanes, (k, *rest))
        while k < n_steps and not stop[0]:
            k = self._advance(k, *rest)
            if self._share.waiting[0]:
                time.sleep(0)  # the others have no core at the moment: let them have this one
