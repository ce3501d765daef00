"""Collects the results of a step-by-step engine into an `Outcome`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Excursions, Outcome, Request
from lsm_sim.engine.requests import recorded_steps, recorded_variables
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Floats, Ints


class Collector:
    """Collects the state and the spikes of each step, sample by sample."""

    def __init__(self, program: Program, stimulus: Spikes, request: Request) -> None:
        self._program, self._stimulus, self._request = program, stimulus, request
        self._spiked: list[tuple[Ints, Ints]] = []
        self._sizes: list[int] = []
        self._traces: dict[str, list[Floats]] = {name: [] for name in recorded_variables(program, request)}
        n_samples = len(stimulus)
        self._counts = None
        if request.bins is not None:
            self._counts = np.zeros((n_samples, request.bins.shape[1] - 1, program.n_neurons), np.int32)
        never = np.full((n_samples, 3), -1)
        self._excursions = Excursions(np.zeros((n_samples, 3), np.int64), never, never.copy())

    def start(self, b: int) -> None:
        """Begin sample ``b``."""
        self._b, self._row = b, 0
        self._steps = recorded_steps(self._request, int(self._stimulus.n_steps[b]))
        self._sizes.append(0)
        for rows in self._traces.values():
            rows.append(np.empty((self._steps.size, self._request.neurons.size)))

    def add(self, k: int, state: Mapping[str, Any], spiked: Bools, excursions: Bools) -> None:
        """Add the state at the end of step ``k``."""
        neurons = np.flatnonzero(spiked)
        if self._request.spikes:
            self._spiked.append((np.full(neurons.size, k), neurons))
            self._sizes[-1] += neurons.size
        if self._counts is not None and self._request.bins is not None:
            edges = self._request.bins[self._b]
            self._counts[self._b, np.searchsorted(edges, k, side="right") - 1, neurons] += 1
        if self._row < self._steps.size and self._steps[self._row] == k:
            for name, rows in self._traces.items():
                rows[-1][self._row] = state[name][self._request.neurons]
            self._row += 1
        for kind in np.flatnonzero(excursions.any(axis=1)):
            self._add_excursion(k, int(kind), excursions[kind])

    def _add_excursion(self, k: int, kind: int, where: Bools) -> None:
        record = self._excursions
        if record.count[self._b, kind] == 0:
            record.step[self._b, kind], record.neuron[self._b, kind] = k, np.flatnonzero(where)[0]
        record.count[self._b, kind] += where.sum()

    def outcome(self) -> Outcome:
        """Return everything that was requested."""
        request, program = self._request, self._program
        return Outcome(
            spikes=self._spikes() if request.spikes else None,
            counts=self._counts,
            traces={name: tuple(rows) for name, rows in self._traces.items()},
            excursions=self._excursions if request.excursions and program.arithmetic == "loihi" else None,
        )

    def _spikes(self) -> Spikes:
        none = np.empty(0, np.int64)
        step, neuron = (np.concatenate([none, *(part[axis] for part in self._spiked)]) for axis in (0, 1))
        offsets = np.concatenate([[0], np.cumsum(self._sizes)])
        stimulus, program = self._stimulus, self._program
        return Spikes(step, neuron, offsets, stimulus.n_steps, program.n_neurons, program.dt, program.neuron_groups)
