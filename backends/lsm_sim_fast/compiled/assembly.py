"""The innermost loops in LLVM's language, for processors with AVX-512.

LLVM does not find these forms by itself: it cannot know that the places of a row differ, so it may not add to many of them
at once. llvmlite, which comes with Numba, compiles the text; `call` links it into the function that Numba is compiling.
"""

from __future__ import annotations

from string import Template

import llvmlite.binding as llvm
from llvmlite import ir
from numba.core import cgutils


def call(context, builder, name, text, result, arguments):
    """Generate the call of a function that ``text`` defines with ``alwaysinline``."""
    library = context.codegen().create_library(name)
    library.add_llvm_module(llvm.parse_assembly(text))
    library.finalize()
    context.active_code_library.add_linking_library(library)
    kind = ir.FunctionType(result, [argument.type for argument in arguments])
    return builder.call(cgutils.get_or_insert_function(builder.module, kind, name), arguments)


def data_of(context, builder, signature, values, which):
    """Return the addresses of the first elements of some array arguments."""
    return [context.make_array(signature.args[i])(context, builder, values[i]).data for i in which]


def _splat(lanes: int, bits: int, name: str, value: str) -> str:
    """Return the text that puts one value into all lanes."""
    kind = f"<{lanes} x i{bits}>"
    return (
        f"  {name}.0 = insertelement {kind} poison, i{bits} {value}, i32 0\n"
        f"  {name} = shufflevector {kind} {name}.0, {kind} poison, <{lanes} x i32> zeroinitializer"
    )


def _resize(lanes: int, name: str, value: str, source: int, target: int, wider: str) -> str:
    """Return the text that turns integers of ``source`` bits into such of ``target`` bits."""
    operation = f"trunc <{lanes} x i{source}>" if target < source else f"{wider} <{lanes} x i{source}>"
    same = f"add <{lanes} x i{source}> {value}, zeroinitializer"
    return f"  {name} = " + (same if source == target else f"{operation} {value} to <{lanes} x i{target}>")


_SCATTER = Template("""
declare <$L x i$R> @llvm.masked.gather.v${L}i$R.v${L}p0(<$L x ptr>, i32, <$L x i1>, <$L x i$R>)
declare void @llvm.masked.scatter.v${L}i$R.v${L}p0(<$L x i$R>, <$L x ptr>, i32, <$L x i1>)
declare i64 @llvm.smin.i64(i64, i64)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define void @$name(ptr noalias %ring, ptr noalias %packed, ptr noalias %indptr, ptr noalias %who, i64 %n, i64 %first, i32 %base, i32 %mask, i$P %shift, i64 %ahead) alwaysinline {
entry:
$bases
$masks
$shifts
  %free = sub i$P $P, %shift
$frees
  %last = sub i64 %n, 1
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %start, label %done
start:
  %second = call i64 @llvm.smin.i64(i64 1, i64 %last)
$row0
$row1
  br label %loop
loop:
  %j = phi i64 [0, %start], [%j2, %loop]
  %e = phi i64 [%from0, %start], [%e2, %loop]
  %to = phi i64 [%to0, %start], [%to2, %loop]
  %nextfrom = phi i64 [%from1, %start], [%from2, %loop]
  %nextto = phi i64 [%to1, %start], [%to3, %loop]
  %since = phi i64 [0, %start], [%since2, %loop]
  %p = getelementptr <$L x i$P>, ptr %packed, i64 %e
  %synapses = load <$L x i$P>, ptr %p, align 64
  %high = lshr <$L x i$P> %synapses, %shifts
$offsets
  %unwrapped = add <$L x i32> %offsets, %bases
  %places = and <$L x i32> %unwrapped, %masks
  %aligned = shl <$L x i$P> %synapses, %frees
  %signed = ashr <$L x i$P> %aligned, %frees
$mantissas
  %addresses = getelementptr i$R, ptr %ring, <$L x i32> %places
  %before = call <$L x i$R> @llvm.masked.gather.v${L}i$R.v${L}p0(<$L x ptr> %addresses, i32 $Rbytes, <$L x i1> $all, <$L x i$R> zeroinitializer)
  %after = add <$L x i$R> %before, %mantissas
  call void @llvm.masked.scatter.v${L}i$R.v${L}p0(<$L x i$R> %after, <$L x ptr> %addresses, i32 $Rbytes, <$L x i1> $all)
  %e1 = add i64 %e, 1
  %since1 = add i64 %since, 1
  %j1 = add i64 %j, 1
  %ends = icmp eq i64 %e1, %to
  %j2 = select i1 %ends, i64 %j1, i64 %j
  %e2 = select i1 %ends, i64 %nextfrom, i64 %e1
  %to2 = select i1 %ends, i64 %nextto, i64 %to
  %since2 = select i1 %ends, i64 0, i64 %since1
  %j3 = add i64 %j2, 1
  %next = call i64 @llvm.smin.i64(i64 %j3, i64 %last)
$row2
$soon
  %more = icmp slt i64 %j2, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}""")

