"""What this processor is good at: adding to many scattered places one at a time, or 16 at a time.

Some processors with AVX-512 scatter vectors slower than a loop does it (AMD's Zen 4, by a factor of 2.5), and some gather slowly
since their microcode was mended. No list of models would keep up, so it is measured, in 20 milliseconds.
"""

from __future__ import annotations

import ctypes
import time
from string import Template
from typing import Any

import llvmlite.binding as llvm
import numpy as np

from lsm_sim_fast import aligned

_PLACES, _VECTORS, _PER_ROW, _TRIES = 4096, 4096, 64, 7


def nanoseconds_per_synapse() -> tuple[float, float]:
    """Return what one synapse costs when synapses are delivered in a loop, and when 16 are scattered at a time."""
    compiled = _Compiled(_text())
    ring, synapses = np.zeros(_PLACES, np.int32), _synapses()
    best = {"one": float("inf"), "sixteen": float("inf")}
    for _ in range(_TRIES):
        for name, before in best.items():
            start = time.perf_counter()
            compiled(name, ring, synapses)
            best[name] = min(before, time.perf_counter() - start)
    one, sixteen = (seconds * 1e9 / synapses.size for seconds in best.values())
    return one, sixteen


def deliver(name: str) -> Any:
    """Return a ring to which ``"one"`` or ``"sixteen"`` has delivered all synapses once."""
    ring = np.zeros(_PLACES, np.int32)
    _Compiled(_text())(name, ring, _synapses())
    return ring


def _synapses() -> Any:
    """Return rows, sorted by place, without a place twice, as the push kernel has them; all weights are 1."""
    rng = np.random.default_rng(0)
    rows = 16 * _VECTORS // _PER_ROW
    places = np.concatenate([np.sort(rng.choice(_PLACES, _PER_ROW, replace=False)) for _ in range(rows)])
    return aligned.copy((places << 16 | 1).astype(np.uint32))


class _Compiled:
    """The functions of `_text`, compiled for this processor."""

    def __init__(self, text: str) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features().flatten()
        target = llvm.Target.from_default_triple()
        machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features, opt=3)
        self._engine = llvm.create_mcjit_compiler(llvm.parse_assembly(text), machine)
        self._engine.finalize_object()

    def __call__(self, name: str, ring: Any, synapses: Any) -> None:
        kind = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64)
        kind(self._engine.get_function_address(name))(ring.ctypes.data, synapses.ctypes.data, synapses.size // 16)


_LOOP = Template("""
define void @$name(ptr noalias %ring, ptr noalias %packed, i64 %n) {
entry:
  br label %loop
loop:
  %i = phi i64 [0, %entry], [%next, %loop]
  %p = getelementptr <16 x i32>, ptr %packed, i64 %i
$body
  %next = add i64 %i, 1
  %more = icmp slt i64 %next, %n
  br i1 %more, label %loop, label %done
done:
  ret void
}""")

_ONE = Template("""
  %at$e = getelementptr i32, ptr %p, i64 $e
  %synapse$e = load i32, ptr %at$e, align 4
  %place$e = lshr i32 %synapse$e, 16
  %short$e = trunc i32 %synapse$e to i16
  %mantissa$e = sext i16 %short$e to i32
  %address$e = getelementptr i32, ptr %ring, i32 %place$e
  %before$e = load i32, ptr %address$e, align 4
  %after$e = add i32 %before$e, %mantissa$e
  store i32 %after$e, ptr %address$e, align 4""")

_SIXTEEN = """
  %synapses = load <16 x i32>, ptr %p, align 64
  %places = lshr <16 x i32> %synapses, <SIXTEENS>
  %aligned = shl <16 x i32> %synapses, <SIXTEENS>
  %mantissas = ashr <16 x i32> %aligned, <SIXTEENS>
  %addresses = getelementptr i32, ptr %ring, <16 x i32> %places
  %before = call <16 x i32> @llvm.masked.gather.v16i32.v16p0(<16 x ptr> %addresses, i32 4, <16 x i1> <ALL>, <16 x i32> zeroinitializer)
  %after = add <16 x i32> %before, %mantissas
  call void @llvm.masked.scatter.v16i32.v16p0(<16 x i32> %after, <16 x ptr> %addresses, i32 4, <16 x i1> <ALL>)"""

_DECLARED = """
declare <16 x i32> @llvm.masked.gather.v16i32.v16p0(<16 x ptr>, i32, <16 x i1>, <16 x i32>)
declare void @llvm.masked.scatter.v16i32.v16p0(<16 x i32>, <16 x ptr>, i32, <16 x i1>)
"""


def _text() -> str:
    """Return both functions: (ring, synapses, number of vectors)."""
    sixteen = _SIXTEEN.replace("SIXTEENS", ", ".join(["i32 16"] * 16)).replace("ALL", ", ".join(["i1 true"] * 16))
    one = "".join(_ONE.substitute(e=e) for e in range(16))
    return _DECLARED + _LOOP.substitute(name="one", body=one) + _LOOP.substitute(name="sixteen", body=sixteen)
