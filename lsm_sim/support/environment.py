"""Information on this machine: versions, cores, memory."""

from __future__ import annotations

import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

THREADS = "LSM_SIM_THREADS"  # set in workers, so that all of them together use every core once
PACKAGES = (
    *("lsm-sim", "numpy", "scipy", "scikit-learn", "numba", "matplotlib", "skops", "typer"),
    *("brian2", "lava-nc", "torch"),
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


def install(extra: str, options: str = "") -> str:
    """Return the command that installs an extra of lsm_sim here: from the checkout it came from, from git, or from the index."""
    pip = f"pip install {options}".strip()
    folder, origin = checkout(), _origin()
    if folder is not None:
        return f"{pip} '.[{extra}]'" + ("" if Path.cwd() == folder else f" in {folder}")
    if "vcs_info" in origin:
        return f"{pip} 'lsm-sim[{extra}] @ {origin['vcs_info']['vcs']}+{origin['url']}'"
    return f"{pip} 'lsm-sim[{extra}]'"


def checkout(package: Path = Path(__file__).parents[1]) -> Path | None:
    """Return the folder with the pyproject.toml that lsm_sim runs from or was installed from, None if there is none."""
    url = str(_origin().get("url", ""))
    candidates = [package.parent, *([Path(unquote(urlsplit(url).path))] if url.startswith("file:") else [])]
    for folder in candidates:
        project = folder / "pyproject.toml"
        if project.is_file() and 'name = "lsm-sim"' in project.read_text(errors="replace"):
            return folder
    return None


def _origin() -> dict[str, Any]:
    """Return where pip installed lsm_sim from, as PEP 610 says; empty: from an index, or unknown."""
    try:
        text = metadata.distribution("lsm-sim").read_text("direct_url.json")
        found = json.loads(text or "{}")
    except (metadata.PackageNotFoundError, ValueError, OSError):
        return {}
    return found if isinstance(found, dict) else {}


def cores() -> int:
    """Return the number of cores that this process may use; the environment variable LSM_SIM_THREADS may lower it."""
    n = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    most = os.environ.get(THREADS, "")
    return max(1, min(n, int(most))) if most.isdecimal() else n


def processor(cpuinfo: Path = Path("/proc/cpuinfo")) -> str:
    """Return the processor's name from /proc/cpuinfo on Linux, elsewhere from `platform`."""
    lines = cpuinfo.read_text(errors="replace").splitlines() if cpuinfo.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()


def machine() -> dict[str, Any]:
    """Return the platform, the processor, the cores that this process may use, and the memory in bytes."""
    import psutil

    memory = psutil.virtual_memory()
    return {
        "platform": platform.platform(),
        "processor": processor(),
        "cores": cores(),
        "memory_total": memory.total,
        "memory_available": memory.available,
    }
