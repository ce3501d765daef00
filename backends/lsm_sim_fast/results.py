"""Where the threads write what a run found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lsm_sim.backend import Excursions, Outcome, Request
from lsm_sim.engine.requests import recorded_steps, recorded_variables
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_fast.tuning import Tuning

Pieces: TypeAlias = list[tuple[Any, Any]]  # step and neuron of spikes


@dataclass(frozen=True, eq=False)
class Results:
    """Arrays for all samples; no two threads write to the same place.

    Parameters
    ----------
    spikes
        By sample and thread: pieces of (step, neuron), one after the other.
    counts
        (B, K, N).
    traces
        State variables by name, then by sample: (steps, neurons) recorded; without columns where a variable is not recorded.
    excursions
        By sample and thread: count, first step and first neuron, each of three kinds, (B, n_parts, 3, 3); (B, n_parts, 0, 3)
        where they are not counted.
    state
        The arrays of the state at the end by name, see `lsm_sim.engine.state`; empty where it is not requested.
    """

    spikes: list[list[Pieces]]
    counts: npt.NDArray[np.int32]
    traces: dict[str, list[Any]]
    excursions: npt.NDArray[np.int64]
    state: dict[str, Any]

    @staticmethod
    def empty(program: Program, stimulus: Spikes, request: Request, n_parts: int) -> Results:
        """Allocate what was requested; ``n_parts`` threads share a sample."""
        n_bins = 0 if request.bins is None else request.bins.shape[1] - 1
        rows = [recorded_steps(request, int(n)).size for n in stimulus.n_steps]
        columns = dict.fromkeys(recorded_variables(program, request), request.neurons.size)
        excursions = np.full((len(stimulus), n_parts, 3 if request.excursions else 0, 3), -1)
        excursions[:, :, :1] = 0
        return Results(
            spikes=[[[] for _ in range(n_parts)] for _ in range(len(stimulus))],
            counts=np.zeros((len(stimulus), n_bins, program.n_neurons), np.int32),
            traces={name: [np.empty((n, columns.get(name, 0))) for n in rows] for name in program.state},
            excursions=excursions,
            state=_room_for_state(program, len(stimulus)) if request.keep_state else {},
        )

    def outcome(self, program: Program, stimulus: Spikes, request: Request) -> Outcome:
        """Return what was requested."""
        return Outcome(
            spikes=self._spikes(program, stimulus) if request.spikes else None,
            counts=None if request.bins is None else self.counts,
            traces={name: tuple(self.traces[name]) for name in recorded_variables(program, request)},
            excursions=self._excursions() if request.excursions else None,
            state=State(program.digest, **self.state) if request.keep_state else None,
        )

    def _spikes(self, program: Program, stimulus: Spikes) -> Spikes:
        """Join the pieces; a stable sort by step does, as higher threads hold higher neurons."""
        sizes = [sum(step.size for pieces in parts for step, _ in pieces) for parts in self.spikes]
        offsets = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        step, neuron = (np.empty(offsets[-1], np.int32) for _ in range(2))
        for b, parts in enumerate(self.spikes):
            first = offsets[b]
            for pieces in parts:
                for piece in pieces:
                    last = first + piece[0].size
                    step[first:last], neuron[first:last] = piece
                    first = last
                pieces.clear()  # so that no spike is held twice for long
            if len(parts) > 1:
                sample = slice(offsets[b], offsets[b + 1])
                order = np.argsort(step[sample], kind="stable")
                step[sample], neuron[sample] = step[sample][order], neuron[sample][order]
        return Spikes(step, neuron, offsets, stimulus.n_steps, program.n_neurons, program.dt, program.neuron_groups)

    def _excursions(self) -> Excursions:
        """Return the sums over the threads of a sample, and the first of their first ones."""
        count, step, neuron = (self.excursions[:, :, row] for row in range(3))
        when = np.where(count > 0, step, np.iinfo(np.int64).max)
        first = np.argmin(when, axis=1)[:, None]  # of two threads in one step the lower, which has the lower neurons
        step, neuron = (np.take_along_axis(row, first, axis=1)[:, 0] for row in (step, neuron))
        return Excursions(count.sum(axis=1), step, neuron)


def _room_for_state(program: Program, n_samples: int) -> dict[str, Any]:
    return {name: np.array(values) for name, values in State.start(program, n_samples).arrays().items()}


@dataclass(frozen=True, eq=False)
class Batch:
    """What to run, from which state (None: from rest), and where to write."""

    program: Program
    stimulus: Spikes
    request: Request
    results: Results
    tuning: Tuning
    state: State | None = None
