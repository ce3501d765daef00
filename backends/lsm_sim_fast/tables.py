"""The synapses of a program as the layout packs them: all static ones as one table, and one for each block with plasticity."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.program.blocks import SynapseBlock, all_synapses
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats, Ints

_CHUNK = 2**14  # synapses that are sorted at a time


@dataclass(frozen=True, eq=False)
class Table:
    """Synapses in rows by source.

    Parameters
    ----------
    indptr, post, weight, delay
        As in `Program`.
    receptor
        Of each synapse, (S,), or one number for all.
    exponents
        By receptor: a weight is an integer times 2^-exponent.
    merged
        Whether synapses of one row with the same target and delay may be added up; those with plasticity are rounded singly.
    """

    indptr: Ints
    post: Ints
    weight: Any
    delay: Ints
    receptor: Any
    exponents: tuple[int, ...]
    merged: bool

    def mantissa(self, which: Any) -> Ints:
        """Return the integers of some synapses."""
        if self.weight.dtype.kind == "i":
            return np.asarray(self.weight[which])
        exponent = np.array(self.exponents)[self.receptor if np.ndim(self.receptor) == 0 else self.receptor[which]]
        return np.asarray(np.ldexp(self.weight[which], exponent), np.int64)


def chunks(indptr: Ints) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows with about `_CHUNK` synapses each, at least one row."""
    steps = np.searchsorted(indptr, np.arange(0, indptr[-1], _CHUNK), side="right") - 1
    bounds = np.unique(np.concatenate([[0], steps, [indptr.size - 1]]))
    yield from itertools.pairwise(bounds.tolist())


def exponents(program: Program) -> tuple[int, ...]:
    """Return by receptor the smallest e >= 0 for which all its weights are multiples of 2^-e."""
    own = ([block.exponent for block in program.blocks if block.receptor == r] for r in range(program.n_receptors))
    return tuple(max(found, default=0) for found in own)


def static_table(program: Program) -> Table:
    """Return the table of all static synapses; where they are one block it is that, without a copy."""
    blocks = [block for block in program.blocks if block.rule == "static"]
    common = exponents(program)
    if len(blocks) == 1:
        return _table(blocks[0], common, merged=True)
    if not blocks:
        none = np.empty(0, np.int64)
        empty = np.zeros(program.n_inputs + program.n_neurons + 1, np.int64)
        return Table(empty, none, program.weight[:0], none, 0, common, merged=True)
    joint = all_synapses(blocks)
    order = np.argsort(joint.source, kind="stable")
    indptr = np.sum([block.indptr for block in blocks], axis=0)
    post, weight, delay, receptor = (x[order] for x in (joint.post, joint.weight, joint.delay, joint.receptor))
    return Table(indptr, post, weight, delay, receptor, common, merged=True)


def plastic_tables(program: Program) -> list[Table]:
    """Return a table for each block with plasticity, each on the grid of its own weights."""
    return [
        _table(block, (block.exponent,) * program.n_receptors, merged=False)
        for block in program.blocks
        if block.rule != "static"
    ]


def lifts(program: Program) -> Floats:
    """Return for each block with plasticity how many units of its receptor's arrivals a unit of its own grid is."""
    common = exponents(program)
    plastic = [block for block in program.blocks if block.rule != "static"]
    return np.array([2.0 ** (common[block.receptor] - block.exponent) for block in plastic])


def _table(block: SynapseBlock, by_receptor: tuple[int, ...], *, merged: bool) -> Table:
    return Table(block.indptr, block.post, block.weight, block.delay, block.receptor, by_receptor, merged)
