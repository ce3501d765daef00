"""NEST: the same neurons as ``iaf_psc_exp``, one sample after the other in one kernel, separated by silence."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lsm_sim import Program, Spikes
from lsm_sim.apps.bench.peer import Counts, Peer, Ready, Settings, Task
from lsm_sim.errors import BackendUnavailableError, UnsupportedError

_LATE = 1  # step; NEST adds arriving weights to the current after the potential was advanced
_SILENCE = 60.0  # ms; after it no spikes are in flight, and u and v have decayed too far to cause one


def peers(settings: Settings) -> list[Peer]:  # noqa: ARG001 (a process has one kernel, so only one row can be measured)
    """Return NEST on one thread."""
    if importlib.util.find_spec("nest") is None:
        raise BackendUnavailableError("not installed; install it with: pip install nest-simulator")
    about = "all samples in one kernel; delays are one step longer than ours, like the shortest delay of NEST"
    return [Peer("NEST", _prepare, about, exact=False)]


@contextmanager
def _prepare(task: Task) -> Iterator[Ready]:
    network = _Network(task.program)
    try:
        yield Ready(lambda n: network.counts(task.stimulus[:n], task.counts.shape[1]))
    finally:
        network.release()


class _Network:
    """A program in NEST's kernel."""

    def __init__(self, program: Program) -> None:
        os.environ.setdefault("PYNEST_QUIET", "1")  # no greeting
        import nest

        if program.arithmetic != "float64" or any(np.ptp(getattr(program, name)) for name in ("decay_u", "decay_v")):
            raise UnsupportedError("this peer needs neurons with equal time constants")
        self._nest, self._program = nest, program
        self._dt = program.dt * 1e3  # NEST counts milliseconds
        nest.ResetKernel()
        nest.verbosity = nest.VerbosityLevel.ERROR
        nest.resolution = self._dt
        nest.local_num_threads = 1
        self._cells, gain = self._make_cells()
        self._inputs = nest.Create("spike_generator", program.n_inputs)
        self._recorder = nest.Create("spike_recorder")
        rows = program.sources()
        external = rows < program.n_inputs
        self._connect(self._inputs, rows[external], external, gain)
        self._connect(self._cells, rows[~external] - program.n_inputs, ~external, gain)
        nest.Connect(self._cells, self._recorder)

    def _make_cells(self) -> tuple[Any, float]:
        """Return the neurons, and the factor from a weight of the program to one of NEST."""
        program, dt = self._program, self._dt
        tau_syn, tau_m = (-dt / np.log(float(decay[0])) for decay in (program.decay_u, program.decay_v))
        # NEST: v' = P22 v + P21 i + P20 i_e; i' = P11 i + weight. With i = u / P21 this is v' = decay_v v + u + bias.
        p21 = (np.exp(-dt / tau_syn) - np.exp(-dt / tau_m)) / (1 / tau_m - 1 / tau_syn)
        p20 = tau_m * (1 - np.exp(-dt / tau_m))
        cells = self._nest.Create(
            "iaf_psc_exp",
            program.n_neurons,
            {
                "C_m": 1.0,
                "tau_m": tau_m,
                "tau_syn_ex": tau_syn,
                "tau_syn_in": tau_syn,
                "E_L": 0.0,
                "V_reset": 0.0,
                "V_th": 1.0,
            },
        )
        cells.set(
            V_m=[0.0] * program.n_neurons,
            V_th=program.threshold.tolist(),
            t_ref=(program.refractory * dt).tolist(),
            I_e=(program.bias / p20).tolist(),
        )
        return cells, 1 / p21

    def _connect(self, pre: Any, source: Any, which: Any, gain: float) -> None:
        program = self._program
        synapses = {
            "synapse_model": "static_synapse",
            "weight": program.weight[which] * gain,
            "delay": (program.delay[which] + 1.0) * self._dt,
        }
        first = (nodes[0].global_id for nodes in (pre, self._cells))
        ends = (index + start for index, start in zip((source, program.post[which]), first, strict=True))
        self._nest.Connect(*ends, "one_to_one", synapses)

    def counts(self, stimulus: Spikes, bins: int) -> Counts:
        """Run every sample and return its spike counts, (samples, bins, N)."""
        out = np.zeros((len(stimulus), bins, self._program.n_neurons), np.int32)
        for b in range(len(stimulus)):
            self._run(stimulus[b], out[b])
        return out

    def _run(self, one: Spikes, out: Counts) -> None:
        nest, n_steps, program = self._nest, int(one.n_steps[0]), self._program
        now = nest.biological_time
        times = now + (one.step + 1.0) * self._dt
        self._inputs.set([{"spike_times": times[one.channel == c]} for c in range(program.n_inputs)])
        self._cells.V_m = 0.0
        self._recorder.n_events = 0
        nest.Simulate((n_steps + _LATE) * self._dt)
        events = self._recorder.events
        step = np.rint((events["times"] - now) / self._dt).astype(np.int64) - 1 - _LATE
        inside = (step >= 0) & (step < n_steps)
        cell = events["senders"][inside] - self._cells[0].global_id
        np.add.at(out, (step[inside] * len(out) // n_steps, cell), 1)
        self._inputs.set([{"spike_times": []}] * program.n_inputs)
        nest.Simulate(_SILENCE)

    def release(self) -> None:
        """Delete the network."""
        self._nest.ResetKernel()
