"""The cells of a network that stand for its input channels.

Without payloads a channel is a cell. Brian2 evaluates the effect of a spike when it arrives, and then the source may already
have sent another payload. So if events have payloads, there is a cell for each channel and delay of its synapses; it spikes
later by that delay, and its synapses have none.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints

PAYLOAD = "payload_pre"


@dataclass(frozen=True, eq=False)
class Inputs:
    """The input cells of a replica.

    Parameters
    ----------
    n_channels
        Number of input channels of the program.
    graded
        Whether events have payloads.
    channel, delay
        Of each cell, sorted by both.
    """

    n_channels: int
    graded: bool
    channel: Ints
    delay: Ints

    @staticmethod
    def of(program: Program, *, graded: bool) -> Inputs:
        """Return the input cells of a program."""
        n = program.n_inputs
        if not graded:
            return Inputs(n, graded, np.arange(n), np.zeros(n, np.int64))
        synapses = program.synapses()
        external = synapses.source < n
        pairs = np.stack([synapses.source[external], synapses.delay[external]])
        return Inputs(n, graded, *np.unique(pairs, axis=1))

    @property
    def n_cells(self) -> int:
        """Number of input cells."""
        return self.channel.size

    def ends(self, source: Ints, delay: Ints) -> tuple[Ints, Ints]:
        """Return the cell that sends to each synapse, input cells first, then neurons, and the delay that is left."""
        if not self.graded:
            return source, delay
        shifted = source + (self.n_cells - self.n_channels)
        external = source < self.n_channels
        width = int(max(self.delay.max(initial=0), delay.max(initial=0))) + 1
        cell = np.searchsorted(self.channel * width + self.delay, source * width + delay)
        return np.where(external, cell, shifted), np.where(external, 0, delay)

    def events(self, stimulus: Spikes, samples: Ints) -> tuple[Ints, Ints, Ints, Any]:
        """Return step, replica, cell and payload (None without) of the stimulus of a round, sorted by step."""
        parts = [slice(stimulus.offsets[b], stimulus.offsets[b + 1]) for b in samples]
        step = np.concatenate([stimulus.step[part] for part in parts]).astype(np.int64)
        cell = np.concatenate([stimulus.channel[part] for part in parts]).astype(np.int64)
        replica = np.repeat(np.arange(len(parts)), [part.stop - part.start for part in parts])
        payload = None
        if stimulus.payload is not None:
            payload = np.concatenate([stimulus.payload[part] for part in parts]).astype(np.float64)
            event, cell = self._spread(cell)
            step, replica, payload = step[event] + self.delay[cell], replica[event], payload[event]
        order = np.argsort(step, kind="stable")
        return step[order], replica[order], cell[order], None if payload is None else payload[order]

    def _spread(self, channel: Ints) -> tuple[Ints, Ints]:
        """Return for each event the cells of its channel: the index of the event, and the cell."""
        first, last = (np.searchsorted(self.channel, channel, side=side) for side in ("left", "right"))
        number = last - first
        event = np.repeat(np.arange(channel.size), number)
        within = np.arange(event.size) - np.repeat(np.cumsum(number) - number, number)
        return event, first[event] + within
