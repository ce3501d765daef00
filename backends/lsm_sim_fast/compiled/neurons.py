"""Advancing neurons by one step, in both arithmetics; compiled into the kernels.

The meaning is that of `lsm_sim.engine.reference`, operation for operation; nothing here may be reassociated or fused, so fastmath
stays off. Parameters are arrays, one value per neuron, or one number for all, which saves reading them.
"""

from __future__ import annotations

import numpy as np
from numba.core import types
from numba.extending import intrinsic, overload
from numba.np import arrayobj

from lsm_sim_fast.compiled.arguments import type_of
from lsm_sim_fast.compiled.inlining import OPTIONS, inlined

FOREVER = np.int64(2**31 - 1)  # a step that no sample reaches


@intrinsic
def part(typing_context, record, lo, hi):
    """Return ``record`` with every array cut to some neurons; a number stands for all neurons."""

    def generate(context, builder, signature, arguments):
        return _cut(context, builder, signature.args[0], *arguments)

    return record(record, types.int64, types.int64), generate


def _cut(context, builder, kind, value, lo, hi):
    if isinstance(kind, types.BaseTuple):
        fields = (_cut(context, builder, k, builder.extract_value(value, i), lo, hi) for i, k in enumerate(kind))
        return context.make_tuple(builder, kind, list(fields))
    if not isinstance(kind, types.Array):
        return value
    whole, some = context.make_array(kind)(context, builder, value), context.make_array(kind)(context, builder)
    first, shape = builder.gep(whole.data, [lo]), [builder.sub(hi, lo)]
    arrayobj.populate_array(some, first, shape, whole.strides, whole.itemsize, whole.meminfo)
    return some._getvalue()


@intrinsic
def one_of(typing_context, record, i):
    """Return ``record`` with the value of neuron i in place of every array."""
    kinds = tuple(kind.dtype if isinstance(kind, types.Array) else kind for kind in record.types)
    result = types.BaseTuple.from_types(kinds, record.instance_class)

    def generate(context, builder, signature, arguments):
        def value(kind, field):
            if not isinstance(kind, types.Array):
                return field
            array = context.make_array(kind)(context, builder, field)
            return context.unpack_value(builder, kind.dtype, builder.gep(array.data, [arguments[1]]))

        fields = [value(kind, builder.extract_value(arguments[0], i)) for i, kind in enumerate(record.types)]
        return context.make_tuple(builder, result, fields)

    return result(record, types.int64), generate


def at(values, i):
    """Return the value of neuron i; a number stands for all neurons."""
    raise NotImplementedError("for compiled code only")


@overload(at, jit_options=OPTIONS)
def _at(values, i):
    if isinstance(values, types.Array):
        return lambda values, i: values[i]
    return lambda values, i: values


def update(k, slot, unit, neurons, state, spiked):
    """Advance neurons, reset and flag those that spike, and empty the slot; see `lsm_sim.engine.reference` for both arithmetics."""
    raise NotImplementedError("for compiled code only")


@overload(update, jit_options=OPTIONS)
def _update(k, slot, unit, neurons, state, spiked):
    return _loihi_update if isinstance(type_of(state, "u").dtype, types.Integer) else _float64_update


def _float64_update(k, slot, unit, neurons, state, spiked):
    u, v, free_at = state.u, state.v, state.free_at
    for i in range(u.size):
        current = at(neurons.keep_u, i) * u[i] + slot[i] * unit
        slot[i] = 0
        u[i] = current
        potential = at(neurons.keep_v, i) * v[i] + (current + at(neurons.bias, i))
        potential = v[i] if np.int32(k) < free_at[i] else potential
        above = potential > at(neurons.threshold, i)
        v[i] = 0.0 if above else potential
        spiked[i] = above


@inlined
def decayed(value, kept):
    """Return value * kept rounded toward zero: products of 12-bit fractions are exact in float64, and casts truncate."""
    return np.int32(value * kept)


@inlined
def wrapped(x):
    """Return x as u wraps around 2^23."""
    return np.int32(x - 16777216 if x > 8388608 else (x + 16777216 if x <= -8388608 else x))


def _loihi_update(k, slot, unit, neurons, state, spiked):
    """As above; all sums fit int32.

    A v above 2^23 - 1 needs no clipping: it is above any threshold, so the neuron spikes and v becomes 0.
    """
    u, v, free_at = state.u, state.v, state.free_at
    for i in range(u.size):
        x = wrapped(np.int32(decayed(u[i], at(neurons.keep_u, i)) + (slot[i] << 6)))
        slot[i] = 0
        u[i] = x
        potential = np.int32(decayed(v[i], at(neurons.keep_v, i)) + (x + at(neurons.bias, i)))
        potential = max(potential, np.int32(-8388607))
        potential = v[i] if np.int32(k) < free_at[i] else potential
        above = potential > at(neurons.threshold, i)
        v[i] = np.int32(0) if above else potential
        spiked[i] = above


def update_wide(k, slot, neurons, state, spiked):
    """As `update` where ``neurons.wide``, which they never are in float64 arithmetic.

    u + bias may leave int32: beyond 2^30 it makes no difference how far, as v keeps less than 2^23 and is clipped there.
    """
    raise NotImplementedError("for compiled code only")


@overload(update_wide, jit_options=OPTIONS)
def _update_wide(k, slot, neurons, state, spiked):
    if isinstance(type_of(state, "u").dtype, types.Float):
        return lambda k, slot, neurons, state, spiked: None
    return _wide_loihi_update


def _wide_loihi_update(k, slot, neurons, state, spiked):
    u, v, free_at = state.u, state.v, state.free_at
    for i in range(u.size):
        x = wrapped(np.int32(decayed(u[i], at(neurons.keep_u, i)) + (slot[i] << 6)))
        slot[i] = 0
        u[i] = x
        drive = min(max(np.int64(x) + np.int64(at(neurons.bias, i)), np.int64(-(2**31))), np.int64(2**31 - 1))
        drive = min(max(np.int32(drive), np.int32(-(2**30))), np.int32(2**30))
        potential = np.int32(decayed(v[i], at(neurons.keep_v, i)) + drive)
        potential = max(potential, np.int32(-8388607))
        potential = v[i] if np.int32(k) < free_at[i] else potential
        above = potential > at(neurons.threshold, i)
        v[i] = np.int32(0) if above else potential
        spiked[i] = above


def count_excursions(k, first, slot, neurons, state, excursions):
    """Before a step: count where |a| >= 2^15, |u| >= 2^23 before it wraps, |u + bias| >= 2^23; rows count, step, neuron."""
    raise NotImplementedError("for compiled code only")


@overload(count_excursions, jit_options=OPTIONS)
def _count_excursions(k, first, slot, neurons, state, excursions):
    if isinstance(type_of(state, "u").dtype, types.Float):
        return lambda k, first, slot, neurons, state, excursions: None
    return _count_loihi_excursions


def _count_loihi_excursions(k, first, slot, neurons, state, excursions):
    u = state.u
    for i in range(u.size):
        x = np.int32(decayed(u[i], at(neurons.keep_u, i)) + (slot[i] << 6))
        drive = np.float64(wrapped(x)) + at(neurons.bias, i)
        for kind in range(3):
            value = np.float64(slot[i] if kind == 0 else x) if kind < 2 else drive
            if abs(value) >= (32768.0 if kind == 0 else 8388608.0):
                if excursions[0, kind] == 0:
                    excursions[1, kind], excursions[2, kind] = k, first + i
                excursions[0, kind] += 1
