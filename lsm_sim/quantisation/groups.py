"""The groups of synapses that share an exponent on the chip, and the neurons and sources that use an optional part."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim.program.projections import Projection
from lsm_sim.support.checks import Bools, Ints


def groups(program: Program) -> list[tuple[str, Ints]]:
    """Return names and indices of synapses by block, source group, target group and sign; zero weights are left out.

    The indices are those of `Program.synapses`. A name has the number of the block only where it would appear twice without.
    """
    found, weight = [], program.synapses().weight
    for one in program.projections():
        for sign, mark in ((1, "+"), (-1, "-")):
            index = one.index[np.sign(weight[one.index]) == sign]
            if index.size:
                found.append((one.label, mark, one.block, index))
    times = Counter((label, mark) for label, mark, _, _ in found)
    return [
        (f"{label}{'' if times[label, mark] == 1 else f', block {block}'} ({mark})", index)
        for label, mark, block, index in found
    ]


def has_second_current(program: Program) -> Bools:
    """Return which neurons have synapses onto a second current, (N,)."""
    out = np.zeros(program.n_neurons, bool)
    for block in program.blocks:
        if block.receptor == 1:
            out[block.post] = True
    return out


def adapts(program: Program) -> Bools:
    """Return which neurons have a threshold that changes at a spike, (N,)."""
    return np.zeros(program.n_neurons, bool) if program.jump is None else np.asarray(program.jump != 0)


def plastic(program: Program) -> Iterator[tuple[str, Projection]]:
    """Yield each projection with short-term plasticity, with a name that no other one has."""
    every = [one for one in program.projections() if one.rule == "stp"]
    times = Counter(one.label for one in every)
    for one in every:
        yield one.label if times[one.label] == 1 else f"{one.label}, block {one.block}", one
