"""A program as a Brian2 user writes it: exact integration, a spike source, a `SpikeMonitor`.

It is the same network with the same spikes. In Brian2 an arriving spike changes u after the state was advanced, so u
is one step late: spikes of the network are one step later, inputs get one more step of delay, and one more step is run.
"""

from __future__ import annotations

import gc
import importlib
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from lsm_sim import Program, Spikes
from lsm_sim.apps.bench.peer import Counts
from lsm_sim.errors import UnsupportedError

LATE = 1
"""Steps by which Brian2's spikes are later than the program's."""

_EQUATIONS = """dv/dt = ((a_v - 1) * v + u) / tick : 1 (unless refractory)
du/dt = (a_u - 1) * u / tick : 1"""
PREFERENCES = {"codegen.target": "cython", "core.default_float_dtype": np.float64}


@contextmanager
def brian2(device: Any = None) -> Iterator[Any]:
    """Yield Brian2 with Cython and the runtime device, or the given device; restore the previous settings afterwards."""
    if "brian2" not in sys.modules:  # Brian2 collects garbage at every run; exclude the objects that exist already
        gc.collect()
        gc.freeze()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Brian2 uses deprecated functions of its dependencies
        import brian2 as b2

        devices: Any = importlib.import_module("brian2.devices.device")
        before = {name: b2.prefs[name] for name in PREFERENCES}
        active = devices.active_device
        try:
            for name, value in PREFERENCES.items():
                b2.prefs[name] = value
            devices.active_device = device or devices.runtime_device
            b2.BrianLogger.suppress_hierarchy("brian2")
            yield b2
        finally:
            devices.active_device = active
            for name, value in before.items():
                b2.prefs[name] = value


def check(program: Program) -> None:
    """Raise `UnsupportedError` for a program that these equations do not describe."""
    uniform = all(np.ptp(getattr(program, name)) == 0 for name in ("threshold", "refractory"))
    if program.arithmetic != "float64" or program.bias.any() or not uniform:
        raise UnsupportedError("these equations need neurons with identical parameters and no constant input")


class Cells:
    """Neurons, synapses and a monitor, of one or more copies of a program.

    Names are fixed, because Brian2 identifies compiled code by its text, which contains names: so nothing is compiled twice.
    """

    def __init__(self, b2: Any, program: Program, inputs: Any, copies: int = 1, threshold: str = "v > theta") -> None:
        self._b2, self._program, self._copies, self._clock = b2, program, copies, inputs.clock
        self._tick = program.dt * b2.second
        constants = {
            "a_u": program.decay_u[0],
            "a_v": program.decay_v[0],
            "theta": program.threshold[0],
            "tick": self._tick,
        }
        self.group = b2.NeuronGroup(
            program.n_neurons * copies,
            _EQUATIONS,
            threshold=threshold,
            reset="v = 0",
            refractory=(int(program.refractory[0]) + LATE) * self._tick,
            method="euler",  # with these coefficients identical to the steps of the program
            clock=self._clock,
            namespace=constants,
            name="bench_cells",
        )
        self.monitor = b2.SpikeMonitor(self.group, name="bench_monitor")
        rows = program.sources()
        external = rows < program.n_inputs
        self.parts = [
            self.group,
            inputs,
            self.monitor,
            self._synapses(inputs, rows, external, program.n_inputs, late=LATE, name="bench_external"),
            self._synapses(
                self.group, rows - program.n_inputs, ~external, program.n_neurons, late=0, name="bench_recurrent"
            ),
        ]

    def _synapses(self, pre: Any, source: Any, which: Any, n_pre: int, *, late: int, name: str) -> Any:
        program, copy = self._program, np.arange(self._copies)[:, None]
        synapses = self._b2.Synapses(pre, self.group, "w : 1", on_pre="u_post += w", clock=self._clock, name=name)
        target = program.post[which] + copy * program.n_neurons
        synapses.connect(i=(source[which] + copy * n_pre).ravel(), j=target.ravel())
        synapses.w[:] = np.tile(program.weight[which], self._copies)
        synapses.delay[:] = np.tile(program.delay[which] + late, self._copies) * self._tick
        return synapses

    def events(self) -> tuple[Any, Any]:
        """Return step and cell of each spike, in the program's steps."""
        step = np.rint(np.asarray(self.monitor.t / self._tick)).astype(np.int64) - LATE
        return step, np.asarray(self.monitor.i)


def spike_source(b2: Any, program: Program, copies: int = 1) -> Any:
    """Return input channels without spikes; their clock is used by all objects."""
    clock = b2.Clock(dt=program.dt * b2.second, name="bench_clock")
    return b2.SpikeGeneratorGroup(program.n_inputs * copies, [], [] * b2.second, clock=clock, name="bench_inputs")


class PlainLoop:
    """The usual way to run a data set: build once, then restore and run for each sample."""

    def __init__(self, program: Program) -> None:
        check(program)
        self._program = program
        with brian2() as b2:
            self._tick = program.dt * b2.second
            self._inputs = spike_source(b2, program)
            self._cells = Cells(b2, program, self._inputs)
            self._network = b2.Network(*self._cells.parts, name="bench_network")
            self._network.store()

    def counts(self, stimulus: Spikes, bins: int) -> Counts:
        """Run every sample and return its spike counts, (samples, bins, N)."""
        out = np.zeros((len(stimulus), bins, self._program.n_neurons), np.int32)
        with brian2():
            for b in range(len(stimulus)):
                one = stimulus[b]
                n_steps = int(one.n_steps[0])
                self._network.restore()
                self._inputs.set_spikes(one.channel, one.step * self._tick)
                self._network.run((n_steps + LATE) * self._tick, namespace={})
                step, cell = self._cells.events()
                np.add.at(out[b], (step * bins // n_steps, cell), 1)
        return out
