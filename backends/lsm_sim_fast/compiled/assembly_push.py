"""The innermost loop of the push kernel in LLVM's language, for processors that gather and scatter well.

LLVM does not find this form by itself: it cannot know that the places of a row differ, so it may not add to many of them
at once.
"""

from __future__ import annotations

from string import Template

from lsm_sim_fast.compiled.assembly import resize, splat

_SCATTER = Template("""
declare <$L x i$R> @llvm.masked.gather.v${L}i$R.v${L}p0(<$L x ptr>, i32, <$L x i1>, <$L x i$R>)
declare void @llvm.masked.scatter.v${L}i$R.v${L}p0(<$L x i$R>, <$L x ptr>, i32, <$L x i1>)
declare i64 @llvm.smin.i64(i64, i64)
declare void @llvm.prefetch.p0(ptr, i32, i32, i32)

define void @$name(ptr noalias %strip, ptr noalias %packed, ptr noalias %indptr, ptr noalias %who, i64 %n, i64 %first, i$P %shift, i64 %ahead) alwaysinline {
entry:
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
  %aligned = shl <$L x i$P> %synapses, %frees
  %signed = ashr <$L x i$P> %aligned, %frees
$mantissas
  %addresses = getelementptr i$R, ptr %strip, <$L x i32> %offsets
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


def scatter(name: str, packed: int, strip: int, prefetch: bool) -> str:
    """Return ``void name(strip, packed, indptr, who, n, first, shift, ahead)``.

    Adds the rows ``first + who[:n]`` to the strip, 512 bits of synapses at a time; ``packed`` and ``strip`` are widths in bits.
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
        R=strip,
        Rbytes=strip // 8,
        all="<" + ", ".join(["i1 true"] * lanes) + ">",
        shifts=splat(lanes, packed, "%shifts", "%shift"),
        frees=splat(lanes, packed, "%frees", "%free"),
        offsets=resize(lanes, "%offsets", "%high", packed, 32, "zext"),
        mantissas=resize(lanes, "%mantissas", "%signed", packed, strip, "sext"),
        row0=_ROW.substitute(k=0, to=0, number="0"),
        row1=_ROW.substitute(k=1, to=1, number="%second"),
        row2=_ROW.substitute(k=2, to=3, number="%next"),
        soon=soon if prefetch else "",
    )
