"""The state of a program in RAM: which fields it has, of which types, and how many bytes they take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from lsm_sim.exchange.c.tables import integer_type
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program

_NARROW = 2**15  # sums of arrivals below this fit 16 bits


@dataclass(frozen=True)
class Field:
    """A field of the state: ``shape`` is () or the sizes of an array."""

    kind: str
    name: str
    n_bytes: int
    shape: tuple[int, ...] = ()

    @property
    def total(self) -> int:
        """Bytes of the field."""
        out = self.n_bytes
        for size in self.shape:  # of Python, because the product may be large
            out *= size
        return out

    @property
    def declaration(self) -> str:
        """The line of C that declares it."""
        return f"    {self.kind} {self.name}{''.join(f'[{size}]' for size in self.shape)};"


@dataclass(frozen=True)
class Layout:
    """What of the state is there, and in which types."""

    fields: tuple[Field, ...]
    n_slots: int
    narrow: bool  # sums of arrivals have 16 bits
    hold: str | None  # type of the steps that a neuron is still held
    neuron: str  # type of the number of a neuron
    channel: str

    @property
    def ram(self) -> int:
        """Bytes of the state; fields come in the order of their sizes, so that only the end is padded."""
        total = sum(field.total for field in self.fields)
        return -(-total // 4) * 4


def synapse_blocks(program: Program) -> list[SynapseBlock]:
    """Return the blocks that have synapses; others change nothing."""
    return [block for block in program.blocks if block.n_synapses]


def layout(program: Program, *, graded: bool, more: Sequence[Field] = ()) -> Layout:
    """Return the layout of the state of a program; ``more``: further fields of 4 bytes."""
    n, rows = program.n_neurons, program.n_inputs + program.n_neurons
    n_slots = program.max_delay + 1
    narrow = not graded and _largest_arrival(program) < _NARROW
    held = int(program.refractory.max())
    hold, hold_bytes = integer_type(0, held)
    neuron, neuron_bytes = ("uint16_t", 2) if n <= 65535 else ("uint32_t", 4)
    ring = ("int16_t", 2) if narrow else ("uint32_t", 4)
    shape = (n_slots, program.n_receptors, n)
    fields = [Field(ring[0], "in_flight", ring[1], shape)]
    fields += [Field("int32_t", name, 4, (n,)) for name in program.state]
    for number, block in enumerate(synapse_blocks(program)):
        if block.rule == "stp":
            fields += [Field("int32_t", f"{name}_{number}", 4, (rows,)) for name in ("r", "f")]
    fields += [Field("uint32_t", name, 4) for name in ("slot", "n_spikes")]
    fields += more
    if held:
        fields.append(Field(hold, "hold", hold_bytes, (n,)))
    fields.append(Field(neuron, "spikes", neuron_bytes, (n,)))
    ordered = tuple(sorted(fields, key=lambda field: -field.n_bytes))
    channel = "uint16_t" if program.n_inputs <= 65535 else "uint32_t"
    return Layout(ordered, n_slots, narrow, hold if held else None, neuron, channel)


def _largest_arrival(program: Program) -> int:
    """Return a bound of the magnitude of the sums of arrivals: each synapse delivers at most once per step and slot."""
    total = np.zeros((2, program.n_neurons))
    for block in program.blocks:
        np.add.at(total[block.receptor], block.post, np.abs(block.weight).astype(np.float64))
    return int(total.max())
