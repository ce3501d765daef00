"""How large numbers can become in a program, and whether they fit int32."""

from __future__ import annotations

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim_fast.packing import chunks


def wide(program: Program, largest: float) -> bool:
    """Return whether sums can leave int32 before v is clipped, in loihi arithmetic, given the largest sum of arrivals.

    If arrivals are at most 2^18, which is 2^24 after the shift by 6 bits, then |u| <= 2^23 before a step leads to
    |x| <= 3 * 2^23, which wraps to |u| <= 2^23 again; and |v| <= 2^23 is what is left where no neuron spiked.
    """
    if program.arithmetic != "loihi":
        return False
    return bool(largest > 2**18 or np.abs(program.bias).max(initial=0) > 2**29)


def largest_sum(program: Program) -> float:
    """Return the largest sum of magnitudes of mantissas into one neuron."""
    sums = np.zeros(program.n_neurons)
    for first, last in chunks(program):
        part = slice(program.indptr[first], program.indptr[last])
        sums += np.bincount(program.post[part], np.abs(program.weight[part].astype(np.float64)), program.n_neurons)
    return float(np.ldexp(sums.max(), program.weight_exponent))
