"""Steps of the push kernel that come in two forms, one for any processor and one for AVX-512 (see `assembly`).

A synapse is one unsigned integer, its place in the ring above ``shift`` bits of mantissa. The type of ``vector`` decides
which form is compiled: ``None`` or an integer (see `lsm_sim_fast.form`).
"""

from __future__ import annotations

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from lsm_sim_fast.compiled import assembly


@intrinsic
def _vector_scatter(typing_context, ring, packed, first, n, base, mask, shift):
    packed_bits, ring_bits = packed.dtype.bitwidth, ring.dtype.bitwidth
    name = f"lsm_sim_scatter_{packed_bits}_{ring_bits}"
    signature = types.void(ring, packed, types.int64, types.int64, types.uint32, types.uint32, packed.dtype)

    def generate(context, builder, signature, values):
        ring_data, packed_data = assembly.data_of(context, builder, signature, values, (0, 1))
        arguments = [ring_data, builder.gep(packed_data, [values[2]]), *values[3:]]
        text = assembly.scatter(name, packed_bits, ring_bits)
        assembly.call(context, builder, name, text, ir.VoidType(), arguments)
        return context.get_dummy_value()

    return signature, generate


def scatter(ring, packed, first, n, base, mask, shift, vector):
    """Add ``n`` synapses from ``first`` on to the ring, in compiled code; ``base`` is the place of the current slot."""
    raise NotImplementedError("for compiled code only")


@overload(scatter, jit_options={"error_model": "numpy"})
def _scatter(ring, packed, first, n, base, mask, shift, vector):
    if isinstance(vector, types.Integer):
        return lambda ring, packed, first, n, base, mask, shift, vector: _vector_scatter(
            ring, packed, first, n, base, mask, shift
        )
    if packed.dtype == numba.uint32:

        def narrow(ring, packed, first, n, base, mask, shift, vector):
            for e in range(np.uint64(first), np.uint64(first + n)):  # unsigned: no branch for negative indices
                synapse = packed[e]
                ring[np.uint32(base + (synapse >> np.uint32(16))) & mask] += np.int16(np.uint16(synapse))

        return narrow

    def wide(ring, packed, first, n, base, mask, shift, vector):
        free = np.uint64(64) - shift
        for e in range(np.uint64(first), np.uint64(first + n)):
            synapse = packed[e]
            ring[np.uint32(base + np.uint32(synapse >> shift)) & mask] += np.int64(synapse << free) >> np.int64(free)

    return wide


@intrinsic
def _vector_find(typing_context, spiked, first, who):
    signature = types.int64(spiked, types.int64, who)

    def generate(context, builder, signature, values):
        flags, to = assembly.data_of(context, builder, signature, values, (0, 2))
        n = context.make_array(signature.args[0])(context, builder, values[0]).nitems
        first = builder.trunc(values[1], ir.IntType(32))
        name = "lsm_sim_find"
        return assembly.call(context, builder, name, assembly.find(name), ir.IntType(64), [flags, n, first, to])

    return signature, generate


def find_spikes(words, spiked, first, who, vector):
    """Write the numbers of the neurons whose flag is set to ``who``, and return how many; in compiled code."""
    raise NotImplementedError("for compiled code only")


@overload(find_spikes, jit_options={"error_model": "numpy"})
def _find_spikes(words, spiked, first, who, vector):
    if isinstance(vector, types.Integer):
        return lambda words, spiked, first, who, vector: _vector_find(spiked, first, who)

    def plain(words, spiked, first, who, vector):
        n = np.uint64(0)
        for w in range(np.uint64(words.size)):
            if words[w] != 0:
                for i in range(np.uint64(8 * w), np.uint64(8 * w + 8)):  # without a branch that is hard to predict
                    who[n] = first + i
                    n += np.uint64(spiked[i])
        return np.int64(n)

    return plain


@intrinsic
def prefetch(typing_context, array, index):
    """Ask for a cache line of ``array`` ahead of its use."""

    def generate(context, builder, signature, values):
        (data,) = assembly.data_of(context, builder, signature, values, (0,))
        address = builder.gep(data, [values[1]])
        word = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [address.type, word, word, word])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        read, second_level, data_cache = word(0), word(2), word(1)
        builder.call(function, [address, read, second_level, data_cache])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate
