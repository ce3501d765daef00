"""Brian2's standalone mode: one C++ program, compiled once and run for each sample with another stimulus."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator

import numpy as np

from lsm_sim import Program
from lsm_sim.apps.bench.peer import Counts
from lsm_sim.apps.bench.peers.brian2_network import LATE, Cells, brian2, check
from lsm_sim.support.checks import Bools


class Standalone:
    """A compiled program; its stimulus is a table, the only form that can be replaced between runs."""

    def __init__(self, program: Program, n_steps: int, folder: str) -> None:
        from brian2.devices.cpp_standalone.device import CPPStandaloneDevice

        check(program)
        self._program, self._n_steps, self._folder = program, n_steps, folder
        self._device = CPPStandaloneDevice()
        with brian2(self._device) as b2:
            self._device.activate(build_on_run=False)
            tick = program.dt * b2.second
            self._table = b2.TimedArray(np.zeros((n_steps + LATE, program.n_inputs)), dt=tick, name="bench_table")
            inputs = b2.NeuronGroup(
                program.n_inputs,
                "on = table(t, i) : 1",
                threshold="on > 0.5",
                reset="",
                clock=b2.Clock(dt=tick, name="bench_clock"),
                namespace={"table": self._table},
                name="bench_inputs",
            )
            self._cells = Cells(b2, program, inputs)
            network = b2.Network(*self._cells.parts, name="bench_network")
            network.run((n_steps + LATE) * tick, namespace={})
            self._device.build(directory=folder, run=False, with_output=False)

    @staticmethod
    @contextlib.contextmanager
    def building(program: Program, n_steps: int) -> Iterator[Standalone]:
        """Compile in a temporary folder and remove it at the end."""
        with tempfile.TemporaryDirectory(prefix="lsm_sim_bench_", ignore_cleanup_errors=True) as folder:
            yield Standalone(program, n_steps, folder)

    def counts(self, dense: Bools, bins: int) -> Counts:
        """Run every sample of a dense stimulus and return its spike counts, (samples, bins, N)."""
        out = np.zeros((len(dense), bins, self._program.n_neurons), np.int32)
        table = np.zeros((self._n_steps + LATE, self._program.n_inputs))
        with brian2(self._device):
            for b, sample in enumerate(dense):
                table[: self._n_steps] = sample
                self._device.run(self._folder, with_output=False, run_args={self._table: table})
                step, cell = self._cells.events()
                np.add.at(out[b], (step * bins // self._n_steps, cell), 1)
        return out
