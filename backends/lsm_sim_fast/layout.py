"""The layout in which the kernel reads a program: synapses packed by source, arrivals as integers.

A weight is an integer mantissa times 2^-e, so arrivals are sums of integers: exact, in any order, whoever adds them. They
wait in a ring of slots, one per step of delay; slot-major, both sides a power of two, so that a position wraps by an AND.
Rows are sorted by position, which makes the scatter run forward through memory.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.checks import Ints
from lsm_sim.errors import UnsupportedError
from lsm_sim.program import Program

_LINE = 64  # neurons; keeps every slot aligned to whole cache lines
_MAX_RING = 2**31


@dataclass(frozen=True, eq=False)
class Layout:
    """A program as the kernel reads it.

    Parameters
    ----------
    indptr
        Rows of synapses by source, input channels first, (C+N+1,).
    offset
        Position in the ring relative to the current slot, (S,); uint16 where the ring is that small.
    mantissa
        Weights in units of ``scale``, (S,); int16 where they fit.
    scale
        2^-e (1.0 for loihi).
    slots, width
        Shape of the ring: both powers of two, ``width`` >= N.
    ring_type
        int32 where every possible sum of arrivals fits, else int64.
    """

    indptr: Ints
    offset: npt.NDArray[Any]
    mantissa: npt.NDArray[Any]
    scale: float
    slots: int
    width: int
    ring_type: type


def _power_of_two(n: int) -> int:
    return 1 << (n - 1).bit_length()


def lay_out(program: Program) -> Layout:
    """Return the layout of ``program``."""
    slots = _power_of_two(program.max_delay + 1)  # delay d waits d + 1 steps; the slot of this step is free again
    width = max(_LINE, _power_of_two(program.n_neurons))
    if slots * width > _MAX_RING:
        msg = (
            f"fast: {program.n_neurons} neurons with delays up to {program.max_delay + 1} steps need a ring of "
            f"{slots * width} places, more than {_MAX_RING}; use shorter delays or a larger dt"
        )
        raise UnsupportedError(msg)
    exponent = program.weight_exponent
    mantissa = program.weight if program.arithmetic == "loihi" else np.ldexp(program.weight, exponent).astype(np.int64)
    offset = (program.delay + 1) % slots * width + program.post
    order = np.argsort(program.sources() * (slots * width) + offset, kind="stable")
    total = np.bincount(program.post, np.abs(mantissa).astype(np.float64), minlength=1).max()
    return Layout(
        indptr=program.indptr,
        offset=offset[order].astype(np.uint16 if slots * width <= 2**16 else np.uint32),
        mantissa=_narrow(mantissa[order]),
        scale=2.0**-exponent,
        slots=slots,
        width=width,
        ring_type=np.int32 if total < 2.0**31 else np.int64,
    )


def _narrow(mantissa: Ints) -> npt.NDArray[Any]:
    fits = bool((np.abs(mantissa) < 2**15).all())
    return mantissa.astype(np.int16) if fits else mantissa
