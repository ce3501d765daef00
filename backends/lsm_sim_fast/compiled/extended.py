"""Advancing neurons that have a second synaptic current, an adaptive threshold, or both.

The meaning is that of `lsm_sim.dynamics.lif`, operation for operation. ``more`` is a record of `arguments`, cut to the neurons of
a block like the others; ``also`` is the state that goes with it. Sums of loihi arithmetic are computed in 64 bits, so that none overflows.
"""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import overload

from lsm_sim_fast.compiled.arguments import type_of
from lsm_sim_fast.compiled.inlining import OPTIONS, inlined
from lsm_sim_fast.compiled.neurons import at, decayed, wrapped

_LIMIT = 8388607  # 2^23 - 1


def update_extended(k, slot, slot2, units, neurons, state, more, also, spiked):
    """Advance neurons, reset and flag those that spike, and empty both slots; ``units`` are those of the slots."""
    raise NotImplementedError("for compiled code only")


@overload(update_extended, jit_options=OPTIONS)
def _update_extended(k, slot, slot2, units, neurons, state, more, also, spiked):
    return _loihi if isinstance(type_of(state, "u").dtype, types.Integer) else _float64


def _float64(k, slot, slot2, units, neurons, state, more, also, spiked):
    if more.two and more.adaptive:
        _float64_both(k, slot, slot2, units, neurons, state, more, also, spiked)
    elif more.two:
        _float64_two(k, slot, slot2, units, neurons, state, more, also, spiked)
    else:
        _float64_adaptive(k, slot, slot2, units, neurons, state, more, also, spiked)


def _float64_loop(two, adaptive):
    """Return the loop for neurons with these features, which are constants in it, so that there is no branch in each turn."""

    @inlined
    def loop(k, slot, slot2, units, neurons, state, more, also, spiked):
        u, v, free_at, u2, w = state.u, state.v, state.free_at, also.u2, also.w
        for i in range(u.size):
            current = at(neurons.keep_u, i) * u[i] + slot[i] * units[0]
            slot[i] = 0
            u[i] = current
            if two:
                current2 = at(more.keep_u2, i) * u2[i] + slot2[i] * units[1]
                slot2[i] = 0
                u2[i] = current2
                current = current + current2
            potential = at(neurons.keep_v, i) * v[i] + (current + at(neurons.bias, i))
            potential = v[i] if np.int32(k) < free_at[i] else potential
            level = at(neurons.threshold, i)
            if adaptive:
                raised = at(more.keep_w, i) * w[i]
                level = level + raised
                w[i] = raised + at(more.jump, i) if potential > level else raised
            above = potential > level
            v[i] = 0.0 if above else potential
            spiked[i] = above

    return loop


_float64_both, _float64_two, _float64_adaptive = (
    _float64_loop(*features) for features in ((True, True), (True, False), (False, True))
)


def _loihi(k, slot, slot2, units, neurons, state, more, also, spiked):
    u, v, free_at, u2, w = state.u, state.v, state.free_at, also.u2, also.w
    for i in range(u.size):
        x = wrapped(np.int32(decayed(u[i], at(neurons.keep_u, i)) + (slot[i] << 6)))
        slot[i] = 0
        u[i] = x
        drive = np.int64(x) + np.int64(at(neurons.bias, i))
        if more.two:
            x2 = wrapped(np.int32(decayed(u2[i], at(more.keep_u2, i)) + (slot2[i] << 6)))
            slot2[i] = 0
            u2[i] = x2
            drive += np.int64(x2)
        potential = np.int64(decayed(v[i], at(neurons.keep_v, i))) + drive
        potential = min(max(potential, np.int64(-_LIMIT)), np.int64(_LIMIT))
        potential = np.int64(v[i]) if np.int32(k) < free_at[i] else potential
        level = np.int64(at(neurons.threshold, i))
        if more.adaptive:
            raised = np.int64(decayed(w[i], at(more.keep_w, i)))
            level += raised
            above = potential > level
            w[i] = np.int32(min(raised + np.int64(at(more.jump, i)), np.int64(_LIMIT)) if above else raised)
        else:
            above = potential > level
        v[i] = np.int32(0) if above else np.int32(potential)
        spiked[i] = above


def count_more_excursions(k, first, slot, slot2, neurons, state, more, also, excursions):
    """As `lsm_sim_fast.compiled.neurons.count_excursions`; either current may exceed its registers, the drive is that of both."""
    raise NotImplementedError("for compiled code only")


@overload(count_more_excursions, jit_options=OPTIONS)
def _count_more_excursions(k, first, slot, slot2, neurons, state, more, also, excursions):
    if isinstance(type_of(state, "u").dtype, types.Float):
        return lambda k, first, slot, slot2, neurons, state, more, also, excursions: None
    return _count_loihi


def _count_loihi(k, first, slot, slot2, neurons, state, more, also, excursions):
    u, u2 = state.u, also.u2
    for i in range(u.size):
        x = np.int32(decayed(u[i], at(neurons.keep_u, i)) + (slot[i] << 6))
        drive = np.float64(wrapped(x)) + at(neurons.bias, i)
        large_a, large_u = abs(np.float64(slot[i])) >= 32768.0, abs(np.float64(x)) >= 8388608.0
        if more.two:
            x2 = np.int32(decayed(u2[i], at(more.keep_u2, i)) + (slot2[i] << 6))
            drive += np.float64(wrapped(x2))
            large_a |= abs(np.float64(slot2[i])) >= 32768.0
            large_u |= abs(np.float64(x2)) >= 8388608.0
        large_drive = abs(drive) >= 8388608.0
        for kind in range(3):
            if large_a if kind == 0 else (large_u if kind == 1 else large_drive):
                if excursions[0, kind] == 0:
                    excursions[1, kind], excursions[2, kind] = k, first + i
                excursions[0, kind] += 1