_ROW = Template("""
  %pwho$k = getelementptr i32, ptr %who, i64 $number
  %who$k = load i32, ptr %pwho$k, align 4
  %wide$k = sext i32 %who$k to i64
  %row$k = add i64 %wide$k, %first
  %pfrom$k = getelementptr i32, ptr %indptr, i64 %row$k
  %short$k = load i32, ptr %pfrom$k, align 4
  %from$k = zext i32 %short$k to i64
  %pto$k = getelementptr i32, ptr %pfrom$k, i64 1
  %shortto$k = load i32, ptr %pto$k, align 4
  %to$to = zext i32 %shortto$k to i64""")

_PREFETCH = Template("""
  %j4 = add i64 %j2, %ahead
  %later = call i64 @llvm.smin.i64(i64 %j4, i64 %last)
$row
  %line = add i64 %from4, %since2
  %pline = getelementptr <$L x i$P>, ptr %packed, i64 %line
  call void @llvm.prefetch.p0(ptr %pline, i32 0, i32 3, i32 1)""")


def scatter(name: str, packed: int, ring: int, prefetch: bool) -> str:
    """Return ``void name(ring, packed, indptr, who, n, first, base, mask, shift, ahead)``.

    Adds the rows ``first + who[:n]`` to the ring, 512 bits of synapses at a time; ``packed`` and ``ring`` are widths in bits.
    Rows are whole vectors, at least one. Where a row ends, the next one begins without a branch: rows differ in length, and
    a processor that guesses their ends wrong would lose a fifth of the time. ``prefetch`` asks for vectors ``ahead`` rows
    before they are needed.
    """
    lanes = 512 // packed
    soon = _PREFETCH.substitute(L=lanes, P=packed, row=_ROW.substitute(k=4, to=4, number="%later"))
    return _SCATTER.substitute(
        name=name,
        L=lanes,
        P=packed,
        R=ring,
        Rbytes=ring // 8,
        all="<" + ", ".join(["i1 true"] * lanes) + ">",
        bases=_splat(lanes, 32, "%bases", "%base"),
        masks=_splat(lanes, 32, "%masks", "%mask"),
        shifts=_splat(lanes, packed, "%shifts", "%shift"),
        frees=_splat(lanes, packed, "%frees", "%free"),
        offsets=_resize(lanes, "%offsets", "%high", packed, 32, "zext"),
        mantissas=_resize(lanes, "%mantissas", "%signed", packed, ring, "sext"),
        row0=_ROW.substitute(k=0, to=0, number="0"),
        row1=_ROW.substitute(k=1, to=1, number="%second"),
        row2=_ROW.substitute(k=2, to=3, number="%next"),
        soon=soon if prefetch else "",
    )


_FIND = Template("""
declare void @llvm.masked.compressstore.v16i32(<16 x i32>, ptr, <16 x i1>)
declare i16 @llvm.ctpop.i16(i16)

define i64 @$name(ptr noalias %flags, i64 %n, i32 %first, ptr noalias %who) alwaysinline {
entry:
$firsts
  %start = add <16 x i32> %firsts, <$indices>
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
  %later = add <16 x i32> %numbers, <$sixteens>
  %next = add i64 %i, 16
  br label %loop
done:
  ret i64 %found
}""")


def find(name: str) -> str:
    """Return ``i64 name(flags, n, first, who)``: write the numbers of set flags, counted from ``first``; how many."""
    return _FIND.substitute(
        name=name,
        firsts=_splat(16, 32, "%firsts", "%first"),
        indices=", ".join(f"i32 {lane}" for lane in range(16)),
        sixteens=", ".join(["i32 16"] * 16),
    )


