"""The layout in which the pull kernel reads a program: synapses by target, sources as places in a ring of spike words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.checks import Ints
from lsm_sim.program import Program
from lsm_sim_fast.layout import power_of_two


@dataclass(frozen=True, eq=False)
class PullLayout:
    """A program as the pull kernel reads it.

    Parameters
    ----------
    indptr
        Rows by target, (N+1,).
    packed
        Synapses, uint32: place of the source's word relative to the current step above 16 bits of mantissa.
    scale
        2^-e, the unit of mantissas (1.0 for loihi).
    slots, width
        Shape of the ring of words: both powers of two, ``width`` >= C+N.
    """

    indptr: Ints
    packed: npt.NDArray[Any]
    scale: float
    slots: int
    width: int


def pull_fits(program: Program) -> bool:
    """Whether places and mantissas fit 16 bits and sums 32."""
    mantissa = np.ldexp(program.weight.astype(np.float64), program.weight_exponent)
    sums = np.bincount(program.post, np.abs(mantissa), minlength=1)
    return bool(_size(program) <= 2**16 and np.abs(mantissa).max(initial=0) < 2**15 and sums.max() < 2**31)


def lay_out_pull(program: Program) -> PullLayout:
    """Return the layout of a program that `pull_fits`."""
    slots, width = _shape(program)
    exponent = program.weight_exponent
    mantissa = np.ldexp(program.weight.astype(np.float64), exponent).astype(np.int64)
    place = (-1 - program.delay) % slots * width + program.sources()  # a delay of d reads the words of step k - 1 - d
    order = np.lexsort((place, program.post))
    high, low = np.divmod(mantissa[order], 256)
    twice = np.stack([place[order], low * 0x10001, (high & 0xFFFF) * 0x10001], axis=1).astype(np.uint32)
    return PullLayout(
        indptr=np.searchsorted(program.post[order], np.arange(program.n_neurons + 1)),
        packed=twice,
        scale=2.0**-exponent,
        slots=slots,
        width=width,
    )


def _shape(program: Program) -> tuple[int, int]:
    return power_of_two(program.max_delay + 1), power_of_two(program.n_inputs + program.n_neurons)


def _size(program: Program) -> int:
    slots, width = _shape(program)
    return slots * width
