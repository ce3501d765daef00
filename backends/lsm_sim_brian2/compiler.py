"""The choice of Brian2's code generation target, and compiler flags with which results are bit-identical."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import sysconfig
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from importlib import metadata
from pathlib import Path
from typing import Any

from lsm_sim.errors import BackendUnavailableError

MANY_STEPS = 500_000
"""Number of steps from which compiling is worthwhile: it takes 10-60 s and saves about 40 us per step (docs/brian2.md)."""

_UNIX = ("-w", "-O3", "-g0", "-ffp-contract=off", "-std=c++17")  # neither fast-math nor fused multiply-add
_MSVC = ("/w", "/Ox", "/fp:precise", "/std:c++17")
FLAGS = _MSVC if sys.platform == "win32" else _UNIX

_HEADERS = ("algorithm", "chrono", "climits", "cmath", "ctime", "fstream", "iostream", "random", "vector")
_HEADER = "lsm_sim_headers.h"


def preferences(target: str) -> dict[str, Any]:
    """Return the preferences for one of Brian2's targets, ``"numpy"`` or ``"cython"``, or for standalone C++."""
    return {
        "codegen.target": target,
        "codegen.string_expression_target": "numpy",
        "codegen.cpp.extra_compile_args": list(FLAGS),
        "codegen.runtime.cython.cache_dir": str(cache_folder()),
    }


def cache_folder() -> Path:
    """Return our own folder for compiled code: Brian2 identifies code by its text only, not by the compiler flags."""
    from brian2 import prefs

    own = prefs["codegen.runtime.cython.cache_dir"]
    if own is None:
        own = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "brian2"
    digest = hashlib.sha256(" ".join(FLAGS).encode()).hexdigest()[:8]
    return Path(f"{own}-lsm_sim-{digest}")


def missing_tools(*, standalone: bool) -> list[str]:
    """Return the tools for compiling Brian2's C++ that are not found."""
    if sys.platform == "win32":
        return []  # the compiler is found through the registry; without one, compiling fails and NumPy is used
    compilers = {name: os.environ.get(name) or sysconfig.get_config_var(name) or name.lower() for name in ("CC", "CXX")}
    wanted = {shlex.split(str(command))[0] for command in compilers.values()}
    missing = sorted(tool for tool in wanted if shutil.which(tool) is None)
    if standalone:
        return missing + [tool for tool in ("make",) if shutil.which(tool) is None]
    headers = Path(sysconfig.get_path("include")) / "Python.h"
    return missing + ([] if headers.exists() else [str(headers)])


def check_standalone() -> None:
    """Raise `BackendUnavailableError` if standalone programs cannot be compiled."""
    missing = missing_tools(standalone=True)
    if missing:
        msg = (
            f"Brian2 mode='standalone': no {', '.join(missing)} found; install a C++ compiler and make, for example "
            "with: apt install g++ make, or use mode='runtime'"
        )
        raise BackendUnavailableError(msg)


@contextmanager
def precompiled_headers(folder: Path, *, openmp: bool) -> Iterator[list[str]]:
    """Yield flags with which the files of a standalone program read the standard library in compiled form, a third of the work.

    Brian2 writes 40 small files, and each includes all of it. Without the compiled form they read the header itself.
    """
    if sys.platform == "win32":
        yield []
        return
    header, flags = folder / _HEADER, [*FLAGS, *(["-fopenmp"] if openmp else [])]
    header.write_text("".join(f"#include <{name}>\n" for name in _HEADERS), encoding="utf-8")
    command = [
        *shlex.split(os.environ.get("CXX") or "g++"),
        "-x",
        "c++-header",
        *flags,
        _HEADER,
        "-o",
        f"{_HEADER}.gch",
    ]
    with suppress(OSError):
        subprocess.run(command, cwd=folder, capture_output=True, check=False)
    try:
        yield ["-include", _HEADER]
    finally:
        (folder / f"{_HEADER}.gch").unlink(missing_ok=True)  # 50 MB


def choose_target(codegen: str, kind: Mapping[str, Any], n_steps: int) -> str:
    """Return ``"numpy"`` or ``"cython"``.

    ``"auto"`` uses ``brian2.prefs.codegen.target``; if that is ``"auto"`` too, Cython if its code for this ``kind`` of
    network is compiled already or ``n_steps`` make compiling worthwhile, else NumPy.
    """
    from brian2 import prefs

    wanted = codegen if codegen != "auto" else str(prefs["codegen.target"])
    if wanted not in ("numpy", "cython"):
        return "cython" if n_steps >= MANY_STEPS or is_compiled(kind) else "numpy"
    return wanted


def warn_of_numpy(reason: str) -> None:
    """Warn that NumPy is used instead of Cython."""
    msg = (
        f"Brian2 cannot compile with Cython ({reason}) and uses NumPy, which is several times slower; install a C++ compiler, "
        "for example with: apt install g++ python3-dev, or use Brian2(codegen='numpy')"
    )
    warnings.warn(msg, UserWarning, stacklevel=2)


def is_compiled(kind: Mapping[str, Any]) -> bool:
    """Return whether this machine has compiled such a network before."""
    return _mark(kind).exists()


def mark_compiled(kind: Mapping[str, Any]) -> None:
    """Record that all code for such a network is compiled."""
    if cache_folder().is_dir():
        _mark(kind).touch()


def _mark(kind: Mapping[str, Any]) -> Path:
    """Return the marker file; the text of the code, and thus the cache, depends on ``kind`` and versions only."""
    versions = [metadata.version(package) for package in ("brian2", "cython", "numpy")]
    parts = (sys.version, sys.executable, versions, sorted(kind.items()))
    digest = hashlib.sha256(repr(parts).encode()).hexdigest()[:16]
    return cache_folder() / f"compiled-{digest}"


def n_cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
