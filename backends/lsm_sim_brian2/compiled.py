"""One standalone C++ program of Brian2: generate, compile, run with the stimulus of some rounds, read results, remove.

The stimulus is a table with one row per step, in which each float64 has one bit for each of `CHANNELS_PER_NUMBER` input
cells. If events have payloads, it has a column for each input cell, with 2 * payload + 1 for an event and 0 for none.
"""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.backend import Request
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.memory import check_memory
from lsm_sim_brian2 import compiler, equations, rounds, synapses
from lsm_sim_brian2.gather import Gatherer
from lsm_sim_brian2.inputs import PAYLOAD, Inputs
from lsm_sim_brian2.isolation import isolated
from lsm_sim_brian2.replicas import BEGIN, DRAIN, RUN
from lsm_sim_brian2.rounds import Round

CHANNELS_PER_NUMBER = 52  # a float64 holds every integer below 2^53
_INPUTS = """\
column : integer (constant)
scale : 1 (constant)
bits = floor(stimulus(t, column)*scale) : 1"""
_INPUT_SPIKES = "bits - 2*floor(bits/2) > 0.5"
_GRADED_INPUTS = """\
column : integer (constant)
code = stimulus(t, column) : 1
payload = (code - 1)/2 : 1"""
_GRADED_SPIKES = "abs(code) > 0.5"


@dataclass(frozen=True)
class Build:
    """Parameters that are fixed when the C++ is compiled."""

    replicas: int
    n_steps: int
    n_threads: int
    neurons: tuple[int, ...]
    excursions: bool
    graded: bool

    def serves(self, other: Build) -> bool:
        """Return whether this build can also run what ``other`` describes; replicas may differ."""
        return self.n_steps >= other.n_steps and self == dataclasses.replace(
            other, replicas=self.replicas, n_steps=self.n_steps
        )


