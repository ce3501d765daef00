"""The work that no simulator can avoid: read a packed synapse, add its weight to an element of the buffer of arrivals (the ring).

A packed synapse has 32 bits: 16 for the position in the ring, 16 for the weight. The ring (int32) fits into the L1 cache; rows
are sorted by position and read one after the other. There are no neurons, no clock and no lookup of rows, so a simulator that
has these cannot be faster per synaptic event than the best kernel here.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

RING = 8192  # 32 KiB of int32
STEP = 32  # events that the vectorised kernel handles at a time
_ROWS, _PER_ROW, _LANES = 1000, 96, 16  # a row is a whole number of steps
_LINE = 64  # bytes of a cache line

Array: TypeAlias = npt.NDArray[Any]
Kernel: TypeAlias = Callable[[Array, Array, int], None]
"""Arguments: the ring, the synapses (a multiple of `STEP`) and the number of passes over them."""


def synapses() -> Array:
    """Return the packed rows; no position occurs twice in a row."""
    rng = np.random.default_rng(0)
    position = np.concatenate([np.sort(rng.choice(RING, _PER_ROW, replace=False)) for _ in range(_ROWS)])
    weight = rng.integers(-100, 101, position.size).astype(np.int16)
    packed = aligned(position.size, np.uint32)
    packed[:] = (position.astype(np.uint32) << 16) | weight.view(np.uint16)
    return packed


def aligned(size: int, kind: Any) -> Array:
    """Return zeros aligned to a cache line."""
    array = np.zeros(size + _LINE, kind)
    first = (-array.ctypes.data % _LINE) // array.itemsize
    return array[first : first + size]


def kernels() -> dict[str, Kernel]:
    """Return the kernels that this processor can run, by name."""
    vectors = _vectors()
    return {"a plain loop": _compiled_loop()} | ({} if vectors is None else {"vectors of 16": vectors})


def deliver(kernel: Kernel, ring: Array, packed: Array, n_events: int) -> None:
    """Deliver ``n_events`` events, rounded up to a multiple of `STEP`, with a kernel."""
    times, rest = divmod(n_events, packed.size)
    if times:
        kernel(ring, packed, times)
    if rest:
        kernel(ring, packed[: -(-rest // STEP) * STEP], 1)


def _loop(ring: Any, packed: Any, times: int) -> None:
    for _ in range(times):
        for e in range(packed.size):
            synapse = packed[e]
            ring[synapse >> np.uint32(16)] += np.int32(np.int16(synapse & np.uint32(0xFFFF)))


def _compiled_loop() -> Kernel:
    import numba

    loop: Kernel = numba.njit(nogil=True, error_model="numpy")(_loop)
    return loop


def _vectors() -> Kernel | None:
    """Return the vectorised kernel (gather, add, scatter); None if the processor or the compiler does not support it."""
    import llvmlite.binding as llvm

    features = llvm.get_host_cpu_features()
    if not features.get("avx512f"):
        return None
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    try:
        module = llvm.parse_assembly(_llvm_ir())
        module.verify()
    except RuntimeError:  # LLVM before 16 has another syntax for pointers
        return None
    target = llvm.Target.from_default_triple()
    machine = target.create_target_machine(cpu=llvm.get_host_cpu_name(), features=features.flatten(), opt=3)
    engine = llvm.create_mcjit_compiler(module, machine)
    engine.finalize_object()
    call = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_int64)
    function = call(engine.get_function_address("scatter"))

    def kernel(ring: Array, packed: Array, times: int, _owner: Any = engine) -> None:
        function(ring.ctypes.data, packed.ctypes.data, packed.size, times)

    return kernel


def _llvm_ir() -> str:
    """Return the vectorised kernel; two vectors at a time hide some of the latency."""
    vector, pointers, mask = f"<{_LANES} x i32>", f"<{_LANES} x ptr>", f"<{_LANES} x i1>"
    sixteen = "<" + ", ".join(["i32 16"] * _LANES) + ">"
    every = "<" + ", ".join(["i1 1"] * _LANES) + ">"
    gather, scatter = (f"@llvm.masked.{what}.v{_LANES}i32.v{_LANES}p0" for what in ("gather", "scatter"))
    steps = "".join(
        f"""
  %e{k} = add i64 %e, {k * _LANES}
  %from{k} = getelementptr i32, ptr %packed, i64 %e{k}
  %synapse{k} = load {vector}, ptr %from{k}, align 4
  %position{k} = lshr {vector} %synapse{k}, {sixteen}
  %high{k} = shl {vector} %synapse{k}, {sixteen}
  %weight{k} = ashr {vector} %high{k}, {sixteen}
  %place{k} = getelementptr i32, ptr %ring, {vector} %position{k}
  %old{k} = call {vector} {gather}({pointers} %place{k}, i32 4, {mask} {every}, {vector} zeroinitializer)
  %new{k} = add {vector} %old{k}, %weight{k}
  call void {scatter}({vector} %new{k}, {pointers} %place{k}, i32 4, {mask} {every})"""
        for k in range(STEP // _LANES)
    )
    return f"""
declare {vector} {gather}({pointers}, i32, {mask}, {vector})
declare void {scatter}({vector}, {pointers}, i32, {mask})
define void @scatter(ptr noalias %ring, ptr noalias %packed, i64 %size, i64 %times) {{
entry:
  br label %again
again:
  %done = phi i64 [0, %entry], [%passes, %next]
  br label %body
body:
  %e = phi i64 [0, %again], [%following, %body]{steps}
  %following = add i64 %e, {STEP}
  %more = icmp slt i64 %following, %size
  br i1 %more, label %body, label %next
next:
  %passes = add i64 %done, 1
  %unfinished = icmp slt i64 %passes, %times
  br i1 %unfinished, label %again, label %end
end:
  ret void
}}"""
