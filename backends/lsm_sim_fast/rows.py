"""Adding a row of packed synapses to the ring: the innermost loop, of which there is one run per spike.

A synapse is one unsigned integer, its place in the ring above ``shift`` bits of mantissa. `scatter` exists twice: as a loop
that any processor runs, and as masked gather, add and scatter of 16 (32-bit synapses) or 8 (64-bit synapses) places at a
time, which only processors with AVX-512 have. LLVM does not find the second form by itself, because it cannot know that
the places of a row differ; in a row of this engine they do (see `lsm_sim_fast.layout`). So it is written in LLVM's
intermediate language and compiled by llvmlite, which comes with Numba. Which form runs is decided by the type of the last
argument: ``None`` for the loop, an integer for the vectors; `choose` picks one for this machine.
"""

from __future__ import annotations

import functools
import os

import llvmlite.binding as llvm
import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.codegen import get_host_cpu_features
from numba.extending import intrinsic, overload

SWITCH = "LSM_SIM_FAST_SCATTER"  # environment variable: "plain" or "vector"
PADDING = 16  # synapses of weight 0 behind the last row, which vectors may read


def assembly(name: str, packed: int, ring: int) -> str:
    """Return the vector form as a module of LLVM's language; ``packed`` and ``ring`` are widths in bits.

    Lanes beyond the end of the row are masked out. The ring's length is at most 2^31, so places are 32-bit numbers.
    """
    lanes = 512 // packed

    def vector(bits: int) -> str:
        return f"<{lanes} x i{bits}>"

    def splat(result: str, bits: int, value: str) -> str:
        return (
            f"  {result}.0 = insertelement {vector(bits)} poison, i{bits} {value}, i32 0\n"
            f"  {result} = shufflevector {vector(bits)} {result}.0, {vector(bits)} poison, <{lanes} x i32> zeroinitializer"
        )

    def resize(result: str, value: str, source: int, target: int, wider: str) -> str:
        if source == target:
            return f"  {result} = add {vector(source)} {value}, zeroinitializer"
        operation = "trunc" if target < source else wider
        return f"  {result} = {operation} {vector(source)} {value} to {vector(target)}"

    indices = ", ".join(f"i32 {lane}" for lane in range(lanes))
    gather, scatter = (f"@llvm.masked.{kind}.v{lanes}i{ring}.v{lanes}p0" for kind in ("gather", "scatter"))
    return f"""
declare {vector(ring)} {gather}(<{lanes} x ptr>, i32, <{lanes} x i1>, {vector(ring)})
declare void {scatter}({vector(ring)}, <{lanes} x ptr>, i32, <{lanes} x i1>)

define void @{name}(ptr noalias %ring, ptr noalias %row, i64 %n, i32 %base, i32 %mask, i{packed} %shift) alwaysinline {{
entry:
{splat("%bases", 32, "%base")}
{splat("%masks", 32, "%mask")}
{splat("%shifts", packed, "%shift")}
  %free = sub i{packed} {packed}, %shift
{splat("%frees", packed, "%free")}
  br label %loop
loop:
  %e = phi i64 [0, %entry], [%next, %body]
  %left = sub i64 %n, %e
  %more = icmp sgt i64 %left, 0
  br i1 %more, label %body, label %done
body:
  %left32 = trunc i64 %left to i32
{splat("%lefts", 32, "%left32")}
  %here = icmp slt {vector(32)} <{indices}>, %lefts
  %p = getelementptr i{packed}, ptr %row, i64 %e
  %synapses = load {vector(packed)}, ptr %p, align {packed // 8}
  %high = lshr {vector(packed)} %synapses, %shifts
{resize("%offsets", "%high", packed, 32, "zext")}
  %unwrapped = add {vector(32)} %offsets, %bases
  %places = and {vector(32)} %unwrapped, %masks
  %left_aligned = shl {vector(packed)} %synapses, %frees
  %signed = ashr {vector(packed)} %left_aligned, %frees
{resize("%mantissas", "%signed", packed, ring, "sext")}
  %addresses = getelementptr i{ring}, ptr %ring, {vector(32)} %places
  %before = call {vector(ring)} {gather}(<{lanes} x ptr> %addresses, i32 {ring // 8}, <{lanes} x i1> %here, {vector(ring)} zeroinitializer)
  %after = add {vector(ring)} %before, %mantissas
  call void {scatter}({vector(ring)} %after, <{lanes} x ptr> %addresses, i32 {ring // 8}, <{lanes} x i1> %here)
  %next = add i64 %e, {lanes}
  br label %loop
done:
  ret void
}}"""


