"""The network of the runner: replicas of the program in one group of cells, driven step by step from Python.

The cells of a replica are its input channels, then its neurons, in the order of the program's rows. One group with one
`Synapses` for each kind of synapses and one code block for the whole step keep Brian2's cost per step low; reading the spikes
from Python is cheaper than a `SpikeMonitor`. A step of the clock is 1 s, so that delays are whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.engine.state import State
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim_brian2 import equations, rounds, synapses
from lsm_sim_brian2.gather import Gatherer
from lsm_sim_brian2.inputs import PAYLOAD, Inputs
from lsm_sim_brian2.rounds import Round
from lsm_sim_brian2.states import Beginning, Cells, Resources, variables_at_end

BEGIN, RUN, DRAIN = 0.0, 1.0, 2.0  # the phases of equations.fused_step
_BUFFER = 1 << 18  # maximum number of spikes in the buffer before they are counted


class Replicas:
    """A Brian2 network of ``replicas`` programs, and the driver that runs rounds on it.

    ``graded``: events of the stimuli have payloads.
    """

    def __init__(self, program: Program, replicas: int, *, excursions: bool, graded: bool) -> None:
        import brian2 as b2

        rounds.check_size(program, replicas)
        self._program, self._replicas, self._excursions = program, replicas, excursions
        self._inputs = Inputs.of(program, graded=graded)
        self._second, self._width = b2.second, self._inputs.n_cells + program.n_neurons
        clock = b2.Clock(dt=b2.second, name="lsm_sim_clock")
        fused = equations.Fused.of(program, excursions=excursions)
        cells = b2.NeuronGroup(
            replicas * self._width,
            fused.model("phase : 1 (shared)", *(["payload : 1"] if graded else [])),
            threshold="fires",
            reset="",
            clock=clock,
            namespace={},
            name="lsm_sim_cells",
        )
        cells.run_regularly(fused.step(), when="groups", order=1, name="lsm_sim_step")
        for name, values in fused.parameters(program).items():
            never = np.inf if name == "threshold" else 0.0  # input channels spike only when the driver sets `fires`
            getattr(cells, name)[:] = self._tiled(values, never)
        if graded:
            cells.payload[:] = 1
        self._resources: list[Resources] = []
        parts = [cells, *self._synapses(b2, cells, clock), *self._operations(b2, clock)]
        self._network = b2.Network(*parts, name="lsm_sim_network")
        driven = [*(["left"] if excursions else []), *(["payload"] if graded else [])]
        names = {name: equations.NAMES.get(name, name) for name in program.state}
        names |= {name: name for name in ("fires", "phase", "_spikespace", *driven)}
        self._arrays = {name: cells.variables[own].get_value() for name, own in names.items()}
        own = [*fused.neuron.state, *fused.neuron.accumulators, "hold"]
        values = {name: cells.variables[name].get_value() for name in own}
        self._cells = Cells(values, replicas, self._inputs.n_cells)

    def _tiled(self, values: Any, channel: float) -> Any:
        """Return values of the neurons (N,) for all cells, with the value ``channel`` at input channels."""
        return np.tile(np.concatenate([np.full(self._inputs.n_cells, channel), values]), self._replicas)

    def _synapses(self, b2: Any, cells: Any, clock: Any) -> list[Any]:
        program, out = self._program, []
        source, post, _, delay = program.synapses()[:4]
        source, delay = self._inputs.ends(source, delay)
        first = np.arange(self._replicas)[:, None] * self._width
        for kind, index in synapses.kinds(program, PAYLOAD if self._inputs.graded else None).items():
            group = synapses.group(b2, kind, cells, cells, clock, f"lsm_sim_synapses{kind.suffix}", "phase_post")
            target = self._inputs.n_cells + post[index] + first
            group.connect(i=(source[index] + first).ravel(), j=target.ravel())
            synapses.set_parameters(group, program, kind, index, self._replicas)
            group.delay[:] = np.tile(delay[index], self._replicas) * b2.second
            if kind.rule != "static":
                r, f = (group.variables[name].get_value() for name in ("r", "f"))
                self._resources.append(Resources(program, index, self._replicas, r, f))
            out.append(group)
        return out

    def _operations(self, b2: Any, clock: Any) -> list[Any]:
        slots: list[tuple[str, Callable[[], None], str, int]] = [
            ("begin", self._begin_step, "start", 0),
            ("stimulate", self._stimulate, "thresholds", -1),
            ("collect", self._collect, "end", 0),
        ]
        return [
            b2.NetworkOperation(function, clock=clock, when=when, order=order, name=f"lsm_sim_{name}")
            for name, function, when, order in slots
        ]

    def run(
        self,
        plan: Sequence[Round],
        stimulus: Spikes,
        request: Request,
        gatherer: Gatherer,
        advance: Callable[[int], None],
        state: State | None = None,
    ) -> None:
        """Run all rounds in one simulation, on from ``state``, and pass the results to ``gatherer``."""
        self._state = state
        self._plan, self._stimulus, self._request = iter(plan), stimulus, request
        self._gatherer, self._advance = gatherer, advance
        self._k, self._left = 0, 0
        total = sum(part.n_steps for part in plan) + len(plan) * rounds.gap(self._program)
        self._network.t_ = 0.0
        self._network.run(total * self._second, namespace={})

    def _begin_step(self) -> None:
        if self._left == 0:
            self._begin_round(next(self._plan))
        elif self._k < 2 or self._k == self._round.n_steps:
            self._arrays["phase"][...] = RUN if self._k < self._round.n_steps else DRAIN
        if self._beginning is not None and self._k < self._round.n_steps:
            self._beginning.step(self._k)

    def _begin_round(self, new: Round) -> None:
        self._round, self._k, self._row = new, 0, 0
        self._left = new.n_steps + rounds.gap(self._program)
        self._beginning = None
        self._arrays["phase"][...] = BEGIN
        if self._state is not None:
            own = self._state[new.samples]
            self._beginning = Beginning(self._program, own, self._cells, self._resources)
            self._arrays["phase"][...] = RUN  # BEGIN would put everything to rest
        step, replica, cell, self._payload = self._inputs.events(self._stimulus, new.samples)
        self._kicks = replica * self._width + cell
        self._bounds = np.searchsorted(step, np.arange(self._left + 1)).tolist()
        self._recorded = recorded_steps(self._request, new.n_steps).tolist() if self._request.neurons.size else []
        neurons = self._inputs.n_cells + self._request.neurons
        self._shown = np.arange(new.samples.size)[:, None] * self._width + neurons
        self._steps: list[int] = []
        self._spikes: list[Any] = []
        self._buffered = 0

    def _stimulate(self) -> None:
        first, last = self._bounds[self._k], self._bounds[self._k + 1]
        if first < last:
            self._arrays["fires"][self._kicks[first:last]] = True
            if self._payload is not None:
                self._arrays["payload"][self._kicks[first:last]] = self._payload[first:last]

    def _collect(self) -> None:
        spikespace = self._arrays["_spikespace"]
        number = int(spikespace[-1])
        if number:
            self._steps.append(self._k)
            self._spikes.append(spikespace[:number].copy())
            self._buffered += number
        if self._row < len(self._recorded) and self._recorded[self._row] == self._k:
            state = {name: self._arrays[name][self._shown] for name in self._gatherer.variables}
            self._gatherer.add_state(self._round.samples, self._row, state)
            self._row += 1
        if self._excursions and self._k < self._round.n_steps:
            self._add_excursions()
        if self._gatherer.ends is not None:
            self._add_ends()
        self._k += 1
        self._left -= 1
        if self._left == 0 or self._buffered > _BUFFER:
            self._flush()
        if self._left == 0:
            self._advance(self._round.samples.size)

    def _add_ends(self) -> None:
        for replica, b in enumerate(self._round.samples):
            if self._stimulus.n_steps[b] == self._k + 1:
                self._gatherer.add_end(b, variables_at_end(self._program, self._cells, replica))

    def _add_excursions(self) -> None:
        left = self._arrays["left"]
        where = self._neurons_of(np.flatnonzero(left))
        if where[0].size:
            cells, replica, neuron = where
            step = np.full(cells.size, self._k)
            self._gatherer.add_excursions(self._round.samples, step, replica, neuron, left[cells])

    def _neurons_of(self, cells: Any) -> tuple[Any, Any, Any]:
        """Return those cells that are neurons of used replicas, with replica and neuron."""
        replica, row = np.divmod(cells, self._width)
        keep = (row >= self._inputs.n_cells) & (replica < self._round.samples.size)
        return cells[keep], replica[keep], row[keep] - self._inputs.n_cells

    def _flush(self) -> None:
        if self._spikes:
            step = np.repeat(self._steps, [part.size for part in self._spikes])
            replica, row = np.divmod(np.concatenate(self._spikes), self._width)
            keep = (row >= self._inputs.n_cells) & (replica < self._round.samples.size)
            neuron = row[keep] - self._inputs.n_cells
            self._gatherer.add_spikes(self._round.samples, step[keep], replica[keep], neuron)
        self._steps, self._spikes, self._buffered = [], [], 0
