"""How large numbers can become in a program, and whether they fit int32."""

from __future__ import annotations

import numpy as np

from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats
from lsm_sim_fast.tables import chunks, exponents


def wide(program: Program, largest: float) -> bool:
    """Return whether sums can leave int32 before v is clipped, in loihi arithmetic, given the largest sum of arrivals.

    If arrivals are at most 2^18, which is 2^24 after the shift by 6 bits, then |u| <= 2^23 before a step leads to
    |x| <= 3 * 2^23, which wraps to |u| <= 2^23 again; and |v| <= 2^23 is what is left where no neuron spiked.
    """
    if program.arithmetic != "loihi":
        return False
    return bool(largest > 2**18 or np.abs(program.bias).max(initial=0) > 2**29)


def largest_sum(program: Program, factor: Floats | None = None) -> float:
    """Return the largest sum of magnitudes of mantissas into one current of a neuron.

    ``factor`` (C+N,) multiplies what each source delivers: the largest payload of its events.
    """
    largest = 0.0
    for receptor, exponent in enumerate(exponents(program)):
        sums = np.zeros(program.n_neurons)
        for block in program.blocks:
            if block.receptor == receptor:
                _add_magnitudes(sums, block, factor)
        largest = max(largest, float(np.ldexp(sums.max(), exponent)))
    return largest


def _add_magnitudes(sums: Floats, block: SynapseBlock, factor: Floats | None) -> None:
    """Add the magnitudes of the weights into each neuron, a part of the rows at a time."""
    for first, last in chunks(block.indptr):
        part = slice(block.indptr[first], block.indptr[last])
        weight = np.abs(block.weight[part].astype(np.float64))
        if factor is not None:
            weight *= np.repeat(factor[first:last], np.diff(block.indptr[first : last + 1]))
        sums += np.bincount(block.post[part], weight, sums.size)
