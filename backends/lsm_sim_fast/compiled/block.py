"""One step of a block's neurons, and the list of those that spiked; in two forms (see `assembly_neurons`)."""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from lsm_sim_fast.compiled import assembly, assembly_neurons
from lsm_sim_fast.compiled.extended import update_extended
from lsm_sim_fast.compiled.inlining import OPTIONS, inlined
from lsm_sim_fast.compiled.neurons import update


@intrinsic
def _vector_pass(typing_context, k, n, first, scale, slot, u, v, free_at, keep_u, keep_v, threshold, bias, who, found):
    alike, loihi, width = isinstance(keep_u, types.Float), isinstance(u.dtype, types.Integer), slot.dtype.bitwidth
    name = f"lsm_sim_neurons_{'loihi' if loihi else 'float64'}_{width}" + ("_alike" if alike else "")
    numbers = types.int32, types.int64, types.int32, types.float64
    signature = types.int64(*numbers, slot, u, v, free_at, keep_u, keep_v, threshold, bias, who, types.int64)

    def generate(context, builder, signature, values):
        arrays = [i for i, kind in enumerate(signature.args) if isinstance(kind, types.Array)]
        data = dict(zip(arrays, assembly.data_of(context, builder, signature, values, arrays), strict=True))
        arguments = [data.get(i, value) for i, value in enumerate(values)]
        text = assembly_neurons.neurons(name, width, loihi=loihi, alike=alike)
        return assembly.call(context, builder, name, text, ir.IntType(64), arguments)

    return signature, generate


def advance_block(k, first, slot, unit, neurons, state, spiked, who, found, vector):
    """Advance the neurons of a block by one step, in compiled code.

    ``slot`` is what arrives, in numbers of ``unit``, and is emptied; ``neurons`` and ``state`` are the records of `arguments`, cut
    to the block; ``spiked`` is room for flags. Numbers of neurons that spiked, from ``first`` on, go to ``who[found:]``;
    returns ``found`` plus how many.
    """
    raise NotImplementedError("for compiled code only")


@overload(advance_block, jit_options=OPTIONS)
def _advance_block(k, first, slot, unit, neurons, state, spiked, who, found, vector):
    return _vector if isinstance(vector, types.Integer) else _plain


def _vector(k, first, slot, unit, neurons, state, spiked, who, found, vector):
    return _vector_pass(
        np.int32(k), slot.size, np.int32(first), unit, slot, state.u, state.v, state.free_at,
        neurons.keep_u, neurons.keep_v, neurons.threshold, neurons.bias, who, found,
    )  # fmt: skip


def _extended_pass(second, adaptive):
    """Return the vector pass for neurons beyond plain LIF."""

    @intrinsic
    def advance(
        typing_context, k, n, first, scale, slot, u, v, free_at, keep_u, keep_v, threshold, bias, who, found,
        scale2, slot2, u2, keep_u2, w, keep_w, jump,
    ):  # fmt: skip
        alike, loihi, width = isinstance(keep_u, types.Float), isinstance(u.dtype, types.Integer), slot.dtype.bitwidth
        features = ("_second" if second else "") + ("_adaptive" if adaptive else "")
        name = f"lsm_sim_neurons_{'loihi' if loihi else 'float64'}_{width}{features}" + ("_alike" if alike else "")
        numbers = types.int32, types.int64, types.int32, types.float64
        more = types.float64, slot2, u2, keep_u2, w, keep_w, jump
        plain = slot, u, v, free_at, keep_u, keep_v, threshold, bias, who, types.int64
        signature = types.int64(*numbers, *plain, *more)

        def generate(context, builder, signature, values):
            arrays = [i for i, kind in enumerate(signature.args) if isinstance(kind, types.Array)]
            data = dict(zip(arrays, assembly.data_of(context, builder, signature, values, arrays), strict=True))
            every = [data.get(i, value) for i, value in enumerate(values)]
            chosen = every[:14] + (every[14:18] if second else []) + (every[18:21] if adaptive else [])
            text = assembly_neurons.neurons(name, width, loihi=loihi, alike=alike, second=second, adaptive=adaptive)
            return assembly.call(context, builder, name, text, ir.IntType(64), chosen)

        return signature, generate

    return advance


_both_pass, _second_pass, _adaptive_pass = (
    _extended_pass(*features) for features in ((True, True), (True, False), (False, True))
)


def advance_extended(k, first, slot, slot2, units, neurons, state, more, also, spiked, who, found, vector):
    """As `advance_block` for neurons beyond plain LIF; ``more`` and ``also`` are their further parameters and state."""
    raise NotImplementedError("for compiled code only")


@overload(advance_extended, jit_options=OPTIONS)
def _advance_extended(k, first, slot, slot2, units, neurons, state, more, also, spiked, who, found, vector):
    return _vector_extended if isinstance(vector, types.Integer) else _plain_extended


def _vector_extended(k, first, slot, slot2, units, neurons, state, more, also, spiked, who, found, vector):
    if more.two and more.adaptive:
        return _both_pass(
            np.int32(k), slot.size, np.int32(first), units[0], slot, state.u, state.v, state.free_at,
            neurons.keep_u, neurons.keep_v, neurons.threshold, neurons.bias, who, found,
            units[1], slot2, also.u2, more.keep_u2, also.w, more.keep_w, more.jump,
        )  # fmt: skip
    if more.two:
        return _second_pass(
            np.int32(k), slot.size, np.int32(first), units[0], slot, state.u, state.v, state.free_at,
            neurons.keep_u, neurons.keep_v, neurons.threshold, neurons.bias, who, found,
            units[1], slot2, also.u2, more.keep_u2, also.w, more.keep_w, more.jump,
        )  # fmt: skip
    return _adaptive_pass(
        np.int32(k), slot.size, np.int32(first), units[0], slot, state.u, state.v, state.free_at,
        neurons.keep_u, neurons.keep_v, neurons.threshold, neurons.bias, who, found,
        units[1], slot2, also.u2, more.keep_u2, also.w, more.keep_w, more.jump,
    )  # fmt: skip


def _plain_extended(k, first, slot, slot2, units, neurons, state, more, also, spiked, who, found, vector):
    update_extended(k, slot, slot2, units, neurons, state, more, also, spiked)
    return listed(first, spiked, who, found)


def _plain(k, first, slot, unit, neurons, state, spiked, who, found, vector):
    update(k, slot, unit, neurons, state, spiked)
    return listed(first, spiked, who, found)


@inlined
def listed(first, spiked, who, found):
    """Write the numbers of flagged neurons, from ``first`` on, to ``who[found:]``; return ``found`` plus how many."""
    n, words = np.uint64(found), spiked.view(np.uint64)
    for w in range(np.uint64(words.size)):
        if words[w] != 0:
            for i in range(np.uint64(8 * w), np.uint64(8 * w + 8)):  # without a branch that is hard to predict
                who[n] = first + i
                n += np.uint64(spiked[i])
    return np.int64(n)
