"""The grid of weights: multiples of one power of two, so that sums are exact in any order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

FINEST_EXPONENT = 30
_EXACT = 2.0**53  # float64 holds every integer up to here
_INT32 = 2.0**31
_CHUNK = 2**17  # weights checked at a time, to avoid a copy of the whole array


def grid_exponent(weight: Any, where: str = "Program weight") -> int:
    """Return the smallest e in 0..30 for which every weight is a multiple of 2^-e; raise if there is none."""
    return max((_grid_exponent(weight[i : i + _CHUNK], where) for i in range(0, len(weight), _CHUNK)), default=0)


def _grid_exponent(weight: Any, where: str) -> int:
    low, high = 0, FINEST_EXPONENT + 1
    while low < high:  # being on the grid is monotonic in e
        middle = (low + high) // 2
        scaled = np.ldexp(weight, middle)
        low, high = (low, middle) if (scaled == np.rint(scaled)).all() else (middle + 1, high)
    if low > FINEST_EXPONENT:
        scaled = np.ldexp(weight, FINEST_EXPONENT)
        bad = float(weight[scaled != np.rint(scaled)][0])
        msg = f"{where}: got {bad!r}, expected multiples of 2^-30; round the weights, for instance with lower()"
        raise DescriptionError(msg)
    return low


def check_sums(arithmetic: str, blocks: Sequence[Any], n_neurons: int) -> None:
    """Check that every sum of arrivals is exact, from the sum of the magnitudes of the weights into each neuron."""
    for receptor in sorted({block.receptor for block in blocks}):
        own = [block for block in blocks if block.receptor == receptor]
        limit, unit = exact_below(arithmetic, own)
        total = np.sum([magnitudes(block, n_neurons) for block in own], axis=0) * unit
        if (total >= limit).any():
            i = int(total.argmax())
            msg = (
                f"Program weight: the weights into neuron {i} sum to {total[i] / unit:g} in magnitude, expected less than "
                f"{limit / unit:g} so that sums are exact; use smaller weights or a coarser grid"
            )
            raise DescriptionError(msg)


def exact_below(arithmetic: str, blocks: Sequence[Any]) -> tuple[float, float]:
    """Return below which sum integers are exact, and how many of them a weight of 1 is, for blocks of one receptor."""
    if arithmetic == "loihi":
        return _INT32, 1.0
    return _EXACT, 2.0 ** max(grid_exponent(block.weight) for block in blocks)


def magnitudes(block: Any, n_neurons: int, factor: Any = None) -> Floats:
    """Return the sum of the magnitudes of the weights into each neuron; ``factor`` multiplies those of each source."""
    weight = np.abs(block.weight.astype(np.float64))
    if factor is not None:
        weight *= np.repeat(factor, np.diff(block.indptr))
    return np.bincount(block.post, weight, minlength=n_neurons)


def round_to_grid(weight: Floats, bits: int | None) -> Floats:
    """Round weights to the nearest multiple of one power of two; see `lower` for ``bits``."""
    largest = np.abs(weight).max(initial=0.0)
    if bits is None:
        if largest >= 2.0**12:
            msg = f"weights: the largest is {largest:g} after lowering, expected less than 2^12 on the 2^-30 grid; use weight_bits=16"
            raise DescriptionError(msg)
        exponent = FINEST_EXPONENT
    else:
        bits = min(checks.whole(bits, "weight_bits", minimum=2), 54)  # the precision of float64
        exponent = min(FINEST_EXPONENT, bits - 1 - int(np.frexp(largest)[1]))
        if np.rint(np.ldexp(largest, exponent)) > 2 ** (bits - 1) - 1:  # rounded up to a power of two
            exponent -= 1
    if 0 < largest < 2.0 ** -(FINEST_EXPONENT + 1):
        msg = f"weights: the largest is {largest:g} after lowering and would round to 0, expected at least 2^-31; use a smaller unit of v"
        raise DescriptionError(msg)
    return np.ldexp(np.rint(np.ldexp(weight, exponent)), -exponent)