class Compiled:
    """One compiled program with its own folder and its own Brian2 device."""

    def __init__(self, program: Program, build: Build, parent: Path | None) -> None:
        from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

        rounds.check_size(program, build.replicas, rounds.BYTES_PER_SYNAPSE_STANDALONE)
        self._inputs = Inputs.of(program, graded=build.graded)
        self._per_number = 1 if build.graded else CHANNELS_PER_NUMBER
        columns = -(-max(self._inputs.n_cells, 1) // self._per_number) * build.replicas
        recorded = len(build.neurons) * build.replicas * (len(program.state) + 2)
        check_memory(build.n_steps * (columns + recorded) * 8, "the stimulus and recording of Brian2's standalone mode")
        self._program, self._build, self._columns = program, build, columns
        self._names = {name: equations.NAMES.get(name, name) for name in program.state}
        if parent is not None:
            parent.mkdir(parents=True, exist_ok=True)
        self._folder = Path(tempfile.mkdtemp(prefix="lsm_sim_brian2_", dir=parent))
        self._device = CPPStandaloneDevice()
        self._preferences = (
            compiler.preferences("cython")
            | {
                "devices.cpp_standalone.openmp_threads": build.n_threads if build.n_threads > 1 else 0,
                "devices.cpp_standalone.run_environment_variables": {},  # Brian2 would set them in this process and keep them
            }
        )
        try:
            with (
                compiler.precompiled_headers(self._folder, openmp=build.n_threads > 1) as more,
                isolated(self._preferences, self._device),
            ):
                self._device.activate(build_on_run=False)
                self._device.extra_compile_args = more  # the preference takes only what compiles alone
                self._make()
        except BaseException:
            self.remove()
            raise

    def remove(self) -> None:
        """Delete the folder."""
        shutil.rmtree(self._folder, ignore_errors=True)

    def _make(self) -> None:
        import brian2 as b2

        build = self._build
        self._clock = clock = b2.Clock(dt=b2.second, name="lsm_sim_clock")
        self._schedule = b2.TimedArray(np.zeros(build.n_steps), dt=b2.second, name="lsm_sim_schedule")
        self._stimulus = b2.TimedArray(np.zeros((build.n_steps, self._columns)), dt=b2.second, name="lsm_sim_stimulus")
        cells = self._cells(b2, clock)
        self._monitor = b2.SpikeMonitor(cells, name="lsm_sim_spikes")
        parts = [cells, self._monitor, *self._sources(b2, clock, cells), *self._recorders(b2, clock, cells)]
        self._network = b2.Network(*parts, name="lsm_sim_network")
        self._network.run(build.n_steps * b2.second, namespace={})
        try:
            self._device.build(directory=str(self._folder), run=False, with_output=False)
        except RuntimeError as error:
            msg = f"Brian2 mode='standalone': compiling its C++ failed ({error}); try mode='runtime'"
            raise RunError(msg) from error

    def _cells(self, b2: Any, clock: Any) -> Any:
        program, build = self._program, self._build
        fused = equations.Fused.of(program, excursions=build.excursions)
        cells = b2.NeuronGroup(
            build.replicas * program.n_neurons,
            fused.model("phase = schedule(t) : 1 (shared)"),
            threshold="fires",
            reset="",
            events={"excursion": "left > 0"} if build.excursions else None,
            clock=clock,
            namespace={"schedule": self._schedule},
            name="lsm_sim_cells",
        )
        cells.run_regularly(fused.step(), when="groups", order=1, name="lsm_sim_step")
        for name, values in fused.parameters(program).items():
            getattr(cells, name)[:] = np.tile(values.astype(np.float64), build.replicas)
        return cells

    def _sources(self, b2: Any, clock: Any, cells: Any) -> list[Any]:
        """Return the input cells and all synapses."""
        source, _, _, delay = self._program.synapses()[:4]
        source, delay = self._inputs.ends(source, delay)
        external, out = source < self._inputs.n_cells, []
        if self._inputs.n_cells:
            inputs = self._input_cells(b2, clock)
            out += [inputs, *self._synapses(b2, clock, (inputs, cells), external, (source, delay))]
        return out + self._synapses(b2, clock, (cells, cells), ~external, (source - self._inputs.n_cells, delay))

    def _input_cells(self, b2: Any, clock: Any) -> Any:
        replicas, cell = np.arange(self._build.replicas)[:, None], np.arange(self._inputs.n_cells)
        graded = self._inputs.graded
        inputs = b2.NeuronGroup(
            replicas.size * cell.size,
            _GRADED_INPUTS if graded else _INPUTS,
            threshold=_GRADED_SPIKES if graded else _INPUT_SPIKES,
            reset="",
            clock=clock,
            namespace={"stimulus": self._stimulus},
            name="lsm_sim_inputs",
        )
        words = self._columns // replicas.size
        inputs.column[:] = (cell // self._per_number + replicas * words).ravel()
        if not graded:
            inputs.scale[:] = np.tile(0.5 ** (cell % CHANNELS_PER_NUMBER), replicas.size)
        return inputs

    def _synapses(self, b2: Any, clock: Any, ends: tuple[Any, Any], which: Any, rows: tuple[Any, Any]) -> list[Any]:
        """Return the synapses in the mask ``which`` between two groups; ``rows`` are the cell in pre, and the delay."""
        program, replicas, out = self._program, np.arange(self._build.replicas)[:, None], []
        (pre, post), (source, delay), neuron = ends, rows, program.synapses().post
        payload = PAYLOAD if self._inputs.graded and pre is not post else None
        numbers, tables = np.flatnonzero(which), {"schedule": self._schedule, "stimulus": self._stimulus}
        for kind, mine in synapses.kinds(program, payload).items():
            index = numbers if isinstance(mine, slice) else mine[which[mine]]
            if index.size:
                name = f"{pre.name}_synapses{kind.suffix}"
                group = synapses.group(b2, kind, pre, post, clock, name, "schedule(t)", **tables)
                i = source[index] + replicas * (pre.N // replicas.size)
                j = neuron[index] + replicas * program.n_neurons
                group.connect(i=i.ravel(), j=j.ravel())
                synapses.set_parameters(group, program, kind, index, replicas.size)
                group.delay[:] = np.tile(delay[index], replicas.size) * b2.second
                out.append(group)
        return out

    def _recorders(self, b2: Any, clock: Any, cells: Any) -> list[Any]:
        build, out = self._build, []
        if build.neurons:
            self._unique, self._place = np.unique(build.neurons, return_inverse=True)
            record = self._unique + np.arange(build.replicas)[:, None] * self._program.n_neurons
            self._state = b2.StateMonitor(
                cells, list(self._names.values()), record=record.ravel(), when="end", clock=clock, name="lsm_sim_state"
            )
            out.append(self._state)
        if build.excursions:
            self._left = b2.EventMonitor(cells, "excursion", ["left"], name="lsm_sim_left")
            out.append(self._left)
        return out

    def run(self, part: Sequence[Round], stimulus: Spikes, request: Request, gatherer: Gatherer) -> None:
        """Run rounds whose steps fit into the compiled number of steps."""
        starts = np.cumsum([0, *(one.n_steps + rounds.gap(self._program) for one in part)])
        schedule, table = self._tables(part, starts[:-1], stimulus)
        run_args = {self._schedule: schedule} | ({self._stimulus: table} if self._inputs.n_cells else {})
        with isolated(self._preferences, self._device):
            try:
                self._device.run(str(self._folder), with_output=False, run_args=run_args)
                results = self._results()
            except RuntimeError as error:
                raise RunError(f"Brian2 mode='standalone': the compiled program failed ({error})") from error
            finally:
                for name in self._device.run_args_arrays:
                    for file in (self._folder / "static_arrays").glob(f"{name}*"):
                        file.unlink()
        for one, start in zip(part, starts, strict=False):
            self._gather(one, int(start), results, request, gatherer)

    def _tables(self, part: Sequence[Round], starts: Any, stimulus: Spikes) -> tuple[Any, Any]:
        """Return the phase of each step and the values of the stimulus, (steps,) and (steps, columns)."""
        schedule, table = np.full(self._build.n_steps, DRAIN), np.zeros((self._build.n_steps, self._columns))
        words = self._columns // self._build.replicas
        for one, start in zip(part, starts, strict=True):
            schedule[start : start + one.n_steps] = RUN
            schedule[start] = BEGIN
            step, replica, cell, payload = self._inputs.events(stimulus, one.samples)
            value = np.ldexp(1.0, cell % self._per_number) if payload is None else 2 * payload + 1
            np.add.at(table, (start + step, replica * words + cell // self._per_number), value)
        return schedule, table

    def _results(self) -> dict[str, Any]:
        """Read the results of the process; one step is one second."""
        results: dict[str, Any] = {"spikes": _event_arrays(self._monitor)}
        if self._build.neurons:
            shape = self._build.replicas, self._unique.size, -1
            for name, own in self._names.items():
                values = np.asarray(getattr(self._state, own)).reshape(shape)
                results[name] = values[:, self._place].transpose(2, 0, 1)
        if self._build.excursions:
            results["excursions"] = (*_event_arrays(self._left), np.asarray(self._left.left[:]))
        return results

    def _gather(self, one: Round, start: int, results: dict[str, Any], request: Request, gatherer: Gatherer) -> None:
        for name, add in (("spikes", gatherer.add_spikes), ("excursions", gatherer.add_excursions)):
            if name in results:
                step, cell, *values = results[name]
                first, last = np.searchsorted(step, [start, start + one.n_steps])
                replica, neuron = np.divmod(cell[first:last], self._program.n_neurons)
                used = replica < one.samples.size
                rest = (value[first:last][used] for value in values)
                add(one.samples, step[first:last][used] - start, replica[used], neuron[used], *rest)
        if self._build.neurons:
            rows = start + recorded_steps(request, one.n_steps)
            state = {name: results[name][rows] for name in gatherer.variables}
            gatherer.add_state(one.samples, slice(None), state)


def _event_arrays(monitor: Any) -> tuple[Any, Any]:
    """Return step and cell of each event, sorted by step, then by cell."""
    step, cell = np.rint(np.asarray(monitor.t)).astype(np.int64), np.asarray(monitor.i, dtype=np.int64)
    order = np.lexsort((cell, step))
    return step[order], cell[order]
