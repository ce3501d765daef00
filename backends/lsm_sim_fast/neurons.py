"""Advancing neurons by one step, in both arithmetics; compiled into the kernels.

The meaning is that of `lsm_sim.reference`, operation for operation; nothing here may be reassociated or fused, so fastmath
stays off. Parameters are arrays, one value per neuron, or one number for all, which saves reading them.
"""

from __future__ import annotations

import numba
import numpy as np
from numba.core import types
from numba.extending import overload

_inline = numba.njit(cache=True, nogil=True, error_model="numpy", inline="always")


def part(values, lo, hi):
    """Return the values of some neurons; a number stands for all."""
    raise NotImplementedError("for compiled code only")


@overload(part, inline="always")
def _part(values, lo, hi):
    if isinstance(values, types.Array):
        return lambda values, lo, hi: values[lo:hi]
    return lambda values, lo, hi: values


def at(values, i):
    """Return the value of neuron i; a number stands for all neurons."""
    raise NotImplementedError("for compiled code only")


@overload(at, inline="always")
def _at(values, i):
    if isinstance(values, types.Array):
        return lambda values, i: values[i]
    return lambda values, i: values


def update(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias):
    """Advance u and v of a block's neurons and empty the slot; see `lsm_sim.reference` for both arithmetics."""
    raise NotImplementedError("for compiled code only")


@overload(update, inline="always", jit_options={"error_model": "numpy"})
def _update(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias):
    return _float64_update if isinstance(u.dtype, types.Float) else _loihi_update


def _float64_update(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias):
    for i in range(u.size):
        current = at(decay_u, i) * u[i] + slot[i] * scale
        slot[i] = 0
        u[i] = current
        potential = at(decay_v, i) * v[i] + (current + at(bias, i))
        potential = v[i] if k < free_at[i] else potential
        v[i] = potential
        spiked[i] = potential > at(threshold, i)


@_inline
def toward_zero(product):
    """Return product / 4096 rounded toward zero: add 4095 to negative numbers, then shift."""
    return (product + ((product >> 63) & 4095)) >> 12


@_inline
def wrapped(x):
    """Return x as u wraps around 2^23."""
    return np.int32(x - 16777216 if x > 8388608 else (x + 16777216 if x <= -8388608 else x))


def _loihi_update(k, slot, scale, u, v, free_at, spiked, decay_u, decay_v, threshold, bias):
    for i in range(u.size):
        decayed = toward_zero(np.int64(u[i]) * np.int64(4095 - at(decay_u, i)))
        x = wrapped(np.int32(decayed + (np.int64(slot[i]) << 6)))
        slot[i] = 0
        u[i] = x
        potential = toward_zero(np.int64(v[i]) * np.int64(4096 - at(decay_v, i))) + np.int64(x) + np.int64(at(bias, i))
        new = np.int32(min(max(potential, -8388607), 8388607))
        new = v[i] if k < free_at[i] else new
        v[i] = new
        spiked[i] = new > (at(threshold, i) << 6)


@_inline
def count_excursions(k, first, slot, u, decay_u, bias, excursions):
    """Before a step: count where |a| >= 2^15, |u| >= 2^23 before it wraps, |u + bias| >= 2^23; rows count, step, neuron."""
    for i in range(u.size):
        a = np.int64(slot[i])
        x = np.int32(toward_zero(np.int64(u[i]) * np.int64(4095 - at(decay_u, i))) + (a << 6))
        drive = np.int64(wrapped(x)) + np.int64(at(bias, i))
        outside = (abs(a) >= 32768, abs(np.int64(x)) >= 8388608, abs(drive) >= 8388608)
        for kind in range(3):
            if outside[kind]:
                if excursions[0, kind] == 0:
                    excursions[1, kind], excursions[2, kind] = k, first + i
                excursions[0, kind] += 1