_PULL = Template("""
define void @$name(ptr noalias %words, ptr noalias %row, i64 %n, i32 %base, i32 %mask, ptr noalias %sums) alwaysinline {
entry:
  br label %loop
loop:
  %e = phi i64 [0, %entry], [%next, %body]
  %low0 = phi <32 x i16> [zeroinitializer, %entry], [%newlow0, %body]
  %low1 = phi <32 x i16> [zeroinitializer, %entry], [%newlow1, %body]
  %high0 = phi <32 x i16> [zeroinitializer, %entry], [%newhigh0, %body]
  %high1 = phi <32 x i16> [zeroinitializer, %entry], [%newhigh1, %body]
  %left = icmp slt i64 %e, %n
  br i1 %left, label %body, label %done
body:
  %at = mul i64 %e, 3
  %p = getelementptr i32, ptr %row, i64 %at
  %offset = load i32, ptr %p, align 4
  %unwrapped = add i32 %offset, %base
  %place = and i32 %unwrapped, %mask
  %place64 = zext i32 %place to i64
  %plow = getelementptr i32, ptr %p, i64 1
  %twolow = load i32, ptr %plow, align 4
$lows
  %low = bitcast <16 x i32> %lows to <32 x i16>
  %phigh = getelementptr i32, ptr %p, i64 2
  %twohigh = load i32, ptr %phigh, align 4
$highs
  %high = bitcast <16 x i32> %highs to <32 x i16>
  %word0 = getelementptr i64, ptr %words, i64 %place64
  %word1 = getelementptr i32, ptr %word0, i64 1
  %bits0 = load i32, ptr %word0, align 4
  %bits1 = load i32, ptr %word1, align 4
  %lanes0 = bitcast i32 %bits0 to <32 x i1>
  %lanes1 = bitcast i32 %bits1 to <32 x i1>
  %morelow0 = add <32 x i16> %low0, %low
  %morelow1 = add <32 x i16> %low1, %low
  %morehigh0 = add <32 x i16> %high0, %high
  %morehigh1 = add <32 x i16> %high1, %high
  %newlow0 = select <32 x i1> %lanes0, <32 x i16> %morelow0, <32 x i16> %low0
  %newlow1 = select <32 x i1> %lanes1, <32 x i16> %morelow1, <32 x i16> %low1
  %newhigh0 = select <32 x i1> %lanes0, <32 x i16> %morehigh0, <32 x i16> %high0
  %newhigh1 = select <32 x i1> %lanes1, <32 x i16> %morehigh1, <32 x i16> %high1
  %next = add i64 %e, 1
  br label %loop, !llvm.loop !0
done:
$sums
  ret void
}

!0 = distinct !{!0, !1}
!1 = !{!"llvm.loop.unroll.disable"}
""")  # unrolled, every other addition would become two instructions

_SUMS = Template("""
  %s$h = getelementptr <32 x i32>, ptr %sums, i64 $h
  %before$h = load <32 x i32>, ptr %s$h, align 4
  %widelow$h = zext <32 x i16> %low$h to <32 x i32>
  %widehigh$h = sext <32 x i16> %high$h to <32 x i32>
  %times$h = shl <32 x i32> %widehigh$h, <$eights>
  %sum$h = add <32 x i32> %widelow$h, %times$h
  %after$h = add <32 x i32> %before$h, %sum$h
  store <32 x i32> %after$h, ptr %s$h, align 4""")


def pull(name: str) -> str:
    """Return ``void name(words, row, n, base, mask, sums)``: add ``n`` <= 256 synapses to the sums of 64 lanes.

    The lanes have 16 bits, 32 of which are added to under one mask: half the instructions of lanes with 32 bits, and the
    masks are what costs. So mantissas come in bytes, 256 * high + low, each twice in an i32, and are summed apart: 256
    times 255, and 256 times -128, just fit.
    """
    return _PULL.substitute(
        name=name,
        lows=_splat(16, 32, "%lows", "%twolow"),
        highs=_splat(16, 32, "%highs", "%twohigh"),
        sums="".join(_SUMS.substitute(h=half, eights=", ".join(["i32 8"] * 32)) for half in (0, 1)),
    )
