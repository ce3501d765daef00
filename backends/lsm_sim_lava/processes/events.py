"""Sources of events that are known before the run."""

from __future__ import annotations

from typing import Any

import numpy as np
from lava.magma.core.decorator import implements, requires
from lava.magma.core.model.py.model import PyLoihiProcessModel
from lava.magma.core.model.py.ports import PyOutPort
from lava.magma.core.model.py.type import LavaPyType
from lava.magma.core.process.ports.ports import OutPort
from lava.magma.core.process.process import AbstractProcess
from lava.magma.core.resources import CPU
from lava.magma.core.sync.protocols.loihi_protocol import LoihiProtocol


class Events(AbstractProcess):
    """Send spikes: ``channel`` (E,) sorted by step, those of step k at ``offsets[k]:offsets[k + 1]``.

    They are passed to the constructor, and thus by fork, without messages.
    """

    def __init__(self, *, n_channels: int, channel: np.ndarray, offsets: np.ndarray) -> None:
        super().__init__(n_channels=n_channels, channel=channel, offsets=offsets)
        self.s_out = OutPort(shape=(n_channels,))


@implements(proc=Events, protocol=LoihiProtocol)
@requires(CPU)
class PyEvents(PyLoihiProcessModel):
    """Send the channels of each step as booleans."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._channel, self._offsets = proc_params["channel"], proc_params["offsets"]
        self._spiked = np.zeros(proc_params["n_channels"], bool)

    def run_spk(self) -> None:
        """Send the spikes of this step."""
        k = self.time_step - 1
        self._spiked[:] = False
        self._spiked[self._channel[self._offsets[k] : self._offsets[k + 1]]] = True
        self.s_out.send(self._spiked)


class GradedEvents(AbstractProcess):
    """Send events with payloads, at the steps that `Events` describes; ``payload`` (E,) are integers.

    ``event_out`` says which channels have an event, because a payload may be 0.
    """

    def __init__(self, *, n_channels: int, channel: np.ndarray, payload: np.ndarray, offsets: np.ndarray) -> None:
        super().__init__(n_channels=n_channels, channel=channel, payload=payload, offsets=offsets)
        self.s_out = OutPort(shape=(n_channels,))
        self.event_out = OutPort(shape=(n_channels,))


@implements(proc=GradedEvents, protocol=LoihiProtocol)
@requires(CPU)
class PyGradedEvents(PyLoihiProcessModel):
    """Send the payloads of each step as integers, and the events as booleans."""

    s_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, np.int32)
    event_out: PyOutPort = LavaPyType(PyOutPort.VEC_DENSE, bool)

    def __init__(self, proc_params: Any) -> None:
        super().__init__(proc_params)
        self._channel, self._payload = proc_params["channel"], proc_params["payload"]
        self._offsets, self._shape = proc_params["offsets"], proc_params["n_channels"]

    def run_spk(self) -> None:
        """Send the events of this step."""
        now = slice(self._offsets[self.time_step - 1], self._offsets[self.time_step])
        channel = self._channel[now]
        payload, happened = np.zeros(self._shape, np.int32), np.zeros(self._shape, bool)
        payload[channel], happened[channel] = self._payload[now], True
        self.s_out.send(payload)
        self.event_out.send(happened)
