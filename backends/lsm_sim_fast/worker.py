"""What one thread does: run samples through the kernel with buffers of its own, put the results where they belong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.backend import Excursions, Outcome, Request
from lsm_sim.program import NEURON_ARRAYS, Program
from lsm_sim.requests import recorded_steps
from lsm_sim.spikes import Spikes
from lsm_sim_fast import kernel
from lsm_sim_fast.layout import Layout

_BUFFER = 1 << 16  # spikes; larger than any step needs, small enough to stay in cache


@dataclass(frozen=True, eq=False)
class Results:
    """Where the threads write, sample by sample; no two of them write to the same place."""

    spikes: list[tuple[Any, Any]]
    counts: npt.NDArray[np.int32]
    u: list[Any]
    v: list[Any]
    excursions: npt.NDArray[np.int64]

    @staticmethod
    def empty(program: Program, stimulus: Spikes, request: Request) -> Results:
        """Allocate what the request asks for."""
        n_bins = 0 if request.bins is None else request.bins.shape[1] - 1
        recorded = [recorded_steps(request, int(n)).size for n in stimulus.n_steps]
        excursions = np.full((len(stimulus), 3, 3), -1)
        excursions[:, 0] = 0
        return Results(
            spikes=[(np.empty(0, np.int32), np.empty(0, np.int32))] * len(stimulus),
            counts=np.zeros((len(stimulus), n_bins, program.n_neurons), np.int32),
            u=[np.empty((n, request.neurons.size)) for n in recorded],
            v=[np.empty((n, request.neurons.size)) for n in recorded],
            excursions=excursions,
        )

    def outcome(self, program: Program, stimulus: Spikes, request: Request) -> Outcome:
        """Return what was asked for."""
        recorded = request.neurons.size > 0
        e = self.excursions
        return Outcome(
            spikes=self._spikes(program, stimulus) if request.spikes else None,
            counts=None if request.bins is None else self.counts,
            u=tuple(self.u) if recorded else None,
            v=tuple(self.v) if recorded else None,
            excursions=Excursions(e[:, 0], e[:, 1], e[:, 2]) if request.excursions else None,
        )

    def _spikes(self, program: Program, stimulus: Spikes) -> Spikes:
        step, neuron = (np.concatenate([part[axis] for part in self.spikes]) for axis in (0, 1))
        offsets = np.concatenate([[0], np.cumsum([part[0].size for part in self.spikes])])
        return Spikes(step, neuron, offsets, stimulus.n_steps, program.n_neurons, program.dt, program.neuron_groups)


class Worker:
    """One thread's state and buffers."""

    def __init__(
        self, program: Program, layout: Layout, stimulus: Spikes, request: Request, results: Results, stop: Any
    ) -> None:
        n, loihi = program.n_neurons, program.arithmetic == "loihi"
        number = np.int64 if loihi else np.float64
        self._stimulus, self._request, self._results, self._stop = stimulus, request, results, stop
        self._advance = kernel.advance_loihi if loihi else kernel.advance_float64
        self._extra = np.empty((0, 3), np.int64) if loihi else layout.scale
        self._synapses = layout.indptr, layout.offset, layout.mantissa, program.n_inputs
        arrays = {name: getattr(program, name) for name in NEURON_ARRAYS[program.arithmetic]}
        self._neurons = tuple(arrays.values())
        self._width = layout.width
        self._ring: npt.NDArray[Any] = np.zeros(layout.slots * layout.width, layout.ring_type)
        spiked = np.zeros(-(-n // 8) * 8, np.uint8)
        self._state = (
            np.zeros(n, number), np.zeros(n, number), np.zeros(n, np.int64), spiked, spiked.view(np.uint64), np.zeros(n, np.int32)
        )  # fmt: skip
        size = max(_BUFFER, 2 * n) if request.spikes else 0
        self._events = np.empty(size, np.int32), np.empty(size, np.int32)
        self.n_done = 0

    def take_samples(self, queue: Iterator[int]) -> None:
        """Run samples until there are no more or a stop is asked."""
        for b in queue:
            if b >= len(self._stimulus) or self._stop[0]:
                return
            self._run_sample(b)
            self.n_done += 1

    def _run_sample(self, b: int) -> None:
        """Call the kernel until the sample ends, emptying the spike buffer in between."""
        for array in (self._ring, *self._state[:3]):
            array[:] = 0
        stimulus, request, results = self._stimulus, self._request, self._results
        part = slice(stimulus.offsets[b], stimulus.offsets[b + 1])
        cursor, n_steps, k = np.zeros(4, np.int64), int(stimulus.n_steps[b]), 0
        edges = request.bins[b] if request.bins is not None else np.empty(0, np.int64)
        recording = recorded_steps(request, n_steps), request.neurons, results.u[b], results.v[b]
        extra = results.excursions[b] if request.excursions else self._extra
        chunks = []
        while k < n_steps and not self._stop[0]:
            k = self._advance(
                k, n_steps, self._stop, self._width, self._synapses, self._ring, self._neurons, extra, self._state, cursor,
                (stimulus.step[part], stimulus.channel[part]), self._events, edges, results.counts[b], recording,
            )  # fmt: skip
            if request.spikes:
                chunks.append([buffer[: cursor[kernel.SPIKE]].copy() for buffer in self._events])
                cursor[kernel.SPIKE] = 0
        if request.spikes:
            results.spikes[b] = (np.concatenate([c[0] for c in chunks]), np.concatenate([c[1] for c in chunks]))
