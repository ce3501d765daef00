"""Find the Python that runs Lava, without importing Lava here."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from importlib import metadata

from lsm_sim.errors import BackendUnavailableError
from lsm_sim.support.environment import install

VARIABLE = "LSM_SIM_LAVA_PYTHON"
VERSION = "0.10.0"
_PROBE = "import psutil; from importlib.metadata import version; print(version('lava-nc'))"
_PROBE_SECONDS = 30


@dataclass(frozen=True)
class Interpreter:
    """A Python interpreter with Lava, and the version of Lava."""

    path: str
    version: str


def find_interpreter() -> Interpreter:
    """Return the Python that runs Lava: that of ``LSM_SIM_LAVA_PYTHON``, or this one.

    Raises
    ------
    BackendUnavailableError
        Lava is not installed there, has another version, or the path in the variable is not a Python interpreter.
    """
    if os.name != "posix":
        raise BackendUnavailableError(
            "backend 'lava': Lava's processes need fork(), got Windows; use Linux, macOS or WSL"
        )
    other = os.environ.get(VARIABLE)
    version = _version_there(other) if other else _version_here()
    if version != VERSION:
        raise BackendUnavailableError(
            f"backend 'lava': got lava-nc {version} in {other or sys.executable}, expected {VERSION}, the only version "
            f"whose integer arithmetic is verified; install it with: {_install()}"
        )
    return Interpreter(other or sys.executable, version)


def _install() -> str:
    if sys.version_info < (3, 11):
        return install("lava")
    return (
        "pip install --no-deps --ignore-requires-python lava-nc==0.10.0 && pip install asteval networkx "
        f"(otherwise pip refuses lava-nc on Python {sys.version_info[0]}.{sys.version_info[1]}), "
        f"or set {VARIABLE} to a Python 3.10 that has lava-nc"
    )


def _version_here() -> str:
    try:
        return metadata.version("lava-nc")
    except metadata.PackageNotFoundError:
        raise BackendUnavailableError(
            f"backend 'lava': lava-nc is not installed; install it with: {_install()}"
        ) from None


def _version_there(path: str) -> str:
    try:
        done = subprocess.run(
            [path, "-c", _PROBE], capture_output=True, text=True, timeout=_PROBE_SECONDS, check=False, cwd="/"
        )
    except (OSError, subprocess.TimeoutExpired, ValueError) as error:
        raise BackendUnavailableError(f"{VARIABLE}: got {path!r}, expected a Python interpreter ({error})") from None
    if done.returncode == 0:
        return done.stdout.strip()
    if "PackageNotFoundError" in done.stderr or "ModuleNotFoundError" in done.stderr:
        raise BackendUnavailableError(
            f"{VARIABLE}: {path} lacks lava-nc or psutil; install them there with: "
            f"{path} -m pip install lava-nc=={VERSION} psutil"
        )
    raise BackendUnavailableError(
        f"{VARIABLE}: got {path!r}, expected a Python interpreter; it ended with {done.returncode}"
    )
