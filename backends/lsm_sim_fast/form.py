"""Which form of the innermost loops runs: loops that any processor runs, or vectors of AVX-512.

The choice travels as a value whose type Numba compiles for: ``None`` for plain loops, an integer for vectors.
"""

from __future__ import annotations

import functools
import os

import llvmlite.binding as llvm
from numba.core import codegen

from lsm_sim_fast.compiled import assembly_pull, assembly_push

SWITCH = "LSM_SIM_FAST_FORM"  # environment variable: "plain" or "vector"


@functools.cache
def choose() -> tuple[int | None, str]:
    """Return the form for this machine, and in words which it is and why."""
    wish = os.environ.get(SWITCH, "")
    if wish == "plain":
        return None, f"plain loops, as {SWITCH} asks"
    try:
        for text in (
            assembly_push.scatter("s", 32, 32, prefetch=True),
            assembly_push.find("f"),
            assembly_pull.pull("p"),
        ):
            llvm.parse_assembly(text).verify()
    except RuntimeError as error:
        reason = str(error).strip().splitlines()[0]
        return None, f"plain loops: this llvmlite does not understand the vector form ({reason})"
    if wish == "vector":
        return 1, f"vector form, as {SWITCH} asks"
    features = str(codegen.get_host_cpu_features())  # type: ignore[no-untyped-call]
    if "+avx512bw" not in features.split(","):
        return None, "plain loops: this processor has no AVX-512"
    return 1, "vector form: this processor has AVX-512"
