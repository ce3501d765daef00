"""Import lava-nc 0.10.0 on Python versions that it does not support. Only the child process does this.

Python 3.11 and later refuse Lava's dataclasses with unhashable defaults (``var_model.py``); ``unsafe_hash`` fixes this. Lava
also sets the start method of multiprocessing, which fails if it was set before.
"""

from __future__ import annotations

import dataclasses
import multiprocessing
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import shared_memory
from pathlib import Path
from typing import Any

VERSION = "0.10.0"
_SHM = Path("/dev/shm")


def import_lava() -> None:
    """Import Lava's compiler, runtime and the processes that we use."""
    with _lenient_dataclasses(), _patient_start_method():
        import lava.magma.compiler.var_model
        import lava.magma.runtime.message_infrastructure.multiprocessing  # noqa: F401


@contextmanager
def _lenient_dataclasses() -> Iterator[None]:
    if sys.version_info < (3, 11):
        yield
        return
    original: Any = dataclasses.dataclass

    def dataclass(cls: Any = None, /, **options: Any) -> Any:
        if not options.get("frozen"):
            options.setdefault("unsafe_hash", True)
        return original(cls, **options) if cls is not None else lambda late: original(late, **options)

    dataclasses.dataclass = dataclass
    try:
        yield
    finally:
        dataclasses.dataclass = original


@contextmanager
def _patient_start_method() -> Iterator[None]:
    original = multiprocessing.set_start_method
    multiprocessing.set_start_method = lambda method, **_options: original(method, force=True)
    try:
        yield
    finally:
        multiprocessing.set_start_method = original


def name_segments_after(pid: int) -> None:
    """Put ``pid`` into the names of shared memory of this process and its children, so that any process can remove it."""

    def make_filename() -> str:
        return f"/{segment_prefix(pid)}{os.urandom(5).hex()}"

    shared_memory._make_filename = make_filename  # type: ignore[attr-defined]


def segment_prefix(pid: int) -> str:
    """Return the prefix of the names of a worker's segments; macOS allows names of 31 characters."""
    return f"lsmlava{pid}_"


def unlink_segments(pid: int) -> None:
    """Remove the shared memory left by the worker ``pid``."""
    for path in _SHM.glob(f"{segment_prefix(pid)}*") if _SHM.is_dir() else ():
        path.unlink(missing_ok=True)
