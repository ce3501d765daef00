"""Neurons: Lava's own LIF models with recording, and a process for programs that those cannot run."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort, PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort, OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol
from lava.proc.lif.models import PyLifModelBitAcc, PyLifModelFloat, PyLifRefractoryModelFloat

from lsm_sim.dynamics import LIF, Arithmetic
from lsm_sim_lava.recorder import Recorder, Recording


class Neurons(AbstractProcess):
    """LIF neurons with individual parameters, a refractory period in both arithmetics, and counting of excursions.

    They also have an adaptive threshold if its parameters are given.

    ``parameters`` are the arrays of a `lsm_sim.Program`, (N,) each; ``n_steps`` (samples,) is the number of steps of each
    replica of the network, because later excursions do not count. ``begin`` has the state variables at the start, and ``hold``;
    None: they start at rest.
    """

    def __init__(
        self,
        *,
        parameters: dict[str, Any],
        n_steps: np.ndarray,
        recording: Recording,
        begin: dict[str, Any] | None = None,
    ) -> None:
        shape = parameters["threshold"].shape
        super().__init__(parameters=parameters, n_steps=n_steps, recording=recording, begin=begin)
        self.a_in = InPort(shape=shape)
        self.s_out = OutPort(shape=shape)


class TwoCurrentNeurons(Neurons):
    """The same with a second synaptic current, whose arrivals come through ``a2_in``."""

    def __init__(
        self,
        *,
        parameters: dict[str, Any],
        n_steps: np.ndarray,
        recording: Recording,
        begin: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(parameters=parameters, n_steps=n_steps, recording=recording, begin=begin)
        self.a2_in = InPort(shape=parameters["threshold"].shape)


class _OwnNeurons(PyLoihiProcessModel):
    """Advances the neurons by the step of the reference (`lsm_sim.dynamics`): what Lava's own models cannot express."""

    _arithmetic: Arithmetic
    _number: Any
    _ports: tuple[str, ...] = ("a_in",)  # one for each receptor

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._p = proc_params["parameters"]
        self._n_steps = proc_params["n_steps"]
        self._counting = proc_params["recording"].excursions
        self._recorder = Recorder(proc_params["recording"])
        begin = proc_params["begin"]
        start = LIF.start(self._p, self._arithmetic)
        self._state = start if begin is None else {name: begin[name] for name in start}
        self._step = LIF.step[self._arithmetic]
        self._held_until = np.full(self._p["threshold"].size, -1)
        if begin is not None:
            self._held_until += begin["hold"]

    def run_spk(self) -> None:
        """Advance by one step; see `lsm_sim.program` for the formulas."""
        k = self.time_step - 1
        arrivals = np.stack([getattr(self, port).recv() for port in self._ports]).astype(self._number)
        self._state, spiked, excursions = self._step(self._p, self._state, arrivals, self._held_until >= k)
        self._held_until[spiked] = k + self._p["refractory"][spiked]
        self.s_out.send(spiked)
        if self._counting:  # first, since what follows the last step writes the file
            self._recorder.add_excursions(k, excursions, self._n_steps > k)
        self._recorder.add(k, spiked, self._state)


@implements(proc=Neurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyNeuronsFloat(_OwnNeurons):
    """Neurons in float64."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)
    _arithmetic = "float64"
    _number = np.float64


@implements(proc=Neurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyNeuronsFixed(_OwnNeurons):
    """Neurons in Loihi's integers."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)
    _arithmetic = "loihi"
    _number = np.int64


@implements(proc=TwoCurrentNeurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyTwoCurrentNeuronsFloat(_OwnNeurons):
    """Neurons with two currents in float64."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    a2_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, float)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)
    _arithmetic = "float64"
    _number = np.float64
    _ports = ("a_in", "a2_in")


@implements(proc=TwoCurrentNeurons, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyTwoCurrentNeuronsFixed(_OwnNeurons):
    """Neurons with two currents in Loihi's integers."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    a2_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)
    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)
    _arithmetic = "loihi"
    _number = np.int64
    _ports = ("a_in", "a2_in")


class _Recording:
    """Adds recording to one of Lava's own models."""

    _recorder: Recorder | None = None
    _spiked: Any = None

    def reset_voltage(self: Any, spike_vector: Any) -> None:
        self._spiked = spike_vector
        super().reset_voltage(spike_vector)  # type: ignore[misc]

    def run_spk(self: Any) -> None:
        """Let Lava advance by one step, then record."""
        if self._recorder is None:
            self._recorder = Recorder(self.proc_params["recording"])
        super().run_spk()  # type: ignore[misc]
        self._recorder.add(self.time_step - 1, self._spiked, {"u": self.u, "v": self.v})


class RecordingLifFloat(_Recording, PyLifModelFloat):
    """LIF in floating point."""


class RecordingLifFixed(_Recording, PyLifModelBitAcc):
    """LIF in fixed point."""


class RecordingLifRefractory(_Recording, PyLifRefractoryModelFloat):
    """LIFRefractory, which Lava has in floating point only."""

    def process_spikes(self, spike_vector: Any) -> None:
        """Store the spikes; Lava's model does not call reset_voltage of a subclass."""
        self._spiked = spike_vector
        super().process_spikes(spike_vector)
