"""Published figures on the energy and the time of operations of Loihi and Loihi 2, each with its source.

Nothing here was measured by lsm_sim. Marks of trust: "A" official text of Intel; "B" abstract of a paper read; "S" transcribed by
a third party, the paper itself not opened; "C" public code or notebook read; "D" derived from such sources.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

CORES_PER_TILE = 4  # of Loihi: 128 cores in 32 tiles


class Range(NamedTuple):
    """A lower and an upper end of an estimate."""

    low: float
    high: float

    def scaled(self, factor: float) -> Range:
        """Return both ends times a factor that is not negative."""
        return Range(self.low * factor, self.high * factor)

    def plus(self, other: Range) -> Range:
        """Return the sums of the ends."""
        return Range(self.low + other.low, self.high + other.high)

    def joined(self, other: Range) -> Range:
        """Return the range that covers both."""
        return Range(min(self.low, other.low), max(self.high, other.high))


class Operation(NamedTuple):
    """Energy in joules and time in seconds of one operation."""

    energy: float
    time: float


@dataclass(frozen=True)
class OperationTable:
    """The energy and the time of each operation of a chip, from one source.

    Parameters
    ----------
    name, title, source, trust
        A short name, a name for people, where the figures were published, and the mark of trust.
    remark
        What a reader must know about the figures.
    synapse
        One synaptic operation: one synapse that a spike goes through.
    idle, active
        The update of a neuron in one step, without and with activity.
    spike
        What a neuron that spikes needs beyond an active update.
    message_out, message_in
        One message from a core to a core, at its sender and at its receiver.
    hop_energy, hop_time
        One hop of a message between tiles, in joules and seconds; the ends are the two directions.
    barrier
        The synchronisation of all cores at the end of a step, in seconds; it depends on the number of tiles.
    """

    name: str
    title: str
    source: str
    trust: str
    remark: str
    synapse: Operation
    idle: Operation
    active: Operation
    spike: Operation
    message_out: Operation
    message_in: Operation
    hop_energy: Range
    hop_time: Range
    barrier: Range


_PJ, _NS = 1e-12, 1e-9

DAVIES = OperationTable(
    name="davies-2018",
    title="Davies 2018 (simulated)",
    source="Davies et al., IEEE Micro 38(1), 2018, Table 2, p. 96, at 0.75 V",
    trust="S",
    remark=(
        "pre-silicon simulation, not a measurement; 23.6 pJ per synaptic operation is the minimum, 3.5 ns the maximum; no energy of "
        "the barrier is published"
    ),
    synapse=Operation(23.6 * _PJ, 3.5 * _NS),
    idle=Operation(52 * _PJ, 5.3 * _NS),
    active=Operation(81 * _PJ, 8.4 * _NS),
    spike=Operation(0, 0),
    message_out=Operation(1.7 * _PJ, 2.1 * _NS),
    message_in=Operation(0, 0),
    hop_energy=Range(3.0 * _PJ, 4.0 * _PJ),
    hop_time=Range(4.1 * _NS, 6.5 * _NS),
    barrier=Range(113 * _NS, 465 * _NS),
)

SANA_FE = OperationTable(
    name="sana-fe",
    title="SANA-FE (fitted to silicon)",
    source="SANA-FE 2.2.9, arch/loihi.yaml; its paper: IEEE TCAD, 2025",
    trust="C",
    remark=(
        "a regression on a Nahuku board with Loihi 1, by the authors of SANA-FE; sparse synapses (dense 35.5 pJ and 3.8 ns, "
        "convolution 24.0 pJ and 3.1 ns); leakage is not in it; voltage not stated"
    ),
    synapse=Operation(33.6 * _PJ, 4.7 * _NS),
    idle=Operation(51.2 * _PJ, 6.0 * _NS),
    active=Operation((51.2 + 21.6) * _PJ, (6.0 + 3.7) * _NS),
    spike=Operation(69.3 * _PJ, 30 * _NS),
    message_out=Operation(111 * _PJ, 5.1 * _NS),
    message_in=Operation(0, 16 * _NS),
    hop_energy=Range(3.0 * _PJ, 4.2 * _PJ),
    hop_time=Range(4.1 * _NS, 6.5 * _NS),
    barrier=Range(600 * _NS, 1800 * _NS),
)

TABLES: Mapping[str, OperationTable] = MappingProxyType({table.name: table for table in (DAVIES, SANA_FE)})
"""The tables for Loihi 1. There is none for Loihi 2: its energy per operation is not published."""


@dataclass(frozen=True)
class Published:
    """A published figure of a whole chip or of another network."""

    what: str
    value: Range
    unit: str
    source: str
    trust: str


STATIC: Mapping[str, Published] = MappingProxyType(
    {
        "loihi1": Published(
            "static power of one chip, derived from 3.34 W for 32 chips; voltage not stated",
            Range(0.104, 0.104),
            "W",
            "Frady et al., 2020 (Pohoiki Springs)",
            "S",
        ),
        "loihi2": Published(
            "static power of one chip, measured on two networks; voltage not stated",
            Range(0.23, 0.28),
            "W",
            "Intel, lava-dl, PilotNet LIF and SDNN benchmark notebooks",
            "C",
        ),
    }
)

MULTI_CHIP_BARRIER = Published(
    "barrier between 768 chips", Range(14.3e-6, 16.2e-6), "s", "Frady et al., 2020 (Pohoiki Springs)", "S"
)

ANCHORS: Mapping[str, tuple[Published, ...]] = MappingProxyType(
    {
        "loihi1": (
            Published(
                "a step of other networks on several chips",
                Range(5.8e-6, 13e-6),
                "s",
                "Frady et al., 2020 (Pohoiki Springs)",
                "S",
            ),
            MULTI_CHIP_BARRIER,
        ),
        "loihi2": (
            Published(
                "a step of FlyWire, 138 639 neurons on 12 chips, of 0.1 ms and of 1 ms",
                Range(5.4e-6, 12.4e-6),
                "s",
                "arXiv:2508.16792",
                "S",
            ),
            Published(
                "one inference of Q-learning on one chip (Oheo Gulch)",
                Range(12.9e-6, 12.9e-6),
                "s",
                "arXiv:2609.32317",
                "S",
            ),
            Published(
                "a step of PilotNet LIF on 74 cores",
                Range(1 / 408.9, 1 / 408.9),
                "s",
                "Intel, lava-dl, PilotNet LIF benchmark notebook",
                "C",
            ),
        ),
    }
)


def most_hops(n_cores: int) -> int:
    """Return the number of hops between the two farthest tiles, if the cores fill a compact rectangle of tiles.

    >>> [most_hops(n) for n in (1, 4, 5, 16, 128)]
    [0, 0, 1, 2, 10]
    """
    tiles = max(1, -(-n_cores // CORES_PER_TILE))
    columns = math.ceil(math.sqrt(tiles))
    return columns - 1 + -(-tiles // columns) - 1
