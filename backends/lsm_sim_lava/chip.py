"""Build a network of Lava's own processes for Loihi 2 and run it. Imported only by the worker. Unverified on hardware.

Only members of Intel's research community can run this on a device; the tests run every line up to the device with a mock of
the closed-source extension.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2HwCfg
from lava.utils import loihi

from lsm_sim.dynamics.loihi import MAX_STATE
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim_lava import network
from lsm_sim_lava.plan import Plan, stock_layers
from lsm_sim_lava.processes.spike_file import SpikeFile
from lsm_sim_lava.recorder import Recording, pause_file

_LOWEST_U = -(2**22)  # half its range, so that arrivals of either sign cannot make it wrap


@dataclass(frozen=True, eq=False)
class Schedule:
    """When to pause, read and reset; see `lsm_sim_lava.chip_job`.

    ``lengths`` are the steps of each sample, ``read_steps`` those after which variables are read, ``gap`` the steps between
    samples, and ``held_steps`` after how many of these v is set again.
    """

    lengths: Ints
    read_steps: Ints
    gap: int
    held_steps: int


def choose_host(address: str, partition: str, board: str) -> None:
    """Tell Lava where the chip is; without any of the three, Lava uses its environment variables."""
    if address:
        loihi.use_ethernet_host(address)
    elif partition or board:
        loihi.use_slurm_host(partition=partition or None, board=board or None)


def run(program: Program, stimulus: Spikes, recording: Recording, schedule: Schedule) -> None:
    """Run all samples in one job; spikes are sent and received through the extension's adapters."""
    neurons = _build(program, stimulus, recording)
    job = _Job(neurons, recording, schedule)
    try:
        job.run()
    finally:
        neurons.stop()


def _build(program: Program, stimulus: Spikes, recording: Recording) -> Any:
    from lava.proc import embedded_io

    layers = [layer for from_inputs in (True, False) for layer in stock_layers(program, from_inputs)[0]]
    parts: dict[str, Any] = {}

    def entry(events: Any) -> Any:
        adapter = parts["in"] = embedded_io.spike.PyToNxAdapter(shape=events.s_out.shape, num_message_bits=0)
        events.s_out.connect(adapter.inp)
        return adapter.out

    plan = Plan("LIF", tuple(layers), ())
    neurons = network.build(program, stimulus, recording, plan, entry=entry)
    adapter = embedded_io.spike.NxToPyAdapter(shape=neurons.s_out.shape, num_message_bits=0)
    only_spikes = replace(recording, neurons=np.empty(0, np.int64), variables=())
    sink = SpikeFile(n_neurons=program.n_neurons, recording=only_spikes)
    neurons.s_out.connect(adapter.inp)
    adapter.out.connect(sink.a_in)
    return neurons


class _Job:
    """One run with pauses."""

    def __init__(self, neurons: Any, recording: Recording, schedule: Schedule) -> None:
        self._neurons, self._recording, self._schedule = neurons, recording, schedule
        self._read: dict[str, list[Any]] = {str(name): [] for name in recording.variables}

    def run(self) -> None:
        """Run every sample, and the gaps between them."""
        for b, length in enumerate(self._schedule.lengths.tolist()):
            if b:
                self._come_to_rest()
            self._sample(length)
        for name, rows in self._read.items():
            n = self._recording.neurons.size
            np.save(Path(self._recording.folder) / pause_file(name), np.array(rows, np.int64).reshape(-1, n))

    def _sample(self, length: int) -> None:
        done = 0
        reads = [step + 1 for step in self._schedule.read_steps.tolist() if step < length]
        for stop in sorted({*reads, length}):
            self._steps(stop - done)
            done = stop
            for name, rows in self._read.items() if stop in reads else ():
                rows.append(getattr(self._neurons, name).get()[self._recording.neurons])

    def _come_to_rest(self) -> None:
        left = self._schedule.gap
        while left:
            n = min(left, self._schedule.held_steps)
            self._set(_LOWEST_U, -MAX_STATE)
            self._steps(n)
            left -= n
        self._set(0, 0)

    def _set(self, u: int, v: int) -> None:
        shape = self._neurons.v.shape
        self._neurons.u.set(np.full(shape, u))
        self._neurons.v.set(np.full(shape, v))

    def _steps(self, n: int) -> None:
        self._neurons.run(condition=RunSteps(num_steps=n), run_cfg=Loihi2HwCfg(select_tag="fixed_pt"))