@intrinsic
def _vector_scatter(typing_context, ring, packed, first, n, base, mask, shift):
    packed_bits, ring_bits = packed.dtype.bitwidth, ring.dtype.bitwidth
    name = f"lsm_sim_scatter_{packed_bits}_{ring_bits}"
    signature = types.void(ring, packed, types.int64, types.int64, types.uint32, types.uint32, packed.dtype)

    def generate(context, builder, signature, values):
        library = context.codegen().create_library(name)
        library.add_llvm_module(llvm.parse_assembly(assembly(name, packed_bits, ring_bits)))
        library.finalize()
        context.active_code_library.add_linking_library(library)
        ring_data, packed_data = (
            context.make_array(kind)(context, builder, value).data
            for kind, value in zip(signature.args, values[:2], strict=False)
        )
        row = builder.gep(packed_data, [values[2]])
        word, long = ir.IntType(32), ir.IntType(64)
        parameters = [ring_data.type, row.type, long, word, word, ir.IntType(packed_bits)]
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(ir.VoidType(), parameters), name)
        builder.call(function, [ring_data, row, *values[3:]])
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


FIND = """
declare void @llvm.masked.compressstore.v16i32(<16 x i32>, ptr, <16 x i1>)
declare i16 @llvm.ctpop.i16(i16)

define i64 @lsm_sim_find(ptr noalias %flags, i64 %n, i32 %first, ptr noalias %who) alwaysinline {
entry:
  %first.0 = insertelement <16 x i32> poison, i32 %first, i32 0
  %first.1 = shufflevector <16 x i32> %first.0, <16 x i32> poison, <16 x i32> zeroinitializer
  %start = add <16 x i32> %first.1, <INDICES>
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %body]
  %found = phi i64 [0, %entry], [%more, %body]
  %numbers = phi <16 x i32> [%start, %entry], [%later, %body]
  %left = icmp slt i64 %i, %n
  br i1 %left, label %body, label %done
body:
  %p = getelementptr i8, ptr %flags, i64 %i
  %bytes = load <16 x i8>, ptr %p, align 1
  %spiked = icmp ne <16 x i8> %bytes, zeroinitializer
  %to = getelementptr i32, ptr %who, i64 %found
  call void @llvm.masked.compressstore.v16i32(<16 x i32> %numbers, ptr %to, <16 x i1> %spiked)
  %bits = bitcast <16 x i1> %spiked to i16
  %count = call i16 @llvm.ctpop.i16(i16 %bits)
  %count64 = zext i16 %count to i64
  %more = add i64 %found, %count64
  %later = add <16 x i32> %numbers, <SIXTEENS>
  %next = add i64 %i, 16
  br label %loop
done:
  ret i64 %found
}""".replace("INDICES", ", ".join(f"i32 {i}" for i in range(16))).replace("SIXTEENS", ", ".join(["i32 16"] * 16))


@intrinsic
def _vector_find(typing_context, spiked, first, who):
    signature = types.int64(spiked, types.int64, who)

    def generate(context, builder, signature, values):
        library = context.codegen().create_library("lsm_sim_find")
        library.add_llvm_module(llvm.parse_assembly(FIND))
        library.finalize()
        context.active_code_library.add_linking_library(library)
        flags = context.make_array(signature.args[0])(context, builder, values[0])
        who = context.make_array(signature.args[2])(context, builder, values[2])
        word, long = ir.IntType(32), ir.IntType(64)
        first = builder.trunc(values[1], word)
        parameters = [flags.data.type, long, word, who.data.type]
        function = cgutils.get_or_insert_function(builder.module, ir.FunctionType(long, parameters), "lsm_sim_find")
        return builder.call(function, [flags.data, flags.nitems, first, who.data])

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
        data = context.make_array(signature.args[0])(context, builder, values[0]).data
        address = builder.gep(data, [values[1]])
        word = ir.IntType(32)
        parameters = [address.type, word, word, word]
        function = cgutils.get_or_insert_function(
            builder.module, ir.FunctionType(ir.VoidType(), parameters), "llvm.prefetch.p0"
        )
        read, second_level, data_cache = word(0), word(2), word(1)
        builder.call(function, [address, read, second_level, data_cache])
        return context.get_dummy_value()

    return types.void(array, types.int64), generate


@functools.cache
def choose() -> tuple[int | None, str]:
    """Return the last argument of `scatter` for this machine, and why."""
    wish = os.environ.get(SWITCH, "")
    if wish == "plain":
        return None, f"plain loop, as {SWITCH} asks"
    try:
        llvm.parse_assembly(assembly("probe", 32, 32)).verify()
    except RuntimeError as error:
        return None, f"plain loop: this llvmlite does not compile the vector form ({str(error).splitlines()[0]})"
    if wish == "vector":
        return 1, f"gather and scatter, as {SWITCH} asks"
    if "+avx512f" not in get_host_cpu_features().split(","):
        return None, "plain loop: this processor has no AVX-512"
    return 1, "gather and scatter of 16 synapses at a time (AVX-512)"
