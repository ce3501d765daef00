"""Read the arrays of an HDF5 file in a process of its own, with limits on time and memory.

A damaged file can make the HDF5 library loop for ever or allocate any amount of memory, in C code that Ctrl-C does not
reach. This script is started by `lsm_sim.support.hdf5_process`, imports nothing of lsm_sim, and writes to its standard output
one line of JSON for each array or list of arrays, followed by their bytes.

    python hdf5_worker.py '{"path": ..., "limit": ..., "sys.path": ..., "seconds": ..., "bytes": ...}'

With ``"tree": true`` in place of the limit it writes every array of the file, by its path in the file; with ``"rows": N`` the arrays
X and y, N samples at a time, with limits for each of these parts.
"""

from __future__ import annotations

import importlib
import json
import signal
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

REQUIRED = ("labels", "spikes/times", "spikes/units")
_BLOCK = 64  # samples read at once
_MOST_NAMES, _DEEPEST = 200_000, 64  # of a tree


class TooLargeError(Exception):
    """The file asks for more bytes than the limit."""


def main() -> None:
    """Read the file that the first argument names, and write what it contains to standard output."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # end at once and without a traceback
    job = json.loads(sys.argv[1])
    sys.path[:] = job["sys.path"]
    import h5py

    if job.get("filters", False):
        importlib.import_module("hdf5plugin")  # as the process that asks has done

    _limit(job["seconds"], job["bytes"])
    try:
        with h5py.File(job["path"], "r") as file:
            for header, arrays in _wanted(file, job):
                _send(header, arrays)
        _send({"end": True})
    except Exception as error:
        _send({"error": " ".join(str(error).split()) or type(error).__name__})


def _wanted(file: Any, job: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    if "rows" in job:
        return _rows(file, job)
    return _tree(file, job["bytes"]) if job.get("tree", False) else _messages(file, job["limit"], job["bytes"])


def _limit(seconds: int, size: int) -> None:
    """Let the kernel end this process after ``seconds`` more of CPU time, and refuse it ``size`` more bytes than it has."""
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    usage = resource.getrusage(resource.RUSAGE_SELF)
    used = int(usage.ru_utime + usage.ru_stime) + 1
    _lower(resource, resource.RLIMIT_CPU, used + seconds)
    _lower(resource, resource.RLIMIT_CORE, 0)
    try:
        with open("/proc/self/statm") as statm:  # noqa: PTH123
            _lower(resource, resource.RLIMIT_AS, int(statm.read().split()[0]) * resource.getpagesize() + size)
    except OSError:  # macOS does not have the file, and does not enforce the limit either
        return


def _lower(resource: Any, which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    if hard == resource.RLIM_INFINITY or value < hard:
        resource.setrlimit(which, (value, hard))


def _messages(file: Any, limit: int | None, size: int) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Yield headers with their arrays: the names in the file, then labels, speakers, names of classes, times and units."""
    yield {"names": list(file), "missing": [key for key in REQUIRED if key not in file]}, []
    if any(key not in file for key in REQUIRED):
        return
    left = size
    for key, stop in (("labels", limit), ("extra/speaker", limit), ("extra/keys", None)):
        if key in file:
            left -= _size(file[key], stop)
            if left < 0:
                raise TooLargeError(f"{key} declares more values than a file of this size can contain")
            yield {"key": key}, [_plain(file[key][:stop])]
    n = len(file["labels"][:limit])
    for key in REQUIRED[1:]:
        yield {"key": key, "length": len(file[key])}, []
        for first in range(0, min(n, len(file[key])), _BLOCK):
            parts = [_plain(part) for part in file[key][first : min(n, first + _BLOCK)]]
            left -= sum(part.nbytes for part in parts)
            if left < 0:
                raise TooLargeError(f"{key} contains more values than a file of this size can contain")
            yield {"key": key}, parts


