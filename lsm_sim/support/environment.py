"""Information on this machine: versions, cores, memory, and which backends can run."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

from lsm_sim.engine import protocol as backend
from lsm_sim.errors import BackendUnavailableError, DescriptionError

PACKAGES = (
    *("lsm-sim", "numpy", "scipy", "scikit-learn", "numba", "matplotlib", "skops", "typer"),
    *("brian2", "lava-nc"),
)


def versions() -> dict[str, str | None]:
    """Return the version of Python and of each package that lsm_sim uses, None if it is not installed."""
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def version(package: str) -> str | None:
    """Return the version of a package, None if it is not installed."""
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name from /proc/cpuinfo on Linux, elsewhere from `platform`."""
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Return the platform, the processor, the cores that this process may use, and the memory in bytes."""
    memory = psutil.virtual_memory()
    return {
        "platform": platform.platform(),
        "processor": processor(),
        "cores": cores(),
        "memory_total": memory.total,
        "memory_available": memory.available,
    }


def backends(only: str | None = None) -> dict[str, str | None]:
    """Return for each declared backend (or ``only`` one) None if it can run here, else why not and what to do."""
    names = backend.known()
    if only is not None and only not in names:
        raise DescriptionError(f"no backend {only!r}; known: {', '.join(names)}")
    return {name: _why_not(name) for name in names if only in (None, name)}


def about(name: str) -> str | None:
    """Return the self-description of a backend that can run here, if any: for Lava, its version and the Python that runs it."""
    text = getattr(backend.find(name), "about", None)
    return None if text is None else str(text)


def _why_not(name: str) -> str | None:
    try:
        backend.find(name)
    except BackendUnavailableError as error:
        return str(error)
    except Exception as error:  # list the other backends even if a package is broken
        return f"importing it failed ({type(error).__name__}: {error}); reinstall it"
    return None
