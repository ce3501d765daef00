"""The pass over the neurons of a block in LLVM's language, for processors with AVX-512: 16 neurons at a time.

The equations are those of `lsm_sim_fast.compiled.neurons`, operation for operation. Here a vector that spiked becomes a list of
neurons in the registers; LLVM does not find that by itself. Arrays reach to the end of the last vector.
"""

from __future__ import annotations

from string import Template

from lsm_sim_fast.compiled.assembly import resize

_PASS = Template("""
declare <16 x i32> @llvm.experimental.vector.compress.v16i32(<16 x i32>, <16 x i1>, <16 x i32>)
declare i16 @llvm.ctpop.i16(i16)

define i64 @$name(i32 %k, i64 %n, i32 %first, double %scale, ptr noalias %slot, ptr noalias %u, ptr noalias %v, ptr noalias %free, $decay %keep_u, $decay %keep_v, $level %th, $level %bias, ptr noalias %who, i64 %found0) alwaysinline {
entry:
$ks
$firsts
  %n32 = trunc i64 %n to i32
  %end = add i32 %first, %n32
$ends
$scales
$numbers
  %start = add <16 x i32> %firsts, <$indices>
  %some = icmp sgt i64 %n, 0
  br i1 %some, label %loop, label %done
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %found = phi i64 [%found0, %entry], [%more, %loop]
  %neurons = phi <16 x i32> [%start, %entry], [%later, %loop]
  %pslot = getelementptr $slot, ptr %slot, i64 %i
  %pv = getelementptr $v, ptr %v, i64 %i
  %pfree = getelementptr i32, ptr %free, i64 %i
  %a = load <16 x $slot>, ptr %pslot, align 8
  store <16 x $slot> zeroinitializer, ptr %pslot, align 8
  %v0 = load <16 x $v>, ptr %pv, align 4
  %back = load <16 x i32>, ptr %pfree, align 4
$arrays
$equations
  %held = icmp slt <16 x i32> %ks, %back
  %v1 = select <16 x i1> %held, <16 x $v> %v0, <16 x $v> %potential
  %above = $greater <16 x $v> %v1, %ths
  %v2 = select <16 x i1> %above, <16 x $v> zeroinitializer, <16 x $v> %v1
  store <16 x $v> %v2, ptr %pv, align 4
  %there = icmp slt <16 x i32> %neurons, %ends
  %spiked = and <16 x i1> %above, %there
  %who1 = call <16 x i32> @llvm.experimental.vector.compress.v16i32(<16 x i32> %neurons, <16 x i1> %spiked, <16 x i32> poison)
  %to = getelementptr i32, ptr %who, i64 %found
  store <16 x i32> %who1, ptr %to, align 4
  %bits = bitcast <16 x i1> %spiked to i16
  %count = call i16 @llvm.ctpop.i16(i16 %bits)
  %count64 = zext i16 %count to i64
  %more = add i64 %found, %count64
  %later = add <16 x i32> %neurons, <$sixteens>
  %next = add i64 %i, 16
  %left = icmp slt i64 %next, %n
  br i1 %left, label %loop, label %done
done:
  %all = phi i64 [%found0, %entry], [%more, %loop]
  ret i64 %all
}""")

_FLOAT64 = """
  %pu = getelementptr double, ptr %u, i64 %i
  %u0 = load <16 x double>, ptr %pu, align 8
  %whole = sitofp <16 x $slot> %a to <16 x double>
  %arrivals = fmul <16 x double> %whole, %scales
  %kept = fmul <16 x double> %keep_us, %u0
  %current = fadd <16 x double> %kept, %arrivals
  store <16 x double> %current, ptr %pu, align 8
  %leaked = fmul <16 x double> %keep_vs, %v0
  %drive = fadd <16 x double> %current, %biass
  %potential = fadd <16 x double> %leaked, %drive"""