def _rows(file: Any, job: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Yield X, and y if it is there, some samples at a time."""
    names = [name for name in ("X", "y") if name in file]
    if "X" not in names:
        raise TypeError("it has no array X")
    arrays = [file[name] for name in names]
    for name, data in zip(names, arrays, strict=True):
        if not hasattr(data, "shape") or not data.shape:
            raise TypeError(f"{name} is no array of samples")
    n = len(arrays[0])
    if len(arrays[-1]) != n:
        raise TypeError(f"y: got {len(arrays[-1])} values, expected {n}, one for each sample of X")
    at_once = sum(_part_size(data, name, job) for name, data in zip(names, arrays, strict=True))
    for start in range(0, n, job["rows"]):
        _limit(job["seconds"] + at_once // job["bytes_per_second"], job["bytes"] + 3 * at_once)
        yield {"names": names}, [_plain(data[start : start + job["rows"]]) for data in arrays]


def _part_size(data: Any, name: str, job: Mapping[str, Any]) -> int:
    """Return the bytes that reading some samples needs: theirs, and those of what is compressed together."""
    own = _size(data, job["rows"])
    packed = 1 if data.chunks else 0
    for length in data.chunks or ():
        packed *= length
    size = max(own, int(packed * data.dtype.itemsize))
    if size > job["most"] and not (data.is_virtual or data.external):
        raise TooLargeError(f"{name} declares more values than a file of this size can contain")
    return size


def _tree(file: Any, size: int) -> Iterator[tuple[Mapping[str, Any], list[Any]]]:
    """Yield every array of a file with its path; links out of the file and links in circles are errors."""
    import h5py

    left, names = size, 0
    groups: list[tuple[str, Any, int]] = [("", file, 0)]
    while groups:
        prefix, group, depth = groups.pop()
        for name in group:
            names += 1
            if names > _MOST_NAMES or depth > _DEEPEST:
                raise TooLargeError("it has more names or levels than a file of this kind needs")
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise TypeError(f"{prefix}{name} is a link, which is not followed")
            item = group[name]
            if isinstance(item, h5py.Group):
                groups.append((f"{prefix}{name}/", item, depth + 1))
                continue
            left -= _whole_size(item, prefix + name)
            if left < 0:
                raise TooLargeError(f"{prefix}{name} declares more values than a file of this size can contain")
            yield {"key": prefix + name}, [_plain(item[()])]


def _whole_size(data: Any, key: str) -> int:
    """Return the bytes of a data set, which must be in this file."""
    if not hasattr(data, "shape") or data.shape is None or data.is_virtual or data.external:
        raise TypeError(f"{key} is no array of this file")
    count = 1
    for n in data.shape:
        count *= n
    return int(count * max(data.dtype.itemsize, 1))


def _size(data: Any, stop: int | None) -> int:
    """Return the bytes of the first ``stop`` rows of a data set."""
    rows, *others = data.shape
    count = rows if stop is None else min(rows, stop)
    for n in others:
        count *= n
    return int(count * max(data.dtype.itemsize, 1))


def _plain(value: Any) -> Any:
    """Return an array of numbers or text."""
    import numpy as np

    array = np.asarray(value)
    if array.dtype.hasobject or array.dtype.kind == "S":
        texts = [item.decode("utf-8", "replace") if isinstance(item, bytes) else str(item) for item in array.ravel()]
        array = np.array(texts, dtype=np.str_).reshape(array.shape)
    if array.dtype.kind not in "biufU":
        raise TypeError(f"it contains values of type {array.dtype}, expected numbers")
    return array


def _send(header: Mapping[str, Any], arrays: Iterable[Any] = ()) -> None:
    arrays = list(arrays)
    forms = [[array.dtype.str, *array.shape] for array in arrays]
    out = sys.stdout.buffer
    out.write(json.dumps({**header, "arrays": forms}).encode() + b"\n")
    for array in arrays:
        out.write(array.tobytes())
    out.flush()


if __name__ == "__main__":
    main()
