"""The innermost loop of the pull kernel in LLVM's language, for processors with AVX-512."""

from __future__ import annotations

from string import Template

from lsm_sim_fast.compiled.assembly import splat

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
        lows=splat(16, 32, "%lows", "%twolow"),
        highs=splat(16, 32, "%highs", "%twohigh"),
        sums="".join(_SUMS.substitute(h=half, eights=", ".join(["i32 8"] * 32)) for half in (0, 1)),
    )
