"""The synapses of a program by pair of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from lsm_sim.dynamics import Rule
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.support.checks import Ints
from lsm_sim.support.printing import short_repr


@dataclass(frozen=True, eq=False, repr=False)
class Projection:
    """All synapses of a block from one group to another, at least one.

    Parameters
    ----------
    pre, post
        Names of the groups.
    rows
        Rows of the program that ``pre`` covers: input channels as they are, neurons after them.
    members
        Neurons of ``post``.
    index
        Indices of these synapses among those of all blocks, ascending, shape (S,); see `Program.synapses`.
    source, target
        Indices within ``pre`` and ``post`` of each synapse's neurons, shape (S,).
    receptor, rule
        Of the block.
    block
        Its number.
    """

    pre: str
    post: str
    rows: range
    members: range
    index: Ints
    source: Ints
    target: Ints
    receptor: int = 0
    rule: Rule = "static"
    block: int = 0

    def __repr__(self) -> str:
        return short_repr(self)

    @property
    def label(self) -> str:
        """Both names, for printing."""
        return f"{self.pre} -> {self.post}"


def rows_of_groups(n_inputs: int, inputs: Mapping[str, range], neurons: Mapping[str, range]) -> list[tuple[str, range]]:
    """Return the rows of each source group, in order; not a mapping, because both kinds may use the same name."""
    shifted = [(name, range(n_inputs + m.start, n_inputs + m.stop)) for name, m in neurons.items()]
    return [*inputs.items(), *shifted]


def split(
    blocks: Sequence[SynapseBlock], sources: list[tuple[str, range]], neurons: Mapping[str, range]
) -> list[Projection]:
    """Return a projection for each block and pair of groups with synapses, by block, source group, then target group."""
    stops = np.array([members.stop for members in neurons.values()])
    out, before = [], 0
    for number, block in enumerate(blocks):
        for pre, rows in sources:
            first, last = int(block.indptr[rows.start]), int(block.indptr[rows.stop])
            own = block.post[first:last]
            group = np.searchsorted(stops, own, side="right")
            source = np.repeat(np.arange(len(rows)), np.diff(block.indptr[rows.start : rows.stop + 1]))
            for nth, (name, members) in enumerate(neurons.items()):
                inside = np.flatnonzero(group == nth)
                if inside.size:
                    index, ends = before + first + inside, (source[inside], own[inside] - members.start)
                    out.append(Projection(pre, name, rows, members, index, *ends, block.receptor, block.rule, number))
        before += block.n_synapses
    return out
