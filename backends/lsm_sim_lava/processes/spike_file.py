"""A sink that writes the spikes received from a chip."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyInPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import InPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol

from lsm_sim_lava.recorder import Recorder, Recording


class SpikeFile(AbstractProcess):
    """Write spikes to the file that ``recording`` names."""

    def __init__(self, *, n_neurons: int, recording: Recording) -> None:
        super().__init__(recording=recording)
        self.a_in = InPort(shape=(n_neurons,))


@implements(proc=SpikeFile, protocol=LoihiProtocol)
@requires(CPU)
class PySpikeFile(PyLoihiProcessModel):
    """Write the spikes of each step."""

    a_in: PyInPort = LavaPyType(PyInPort.VEC_DENSE, np.int32)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._recorder = Recorder(proc_params["recording"])

    def run_spk(self) -> None:
        """Record the spikes of this step."""
        spiked = self.a_in.recv() != 0
        self._recorder.add(self.time_step - 1, spiked, {})
