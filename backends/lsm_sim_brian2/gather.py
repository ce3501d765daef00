"""Convert the output of the replicas to an `Outcome`: per sample, without the steps that only padded a round."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.backend import Excursions, Outcome, Request
from lsm_sim.engine.ends import Ends
from lsm_sim.engine.requests import recorded_steps, recorded_variables
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints

N_KINDS = len(Excursions.KINDS)


class Gatherer:
    """Collects spikes, states and excursions of consecutive rounds; ``begin`` is the state from which samples go on."""

    def __init__(self, program: Program, stimulus: Spikes, request: Request, begin: State | None = None) -> None:
        self._program, self._stimulus, self._request = program, stimulus, request
        n_samples, n = len(stimulus), program.n_neurons
        nothing = np.empty(0, np.int64)
        self._spikes: list[list[tuple[Ints, Ints]]] = [[(nothing, nothing)] for _ in range(n_samples)]
        self._counts = None if request.bins is None else np.zeros((n_samples, request.bins.shape[1] - 1, n), np.int32)
        rows = [recorded_steps(request, int(steps)).size for steps in stimulus.n_steps]
        variables = recorded_variables(program, request)
        self._traces = {name: [np.empty((size, request.neurons.size)) for size in rows] for name in variables}
        self.ends = Ends(program, stimulus, begin) if request.keep_state else None
        never = np.full((n_samples, N_KINDS), -1)
        self._excursions = Excursions(np.zeros((n_samples, N_KINDS), np.int64), never, never.copy())

    def add_spikes(self, samples: Ints, step: Any, replica: Any, neuron: Any) -> None:
        """Add spikes of a round, sorted by step, replica and neuron; step is relative to the beginning of the round."""
        bounds = np.searchsorted(replica[order := np.argsort(replica, kind="stable")], np.arange(samples.size + 1))
        for r, b in enumerate(samples):
            own = order[bounds[r] : bounds[r + 1]]
            own = own[step[own] < self._stimulus.n_steps[b]]
            if self._request.spikes:
                self._spikes[b].append((step[own], neuron[own]))
            if self.ends is not None:
                self.ends.add_spikes(b, step[own], neuron[own])
            if self._counts is not None and self._request.bins is not None:
                bins = np.searchsorted(self._request.bins[b], step[own], side="right") - 1
                np.add.at(self._counts[b], (bins, neuron[own]), 1)

    @property
    def variables(self) -> tuple[str, ...]:
        """The state variables to record."""
        return tuple(self._traces)

    def add_state(self, samples: Ints, row: int | slice, state: Mapping[str, Any]) -> None:
        """Add state variables at one or more recorded steps of a round, of shape ([rows,] replicas, recorded neurons)."""
        for r, b in enumerate(samples):
            for target, values in ((self._traces[name][b], state[name]) for name in self._traces):
                if isinstance(row, slice):
                    target[:] = values[: len(target), r]
                elif row < len(target):
                    target[row] = values[r]

    def add_end(self, b: int, variables: Mapping[str, Any]) -> None:
        """Add the state variables of the neurons at the end of sample ``b``."""
        assert self.ends is not None
        for name, values in variables.items():
            self.ends.set_variable(b, name, values)

    def add_excursions(self, samples: Ints, step: Any, replica: Any, neuron: Any, left: Any) -> None:
        """Add excursions, sorted like spikes; ``left`` is the sum of 1, 2, 4 for the kinds."""
        record = self._excursions
        for r, b in enumerate(samples):
            own = (replica == r) & (step < self._stimulus.n_steps[b])
            for kind in range(N_KINDS):
                which = np.flatnonzero(own & ((left.astype(np.int64) >> kind) & 1 > 0))
                if which.size and record.count[b, kind] == 0:
                    record.step[b, kind], record.neuron[b, kind] = step[which[0]], neuron[which[0]]
                record.count[b, kind] += which.size

    def outcome(self) -> Outcome:
        """Return everything that was requested."""
        request = self._request
        return Outcome(
            spikes=self._all_spikes() if request.spikes else None,
            counts=self._counts,
            traces={name: tuple(rows) for name, rows in self._traces.items()},
            excursions=self._excursions if request.excursions else None,
            state=None if self.ends is None else self.ends.state(),
        )

    def _all_spikes(self) -> Spikes:
        step, neuron = (np.concatenate([part[axis] for sample in self._spikes for part in sample]) for axis in (0, 1))
        sizes = [sum(part[0].size for part in sample) for sample in self._spikes]
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        stimulus, program = self._stimulus, self._program
        return Spikes(step, neuron, offsets, stimulus.n_steps, program.n_neurons, program.dt, program.neuron_groups)