_LOIHI = """
  %pu = getelementptr i32, ptr %u, i64 %i
  %u0 = load <16 x i32>, ptr %pu, align 4
  %uwide = sitofp <16 x i32> %u0 to <16 x double>
  %ukept = fmul <16 x double> %uwide, %keep_us
  %kept = fptosi <16 x double> %ukept to <16 x i32>
$narrow
  %arrivals = shl <16 x i32> %a32, <$sixes>
  %x = add <16 x i32> %kept, %arrivals
  %over = icmp sgt <16 x i32> %x, <$tops>
  %under = icmp sle <16 x i32> %x, <$bottoms>
  %down = sub <16 x i32> %x, <$turns>
  %up = add <16 x i32> %x, <$turns>
  %lowered = select <16 x i1> %over, <16 x i32> %down, <16 x i32> %x
  %wrapped = select <16 x i1> %under, <16 x i32> %up, <16 x i32> %lowered
  store <16 x i32> %wrapped, ptr %pu, align 4
  %vwide = sitofp <16 x i32> %v0 to <16 x double>
  %vkept = fmul <16 x double> %vwide, %keep_vs
  %leaked = fptosi <16 x double> %vkept to <16 x i32>
  %drive = add <16 x i32> %wrapped, %biass
  %sum = add <16 x i32> %leaked, %drive
  %inside = icmp sgt <16 x i32> %sum, <$floors>
  %potential = select <16 x i1> %inside, <16 x i32> %sum, <16 x i32> <$floors>"""


def neurons(name: str, slot: int, *, loihi: bool, alike: bool) -> str:
    """Return ``i64 name(k, n, first, scale, slot, u, v, free, keep_u, keep_v, th, bias, who, found)``.

    Advances ``n`` neurons, the first of which has the number ``first``, empties their slot, of integers of
    ``slot`` bits, and writes the numbers of those that spiked to ``who[found:]``; returns ``found`` plus how many. v, th and
    bias are doubles, or i32 for loihi. ``keep_u`` and ``keep_v`` are the fractions of u and v that a step keeps. ``alike``: these
    two, th and bias are numbers; else arrays.
    """
    v = "i32" if loihi else "double"
    parameters = {"keep_u": "double", "keep_v": "double", "th": v, "bias": v}
    given = _splat if alike else _load
    return _PASS.substitute(
        name=name,
        slot=f"i{slot}",
        v=v,
        greater="icmp sgt" if loihi else "fcmp ogt",
        decay="double" if alike else "ptr",
        level=v if alike else "ptr",
        ks=_splat("k", "i32"),
        firsts=_splat("first", "i32"),
        ends=_splat("end", "i32"),
        scales=_splat("scale", "double"),
        numbers="\n".join(given(*parameter) for parameter in parameters.items()) if alike else "",
        arrays="" if alike else "\n".join(given(*parameter) for parameter in parameters.items()),
        indices=", ".join(f"i32 {lane}" for lane in range(16)),
        sixteens=_constant("i32 16"),
        equations=Template(_LOIHI if loihi else _FLOAT64).substitute(
            slot=f"i{slot}",
            narrow=resize(16, "%a32", "%a", slot, 32, "sext"),
            sixes=_constant("i32 6"),
            tops=_constant(f"i32 {2**23}"),
            bottoms=_constant(f"i32 {-(2**23)}"),
            turns=_constant(f"i32 {2**24}"),
            floors=_constant(f"i32 {-(2**23 - 1)}"),
        ),
    )


def _constant(value: str) -> str:
    return ", ".join([value] * 16)


def _splat(name: str, kind: str) -> str:
    """Return the text that puts a number into all lanes."""
    return (
        f"  %{name}s.0 = insertelement <16 x {kind}> poison, {kind} %{name}, i32 0\n"
        f"  %{name}s = shufflevector <16 x {kind}> %{name}s.0, <16 x {kind}> poison, <16 x i32> zeroinitializer"
    )


def _load(name: str, kind: str) -> str:
    """Return the text that reads 16 values of an array."""
    return (
        f"  %p{name} = getelementptr {kind}, ptr %{name}, i64 %i\n"
        f"  %{name}s = load <16 x {kind}>, ptr %p{name}, align 4"
    )
