"""What one thread does with the pull kernel: groups of up to 64 samples."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.checks import Ints
from lsm_sim.program import Program
from lsm_sim.spikes import Spikes
from lsm_sim_fast.compiled.pull import LANES, advance_lanes
from lsm_sim_fast.form import Form
from lsm_sim_fast.pull_layout import PullLayout
from lsm_sim_fast.results import Results
from lsm_sim_fast.worker import neuron_values


def groups(stimulus: Spikes) -> list[Ints]:
    """Return all samples in as few groups of up to 64 as there can be, those of similar length together."""
    order = np.argsort(-stimulus.n_steps, kind="stable")
    return np.array_split(order, -(-order.size // LANES))


class PullWorker:
    """One thread's state and buffers for 64 samples."""

    def __init__(self, program: Program, layout: PullLayout, form: Form) -> None:
        n = program.n_neurons
        self._layout, self._vector, self._n_inputs = layout, form.vector, program.n_inputs
        self._words = np.zeros(layout.slots * layout.width, np.uint64)
        scale, *values, refractory = neuron_values(program, layout, 0, n)
        u = np.zeros((n, LANES), np.int32 if program.arithmetic == "loihi" else np.float64)
        self._state: tuple[Any, ...] = u, np.zeros((n, LANES), layout.v_type), np.zeros((n, LANES), np.int32)
        self._counters = np.zeros((n, LANES), np.int32)
        self._neurons = scale, *values, refractory

    def run_group(self, stimulus: Spikes, lanes: Ints, request: Request, results: Results, stop: Any) -> None:
        """Run the samples ``lanes`` and write their counts."""
        for array in (self._words, self._counters, *self._state):
            array[:] = 0
        assert request.bins is not None
        layout = self._layout
        advance_lanes(
            0, int(stimulus.n_steps[lanes].max()), stop, layout.indptr, layout.packed, self._words, layout.width,
            self._n_inputs, self._neurons, self._state, lanes, stimulus.offsets[lanes],
            (stimulus.step, stimulus.channel, stimulus.offsets), request.bins, results.counts, self._counters,
            np.zeros(lanes.size, np.int64), self._vector,
        )  # fmt: skip
