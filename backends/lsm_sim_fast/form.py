"""Which form of the innermost loops runs: loops that any processor runs, vectors of AVX-512, or some of each.

The choice travels as values whose types Numba compiles for: ``None`` for plain loops, an integer for vectors.
"""

from __future__ import annotations

import functools
import os
from dataclasses import dataclass

import llvmlite.binding as llvm
from numba.core import codegen

from lsm_sim.errors import DescriptionError
from lsm_sim_fast import probe
from lsm_sim_fast.compiled import assembly_neurons, assembly_pull, assembly_push

SWITCH = "LSM_SIM_FAST_FORM"  # environment variable: one of `NAMES`
NAMES = {"plain": "plain loops", "mixed": "vectors for neurons, loops for synapses", "vector": "vectors"}
_OLDEST_LLVM = 20  # earlier ones do not compress a vector in the registers


@dataclass(frozen=True)
class Form:
    """Which form each loop has.

    Parameters
    ----------
    vector
        Of the pass over neurons and of the pull kernel.
    rows
        Of sending spikes along their rows of synapses.
    why
        The same in words, and why.
    """

    vector: int | None
    rows: int | None
    why: str


@functools.cache
def choose() -> Form:
    """Return the form for this machine."""
    wish = os.environ.get(SWITCH, "")
    if wish and wish not in NAMES:
        raise DescriptionError(f"{SWITCH}: got {wish!r}, expected {', '.join(NAMES)}")
    if wish == "plain":
        return _form(wish, f", as {SWITCH} asks")
    obstacle = _not_understood()
    if obstacle:
        return _form("plain", f": this llvmlite does not understand the vector form ({obstacle})")
    if wish:
        return _form(wish, f", as {SWITCH} asks")
    features = str(codegen.get_host_cpu_features())  # type: ignore[no-untyped-call]
    if "+avx512bw" not in features.split(","):
        return _form("plain", ": this processor has no AVX-512")
    one, sixteen = probe.nanoseconds_per_synapse()
    found = f"measured {one:.2f} ns per synapse in a loop, {sixteen:.2f} ns in 16-wide scatters"
    return _form("vector" if sixteen < one else "mixed", f": this processor has AVX-512; {found}")


def _form(name: str, why: str) -> Form:
    return Form(None if name == "plain" else 1, 1 if name == "vector" else None, NAMES[name] + why)


def _not_understood() -> str:
    """Return why the vector form cannot be compiled, empty where it can."""
    major = llvm.llvm_version_info[0]
    if major < _OLDEST_LLVM:
        return f"LLVM {major}, needs {_OLDEST_LLVM}"
    try:
        for text in (
            assembly_push.scatter("s", 32, 32, prefetch=True),
            assembly_neurons.neurons("n", 32, loihi=False, alike=True),
            assembly_pull.pull("p"),
        ):
            llvm.parse_assembly(text).verify()
    except RuntimeError as error:
        return str(error).strip().splitlines()[0]
    return ""
