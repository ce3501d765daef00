"""Blocks of synapses of a program: rows by source, with one receptor and one rule for all synapses of a block."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.dynamics import STP, Arithmetic, Rule
from lsm_sim.program.grid import grid_exponent
from lsm_sim.support.checks import Ints
from lsm_sim.support.printing import short_repr

RULES: tuple[Rule, ...] = ("static", "stp")
ROWS = ("indptr", "post", "weight", "delay")
RULE_ARRAYS = tuple(dict.fromkeys(array.name for arrays in STP.arrays.values() for array in arrays))


@dataclass(frozen=True, eq=False, repr=False)
class SynapseBlock:
    """Synapses in compressed rows by source: input channels first, then neurons.

    Parameters
    ----------
    indptr, post, weight, delay
        As in `Program`; all blocks of a program have the same rows.
    receptor
        0, or 1 for the second synaptic current of the neurons.
    rule
        ``"static"``, or ``"stp"``: short-term plasticity, see `lsm_sim.dynamics.plasticity`.
    stp_U, stp_decay_rec, stp_decay_facil
        Of each source, (C+N,), where the rule is "stp"; float64 arithmetic.
    stp_drec, stp_dfacil
        loihi arithmetic: the same in 4096ths; there stp_U is in 4096ths, too.
    """

    indptr: Ints
    post: Ints
    weight: Any
    delay: Ints
    receptor: int = 0
    rule: Rule = "static"
    stp_U: Any = None
    stp_decay_rec: Any = None
    stp_decay_facil: Any = None
    stp_drec: Any = None
    stp_dfacil: Any = None

    @property
    def arrays(self) -> dict[str, Any]:
        """The arrays of the rule that this block has, by name, (C+N,) each."""
        values = {name: getattr(self, name) for name in RULE_ARRAYS}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def n_synapses(self) -> int:
        """Number of synapses."""
        return len(self.post)

    @property
    def exponent(self) -> int:
        """The smallest e >= 0 for which every weight is a multiple of 2^-e; 0 for integers."""
        return grid_exponent(self.weight) if self.weight.dtype.kind == "f" else 0

    def sources(self) -> Ints:
        """Return the row of each synapse, shape (S,)."""
        return np.repeat(np.arange(self.indptr.size - 1), np.diff(self.indptr))

    def __repr__(self) -> str:
        return short_repr(self)


def rule_arrays(rule: Rule, arithmetic: Arithmetic) -> tuple[str, ...]:
    """Return the names of the arrays that a block of this rule has."""
    return tuple(array.name for array in STP.arrays[arithmetic]) if rule == "stp" else ()


class AllSynapses(NamedTuple):
    """The synapses of all blocks, those of one block after the other, (S,) each."""

    source: Ints
    post: Ints
    weight: Any
    delay: Ints
    receptor: Ints
    block: Ints


def all_synapses(blocks: Iterable[SynapseBlock]) -> AllSynapses:
    """Join the synapses of blocks."""
    columns = [
        (b.sources(), b.post, b.weight, b.delay, np.full(b.n_synapses, b.receptor), np.full(b.n_synapses, number))
        for number, b in enumerate(blocks)
    ]
    return (
        AllSynapses(*columns[0]) if len(columns) == 1 else AllSynapses(*map(np.concatenate, zip(*columns, strict=True)))
    )
