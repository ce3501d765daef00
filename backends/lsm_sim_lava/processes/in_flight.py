"""A source of what was in flight when a run goes on from a state."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires, tag
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class InFlight(AbstractProcess):
    """Send ``arrivals`` (steps, N), one row at each step, then nothing; ports add what arrives from several processes."""

    def __init__(self, *, arrivals: np.ndarray) -> None:
        super().__init__(arrivals=arrivals)
        self.a_out = OutPort(shape=arrivals.shape[1:])


class _InFlight(PyLoihiProcessModel):
    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._arrivals = proc_params["arrivals"]
        self._nothing = np.zeros_like(self._arrivals[0])

    def run_spk(self) -> None:
        """Send what arrives at this step."""
        k = self.time_step - 1
        self.a_out.send(self._arrivals[k] if k < len(self._arrivals) else self._nothing)


@implements(proc=InFlight, protocol=LoihiProtocol)
@requires(CPU)
@tag("floating_pt")
class PyInFlightFloat(_InFlight):
    """Arrivals in float64."""

    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, float)


@implements(proc=InFlight, protocol=LoihiProtocol)
@requires(CPU)
@tag("fixed_pt")
class PyInFlightFixed(_InFlight):
    """Arrivals as integers."""

    a_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
