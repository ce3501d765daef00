"""Information on this machine: versions, cores, memory."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil

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
