"""The layout in which the pull kernel reads a program: synapses by target, sources as places in a ring of spike words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim_fast.bounds import largest_sum, wide
from lsm_sim_fast.layout import power_of_two
from lsm_sim_fast.tuning import DEFAULT, Tuning


@dataclass(frozen=True, eq=False)
class PullLayout:
    """A program as the pull kernel reads it.

    Parameters
    ----------
    indptr
        Rows by target, (N+1,).
    packed
        Synapses, uint32 (S, 3): place of the source's word relative to the current step, and the low and the high byte of
        the mantissa, each twice in 16 bits.
    scale
        2^-e, the unit of mantissas (1.0 for loihi).
    slots, width
        Shape of the ring of words: both powers of two, ``width`` >= C+N.
    wide
        See `lsm_sim_fast.bounds.wide`.
    """

    indptr: Ints
    packed: npt.NDArray[Any]
    scale: float
    slots: int
    width: int
    wide: bool

    def check_indices(self) -> None:
        """Raise `RunError` if a kernel would read outside its arrays; places of words cannot leave their ring."""
        ends = self.indptr
        if ends[0] != 0 or (np.diff(ends) < 0).any() or ends[-1] > len(self.packed):
            raise RunError("fast: the packed synapses were changed in memory; lower the program again")


def pull_fits(program: Program, tuning: Tuning = DEFAULT) -> bool:
    """Whether mantissas fit 16 bits, sums 32, and the words that a step reads the second-level cache.

    A program with anything beyond plain LIF but its initial state is only pushed.
    """
    if program.needs - {"initial-state"}:
        return False
    mantissa = np.ldexp(program.weight.astype(np.float64), program.weight_exponent)
    sums = np.bincount(program.post, np.abs(mantissa), minlength=1)
    words = (program.max_delay + 1) * (program.n_inputs + program.n_neurons)
    return bool(words <= tuning.pull_words and np.abs(mantissa).max(initial=0) < 2**15 and sums.max() < 2**31)


def lay_out_pull(program: Program) -> PullLayout:
    """Return the layout of a program that `pull_fits`."""
    slots, width = _shape(program)
    place = (-1 - program.delay) % slots * width + program.sources()  # a delay of d reads the words of step k - 1 - d
    order = np.lexsort((place, program.post))
    packed = np.empty((program.n_synapses, 3), np.uint32)
    packed[:, 0] = place[order]
    mantissa = np.ldexp(program.weight[order].astype(np.float64), program.weight_exponent).astype(np.int64)
    packed[:, 1] = (mantissa & 255) * 0x10001
    packed[:, 2] = (mantissa >> 8 & 0xFFFF) * 0x10001
    return PullLayout(
        indptr=np.concatenate([[0], np.cumsum(np.bincount(program.post, minlength=program.n_neurons))]),
        packed=packed,
        scale=2.0**-program.weight_exponent,
        slots=slots,
        width=width,
        wide=wide(program, largest_sum(program)),
    )


def _shape(program: Program) -> tuple[int, int]:
    slots = program.max_delay + 2  # the words of the longest delay are read while those of this step are written
    return power_of_two(slots), power_of_two(program.n_inputs + program.n_neurons)
