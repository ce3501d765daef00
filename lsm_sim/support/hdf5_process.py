"""Reading the arrays of an HDF5 file through a child process, which can be stopped; see `lsm_sim.support.hdf5_worker`."""

from __future__ import annotations

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.support import hdf5_worker

# Limits. A file as large as SHD's training set (0.4 GB) takes 3 s of CPU time and less than its own size, so that these are
# reached only by files that declare more than they contain.
SECONDS, BYTES_PER_SECOND = 2, 2**21
BYTES, BYTES_PER_BYTE = 2**27, 4
EXPANDED = 1100  # bytes in a byte of a file that is mostly zeros: gzip makes at most 1032 of one
_LONGEST_LINE = 2**20
_SLOW = "reading it needs more time or memory than a file of this size should"


@dataclass(eq=False)
class Contents:
    """What a file contains: names at its top, missing keys, arrays by key, lists of arrays by key, declared lengths."""

    names: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    arrays: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    ragged: dict[str, list[npt.NDArray[Any]]] = field(default_factory=dict)
    lengths: dict[str, int] = field(default_factory=dict)


def read(path: Path, shown: Path, limit: int | None) -> Contents:
    """Return the contents of the HDF5 file ``path``, of the first ``limit`` samples; errors name the file ``shown``."""
    try:
        size = path.stat().st_size
    except OSError as error:
        raise DescriptionError(f"{shown}: cannot be read ({error.strerror or error})") from None
    most = BYTES + BYTES_PER_BYTE * size
    contents, reason = _run(path, most, SECONDS + size // BYTES_PER_SECOND, {"limit": limit})
    if reason is not None:
        raise DescriptionError(f"{shown}: damaged or not an HDF5 file ({reason}); download it again")
    return contents


def read_tree(path: Path) -> dict[str, npt.NDArray[Any]]:
    """Return every array of an HDF5 file by its path in the file, such as ``node/type``; texts are arrays of text."""
    import psutil  # takes long to import

    try:
        size = path.stat().st_size
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        raise DescriptionError(f"{path}: cannot be read ({why})") from None
    most = min(BYTES + EXPANDED * size, max(BYTES, psutil.virtual_memory().available // 4))
    contents, reason = _run(path, most, SECONDS + most // 2**27, {"tree": True})
    if reason is not None:
        raise DescriptionError(f"{path}: damaged or not an HDF5 file ({reason})")
    return contents.arrays


def read_rows(path: Path, n: int) -> Iterator[list[npt.NDArray[Any]]]:
    """Yield X, or X and y, of an HDF5 file, n samples at a time, which need not fit in memory together.

    The limits on time and memory are those of n samples. Filters by which parts are compressed are those of h5py, and of the
    package hdf5plugin if this process has imported it.
    """
    size = path.stat().st_size
    how = {"rows": n, "most": BYTES + EXPANDED * size, "bytes_per_second": BYTES_PER_SECOND}
    job = _job(path, BYTES, SECONDS, how | {"filters": "hdf5plugin" in sys.modules})
    with _child(job, only_own_filters=False) as process:
        assert process.stdout is not None
        while line := process.stdout.readline(_LONGEST_LINE):
            header = json.loads(line)
            if "end" in header:
                return
            if "error" in header:
                raise DescriptionError(f"{path}: damaged or not an HDF5 file of samples ({str(header['error'])[:200]})")
            arrays = [_array(process.stdout, form, sys.maxsize) for form in header["arrays"]]
            if any(array is None for array in arrays):
                break
            yield [array for array in arrays if array is not None]
        raise DescriptionError(f"{path}: damaged or not an HDF5 file of samples ({_ending(process)})")


def _ending(process: subprocess.Popen[bytes]) -> str:
    """Return why the worker ended without a word."""
    code = process.wait()
    slow = hasattr(signal, "SIGXCPU") and code == -signal.SIGXCPU
    return _SLOW if slow or code >= 0 else f"the HDF5 library ended by signal {-code}"


def _job(path: Path, most: int, seconds: int, how: dict[str, Any]) -> dict[str, Any]:
    return {"path": str(path.absolute()), "sys.path": sys.path, "seconds": seconds, "bytes": most, **how}


def _run(path: Path, most: int, seconds: int, how: dict[str, Any]) -> tuple[Contents, str | None]:
    """Let a process read a file, and return what it sent and why it stopped early, if it did."""
    with _child(_job(path, most, seconds, how)) as process:
        assert process.stdout is not None
        return _receive(process.stdout, most)


@contextlib.contextmanager
def _child(job: dict[str, Any], *, only_own_filters: bool = True) -> Iterator[subprocess.Popen[bytes]]:
    """Start the worker; end it in any case."""
    command = [sys.executable, "-I", "-S", hdf5_worker.__file__, json.dumps(job)]
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"OPENBLAS_NUM_THREADS": "1"} | ({"HDF5_PLUGIN_PRELOAD": "::"} if only_own_filters else {}),
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


def _receive(stream: IO[bytes], most: int) -> tuple[Contents, str | None]:
    """Return what the worker sent, and why it stopped early, if it did."""
    contents = Contents()
    while line := stream.readline(_LONGEST_LINE):
        try:
            header = json.loads(line)
        except ValueError:
            break
        if "end" in header:
            return contents, None
        if "error" in header:
            return contents, str(header["error"])[:200]
        arrays = [_array(stream, form, most) for form in header["arrays"]]
        if any(array is None for array in arrays):
            break
        _store(contents, header, arrays)
    return contents, _SLOW


def _array(stream: IO[bytes], form: list[Any], most: int) -> npt.NDArray[Any] | None:
    """Return the next array; None if it is larger than it may be, or incomplete."""
    kind, *shape = form
    dtype = np.dtype(kind)
    size = math.prod(shape) * dtype.itemsize
    if size > most:
        return None
    data = bytearray(size)
    return np.frombuffer(data, dtype).reshape(shape) if stream.readinto(data) == size else None  # type: ignore[attr-defined]


def _store(contents: Contents, header: dict[str, Any], arrays: list[Any]) -> None:
    key = header.get("key")
    if key is None:
        contents.names, contents.missing = header["names"], header["missing"]
    elif "length" in header:
        contents.lengths[key], contents.ragged[key] = header["length"], []
    elif key in contents.ragged:
        contents.ragged[key] += arrays
    else:
        contents.arrays[key] = arrays[0]
