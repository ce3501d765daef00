"""Steps of the push kernel that come in two forms, one for any processor and one for AVX-512 (see `assembly_push`).

A synapse is one unsigned integer, its place in the ring above ``shift`` bits of mantissa. The type of ``vector`` decides
which form is compiled: ``None`` or an integer (see `lsm_sim_fast.form`).
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic, overload

from lsm_sim_fast.compiled import assembly, assembly_push


def _vector_scatter(prefetch):
    """Return the vector form, with or without prefetching."""

    @intrinsic
    def scatter(typing_context, ring, packed, indptr, who, n, first, base, mask, shift, ahead):
        widths = packed.dtype.bitwidth, ring.dtype.bitwidth
        name = f"lsm_sim_scatter_{widths[0]}_{widths[1]}" + ("_ahead" if prefetch else "")
        numbers = types.int64, types.int64, types.uint32, types.uint32, packed.dtype, types.int64
        signature = types.void(ring, packed, indptr, who, *numbers)

        def generate(context, builder, signature, values):
            arguments = assembly.data_of(context, builder, signature, values, range(4)) + list(values[4:])
            assembly.call(
                context, builder, name, assembly_push.scatter(name, *widths, prefetch), ir.VoidType(), arguments
            )
            return context.get_dummy_value()

        return signature, generate

    return scatter


_scatter_now, _scatter_ahead = _vector_scatter(False), _vector_scatter(True)


def scatter(ring, packed, indptr, who, n, first, base, mask, shift, ahead, vector):
    """Add the rows ``first + who[:n]`` to the ring, in compiled code.

    ``indptr`` counts rows in vectors of 64 bytes of ``packed``; ``base`` is the place of the current slot. ``ahead``: rows
    to prefetch ahead, 0: none.
    """
    raise NotImplementedError("for compiled code only")


@overload(scatter, jit_options={"error_model": "numpy"})
def _scatter(ring, packed, indptr, who, n, first, base, mask, shift, ahead, vector):
    if isinstance(vector, types.Integer):
        return _vectors
    return _narrow if packed.dtype == types.uint32 else _wide


def _vectors(ring, packed, indptr, who, n, first, base, mask, shift, ahead, vector):
    if ahead == 0:
        _scatter_now(ring, packed, indptr, who, n, first, base, mask, shift, ahead)
    else:
        _scatter_ahead(ring, packed, indptr, who, n, first, base, mask, shift, ahead)


def _narrow(ring, packed, indptr, who, n, first, base, mask, shift, ahead, vector):
    for j in range(n):
        row = first + who[j]
        for e in range(np.uint64(16 * indptr[row]), np.uint64(16 * indptr[row + 1])):  # unsigned: never from the end
            synapse = packed[e]
            ring[np.uint32(base + (synapse >> np.uint32(16))) & mask] += np.int16(np.uint16(synapse))


def _wide(ring, packed, indptr, who, n, first, base, mask, shift, ahead, vector):
    free = np.uint64(64) - shift
    for j in range(n):
        row = first + who[j]
        for e in range(np.uint64(8 * indptr[row]), np.uint64(8 * indptr[row + 1])):
            synapse = packed[e]
            ring[np.uint32(base + np.uint32(synapse >> shift)) & mask] += np.int64(synapse << free) >> np.int64(free)


@intrinsic
def _vector_find(typing_context, spiked, first, who):
    signature = types.int64(spiked, types.int64, who)

    def generate(context, builder, signature, values):
        flags, to = assembly.data_of(context, builder, signature, values, (0, 2))
        n = context.make_array(signature.args[0])(context, builder, values[0]).nitems
        first = builder.trunc(values[1], ir.IntType(32))
        name = "lsm_sim_find"
        return assembly.call(context, builder, name, assembly_push.find(name), ir.IntType(64), [flags, n, first, to])

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
