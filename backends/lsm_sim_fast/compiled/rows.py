"""Sending spikes along their rows of synapses, in two forms: one synapse at a time, or vectors of them (see `assembly_push`).

A synapse is one unsigned integer, its place in the strip above ``shift`` bits of mantissa; places count from the slot after
the current one. The type of ``form`` decides which form is compiled: ``None`` or an integer (see `lsm_sim_fast.form`).
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.extending import intrinsic, overload

from lsm_sim_fast.compiled import assembly, assembly_push
from lsm_sim_fast.compiled.inlining import OPTIONS, inlined

VECTOR, UNROLLED = 64, 32  # bytes of synapses: what is scattered at a time, and what a loop without branches handles


def _vector_scatter(prefetch):
    """Return the vector form, with or without prefetching."""

    @intrinsic
    def scatter(typing_context, strip, packed, indptr, who, n, first, shift, ahead):
        widths = packed.dtype.bitwidth, strip.dtype.bitwidth
        name = f"lsm_sim_scatter_{widths[0]}_{widths[1]}" + ("_ahead" if prefetch else "")
        signature = types.void(strip, packed, indptr, who, types.int64, types.int64, packed.dtype, types.int64)

        def generate(context, builder, signature, values):
            arguments = assembly.data_of(context, builder, signature, values, range(4)) + list(values[4:])
            assembly.call(
                context, builder, name, assembly_push.scatter(name, *widths, prefetch), ir.VoidType(), arguments
            )
            return context.get_dummy_value()

        return signature, generate

    return scatter


_scatter_now, _scatter_ahead = _vector_scatter(False), _vector_scatter(True)


def scatter(strip, synapses, block, who, n, first, form):
    """Add the rows ``first + who[:n]`` of a block to its strip, from the next slot on; in compiled code.

    ``synapses`` is the record of `arguments`: its ``indptr`` counts rows in vectors of `VECTOR` bytes or `UNROLLED`, and where its
    ``ahead`` is 0, vectors are not asked for ahead.
    """
    raise NotImplementedError("for compiled code only")


@overload(scatter, jit_options=OPTIONS)
def _scatter(strip, synapses, block, who, n, first, form):
    if isinstance(form, types.Integer):
        return _vectors
    return _loops(_wide_loop if strip.dtype == types.int32 else _widest_loop)


def _vectors(strip, synapses, block, who, n, first, form):
    narrow, wide, indptr = synapses.narrow, synapses.wide, synapses.indptr[block]
    shift, ahead = synapses.shift, synapses.ahead
    if narrow.size and ahead == 0:
        _scatter_now(strip, narrow, indptr, who, n, first, np.uint32(shift), ahead)
    elif narrow.size:
        _scatter_ahead(strip, narrow, indptr, who, n, first, np.uint32(shift), ahead)
    elif ahead == 0:
        _scatter_now(strip, wide, indptr, who, n, first, shift, ahead)
    else:
        _scatter_ahead(strip, wide, indptr, who, n, first, shift, ahead)


def _loops(wide_loop):
    def loops(strip, synapses, block, who, n, first, form):
        if synapses.narrow.size:
            _narrow_loop(strip, synapses.narrow, synapses, block, who, n, first)
        else:
            wide_loop(strip, synapses.wide, synapses, block, who, n, first)

    return loops


# Numbers of 64 bits without a sign: of others Numba asks whether they count from the end of the array.


def _loop(add, size):
    """Return the loop over synapses of ``size`` bytes, each of which ``add`` adds to the strip.

    A row that comes later is asked for, about all of it: until the processor sees by itself that memory is read one line
    after the other, half of a row is over.
    """
    lanes, line = np.uint64(UNROLLED // size), np.uint64(64 // size)  # numbers that LLVM knows: it writes all lanes out

    @inlined
    def loop(strip, packed, synapses, block, who, n, first):
        indptr, shift = synapses.indptr[block], synapses.shift
        later, lines = synapses.ahead, synapses.lines
        for j in range(n):
            row = np.uint64(first + who[j])
            soon = lanes * indptr[np.uint64(first + who[np.uint64(min(j + later, n - 1))])]
            _ask_for(packed, soon, line, lines)
            for part in range(np.uint64(indptr[row]), np.uint64(indptr[row + np.uint64(1)])):
                for e in range(lanes):
                    add(strip, packed[lanes * part + e], shift)

    return loop


@inlined
def _ask_for(packed, first, line, lines):
    """Ask for so many cache lines, or somewhat more, at most 13; in steps whose length LLVM knows, so that it writes them out."""
    for i in range(np.uint64(2)):
        _prefetch(packed, first + line * i)
    if lines > 2:
        for i in range(np.uint64(2), np.uint64(4)):
            _prefetch(packed, first + line * i)
    if lines > 4:
        for i in range(np.uint64(4), np.uint64(7)):
            _prefetch(packed, first + line * i)
    if lines > 7:
        for i in range(np.uint64(7), np.uint64(13)):
            _prefetch(packed, first + line * i)


@inlined
def _add_narrow(strip, synapse, shift):
    strip[synapse >> np.uint32(16)] += np.int16(np.uint16(synapse))


@inlined
def _add_wide(strip, synapse, shift):
    strip[synapse >> np.uint64(32)] += np.int32(np.uint32(synapse))


@inlined
def _add_widest(strip, synapse, shift):
    free = np.uint64(64) - shift
    strip[synapse >> shift] += np.int64(synapse << free) >> np.int64(free)


_narrow_loop, _wide_loop, _widest_loop = _loop(_add_narrow, 4), _loop(_add_wide, 8), _loop(_add_widest, 8)


@intrinsic
def _prefetch(typing_context, packed, i):
    """Ask for the cache line of ``packed[i]``, which need not exist."""

    def generate(context, builder, signature, values):
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        byte, number = ir.IntType(8).as_pointer(), ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [byte, number, number, number])
        function = cgutils.get_or_insert_function(builder.module, kind, "llvm.prefetch.p0")
        address = builder.bitcast(builder.gep(data, [values[1]]), byte)
        builder.call(function, [address, number(0), number(3), number(1)])  # to read, into all caches, data
        return context.get_dummy_value()

    return types.void(packed, types.uint64), generate
