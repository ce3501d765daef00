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

define i64 @$name(i32 %k, i64 %n, i32 %first, double %scale, ptr noalias %slot, ptr noalias %u, ptr noalias %v, ptr noalias %free, $decay %keep_u, $decay %keep_v, $level %th, $level %bias, ptr noalias %who, i64 %found0$more) alwaysinline {
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
  %pv = getelementptr $v, ptr %v, i64 %i
  %pfree = getelementptr i32, ptr %free, i64 %i
  %v0 = load <16 x $v>, ptr %pv, align 4
  %back = load <16 x i32>, ptr %pfree, align 4
$arrays
$equations
$drive
  %held = icmp slt <16 x i32> %ks, %back
  %v1 = select <16 x i1> %held, <16 x $v> %v0, <16 x $v> %potential
$threshold
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

# A synaptic current; ``2`` in place of ``$s`` is the second. ``drive`` is what v gets: the first, or both.

_FLOAT64_CURRENT = """
  %pslot$s.0 = getelementptr $slot, ptr %slot$s, i64 %i
  %a$s = load <16 x $slot>, ptr %pslot$s.0, align 8
  store <16 x $slot> zeroinitializer, ptr %pslot$s.0, align 8
  %pu$s = getelementptr double, ptr %u$s, i64 %i
  %before$s = load <16 x double>, ptr %pu$s, align 8
  %whole$s = sitofp <16 x $slot> %a$s to <16 x double>
  %arrivals$s = fmul <16 x double> %whole$s, %scale${s}s
  %kept$s = fmul <16 x double> %keep_u${s}s, %before$s
  %current$s = fadd <16 x double> %kept$s, %arrivals$s
  store <16 x double> %current$s, ptr %pu$s, align 8"""

_FLOAT64_BOTH = """
  %both = fadd <16 x double> %current, %current2"""

_FLOAT64_DRIVE = """
  %leaked = fmul <16 x double> %keep_vs, %v0
  %drive = fadd <16 x double> $current, %biass
  %potential = fadd <16 x double> %leaked, %drive"""

_FLOAT64_ADAPTIVE = """
  %pw = getelementptr double, ptr %w, i64 %i
  %w0 = load <16 x double>, ptr %pw, align 8
  %raised = fmul <16 x double> %keep_ws, %w0
  %level = fadd <16 x double> %ths, %raised
  %above = fcmp ogt <16 x double> %v1, %level
  %jumped = fadd <16 x double> %raised, %jumps
  %w1 = select <16 x i1> %above, <16 x double> %jumped, <16 x double> %raised
  store <16 x double> %w1, ptr %pw, align 8"""

_LOIHI_CURRENT = """
  %pslot$s.0 = getelementptr $slot, ptr %slot$s, i64 %i
  %a$s = load <16 x $slot>, ptr %pslot$s.0, align 8
  store <16 x $slot> zeroinitializer, ptr %pslot$s.0, align 8
  %pu$s = getelementptr i32, ptr %u$s, i64 %i
  %before$s = load <16 x i32>, ptr %pu$s, align 4
  %wide$s = sitofp <16 x i32> %before$s to <16 x double>
  %product$s = fmul <16 x double> %wide$s, %keep_u${s}s
  %kept$s = fptosi <16 x double> %product$s to <16 x i32>
$narrow
  %arrivals$s = shl <16 x i32> %narrow$s, <$sixes>
  %x$s = add <16 x i32> %kept$s, %arrivals$s
  %over$s = icmp sgt <16 x i32> %x$s, <$tops>
  %under$s = icmp sle <16 x i32> %x$s, <$bottoms>
  %down$s = sub <16 x i32> %x$s, <$turns>
  %up$s = add <16 x i32> %x$s, <$turns>
  %lowered$s = select <16 x i1> %over$s, <16 x i32> %down$s, <16 x i32> %x$s
  %current$s = select <16 x i1> %under$s, <16 x i32> %up$s, <16 x i32> %lowered$s
  store <16 x i32> %current$s, ptr %pu$s, align 4"""

_LOIHI_BOTH = """
  %both = add <16 x i32> %current, %current2"""

_LOIHI_DRIVE = """
  %vwide = sitofp <16 x i32> %v0 to <16 x double>
  %vkept = fmul <16 x double> %vwide, %keep_vs
  %leaked = fptosi <16 x double> %vkept to <16 x i32>
  %drive = add <16 x i32> $current, %biass
  %sum = add <16 x i32> %leaked, %drive
  %inside = icmp sgt <16 x i32> %sum, <$floors>
  %$clipped = select <16 x i1> %inside, <16 x i32> %sum, <16 x i32> <$floors>"""

_LOIHI_CEILING = """
  %within = icmp slt <16 x i32> %above_floor, <$ceilings>
  %potential = select <16 x i1> %within, <16 x i32> %above_floor, <16 x i32> <$ceilings>"""

_LOIHI_ADAPTIVE = """
  %pw = getelementptr i32, ptr %w, i64 %i
  %w0 = load <16 x i32>, ptr %pw, align 4
  %wwide = sitofp <16 x i32> %w0 to <16 x double>
  %wkept = fmul <16 x double> %wwide, %keep_ws
  %raised = fptosi <16 x double> %wkept to <16 x i32>
  %level = add <16 x i32> %ths, %raised
  %above = icmp sgt <16 x i32> %v1, %level
  %sumw = add <16 x i32> %raised, %jumps
  %below = icmp slt <16 x i32> %sumw, <$ceilings>
  %jumped = select <16 x i1> %below, <16 x i32> %sumw, <16 x i32> <$ceilings>
  %w1 = select <16 x i1> %above, <16 x i32> %jumped, <16 x i32> %raised
  store <16 x i32> %w1, ptr %pw, align 4"""


def neurons(name: str, slot: int, *, loihi: bool, alike: bool, second: bool = False, adaptive: bool = False) -> str:
    """Return ``i64 name(k, n, first, scale, slot, u, v, free, keep_u, keep_v, th, bias, who, found, ...)``.

    Advances ``n`` neurons, the first of which has the number ``first``, empties their slot, of integers of
    ``slot`` bits, and writes the numbers of those that spiked to ``who[found:]``; returns ``found`` plus how many. v, th and
    bias are doubles, or i32 for loihi. ``keep_u`` and ``keep_v`` are the fractions of u and v that a step keeps. ``alike``: these
    two, th and bias are numbers; else arrays. With a ``second`` current there follow (scale2, slot2, u2, keep_u2), with
    ``adaptive`` thresholds (w, keep_w, jump).
    """
    v = "i32" if loihi else "double"
    parameters = {"keep_u": "double", "keep_v": "double", "th": v, "bias": v}
    more = ""
    if second:
        parameters["keep_u2"] = "double"
        more += f", double %scale2, ptr noalias %slot2, ptr noalias %u2, {'double' if alike else 'ptr'} %keep_u2"
    if adaptive:
        parameters |= {"keep_w": "double", "jump": v}
        more += f", ptr noalias %w, {'double' if alike else 'ptr'} %keep_w, {v if alike else 'ptr'} %jump"
    given = _splat if alike else _load
    scales = [_splat("scale", "double"), *([_splat("scale2", "double")] if second else [])]
    return _PASS.substitute(
        name=name,
        slot=f"i{slot}",
        v=v,
        decay="double" if alike else "ptr",
        level=v if alike else "ptr",
        more=more,
        ks=_splat("k", "i32"),
        firsts=_splat("first", "i32"),
        ends=_splat("end", "i32"),
        scales="\n".join(scales),
        numbers="\n".join(given(*parameter) for parameter in parameters.items()) if alike else "",
        arrays="" if alike else "\n".join(given(*parameter) for parameter in parameters.items()),
        indices=", ".join(f"i32 {lane}" for lane in range(16)),
        sixteens=_constant("i32 16"),
        **_equations(slot, loihi=loihi, second=second, adaptive=adaptive),
    )


def _equations(slot: int, *, loihi: bool, second: bool, adaptive: bool) -> dict[str, str]:
    """Return the parts of the text that differ between models of neurons."""
    one, both = (_LOIHI_CURRENT, _LOIHI_BOTH) if loihi else (_FLOAT64_CURRENT, _FLOAT64_BOTH)
    drive, rising = (_LOIHI_DRIVE, _LOIHI_ADAPTIVE) if loihi else (_FLOAT64_DRIVE, _FLOAT64_ADAPTIVE)
    if (
        loihi and adaptive
    ):  # a constant threshold is below the largest v, so that there a neuron spikes without clipping
        drive += _LOIHI_CEILING
    constant = "icmp sgt <16 x i32>" if loihi else "fcmp ogt <16 x double>"
    values = {
        "slot": f"i{slot}",
        "sixes": _constant("i32 6"),
        "tops": _constant(f"i32 {2**23}"),
        "bottoms": _constant(f"i32 {-(2**23)}"),
        "turns": _constant(f"i32 {2**24}"),
        "floors": _constant(f"i32 {-(2**23 - 1)}"),
        "ceilings": _constant(f"i32 {2**23 - 1}"),
        "current": "%both" if second else "%current",
        "clipped": "above_floor" if adaptive else "potential",
    }
    currents = [
        Template(one).substitute(values, s=s, narrow=resize(16, f"%narrow{s}", f"%a{s}", slot, 32, "sext"))
        for s in (("", "2") if second else ("",))
    ]
    return {
        "equations": "".join(currents) + (both if second else ""),
        "drive": Template(drive).substitute(values),
        "threshold": Template(rising).substitute(values) if adaptive else f"  %above = {constant} %v1, %ths",
    }


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
