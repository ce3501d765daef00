"""Compiled once, kept on disk: the kernels, for as long as none of the files that they are made of changes."""

from __future__ import annotations

import functools
import uuid
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numba.core.options import DefaultOptions

# Arrays belong to the caller for as long as a kernel runs. Counting references to them all the same costs an atomic
# operation for each slice of one, some thirty in every step: half of what a small network takes.
_UNCOUNTED = {"_nrt": False} if hasattr(DefaultOptions, "_nrt") else {}


def kernel(function):
    """Compile ``function`` at its first call and keep the result on disk.

    Numba keeps it until the file of ``function`` changes. A kernel consists of more files, and a stale one would give wrong
    spikes, so here the stamp that Numba compares is that of all files of this package. A kernel may not create arrays.

    The stamp is part of the version too, which Numba compares before it unpickles an index: an older one may name records that
    are no more. See also `keeping`.
    """
    compiled = numba.njit(cache=True, nogil=True, error_model="numpy", **_UNCOUNTED)(function)
    if hasattr(compiled, "_cache"):  # not where NUMBA_DISABLE_JIT is set
        files = sorted(Path(__file__).parent.glob("*.py"))
        stamp = [(file.name, file.stat().st_mtime, file.stat().st_size) for file in files]
        cache_file = keeping(compiled._cache._cache_file)
        cache_file._source_stamp = tuple(stamp)
        cache_file._version = f"{cache_file._version} {stamp}"
    return compiled


def keeping(cache_file: Any) -> Any:
    """Make Numba's access to the files of a kernel safe for several processes, and return it.

    Numba numbers these files. Two processes that compile a kernel for different types at the same time may give both the same
    number, and then one of them is called with the types of the other. With names of our own, the worst that they can do to
    each other is to lose an entry of the index, or a file that it names; then that kernel is compiled again.
    """
    cache_file.save = functools.partial(_save, cache_file)
    return cache_file


def _save(cache_file: Any, key: Any, data: Any) -> None:
    """Write what was compiled into a file whose name no other process gives, and its name into the index."""
    base = cache_file._index_name.removesuffix(".nbi")
    name = f"{base}.{uuid.uuid4().hex[:16]}.nbc"
    known = cache_file._load_index()
    if not known:  # what is there was made from other sources
        for old in Path(cache_file._cache_path).glob(f"{base}.*.nbc"):
            old.unlink(missing_ok=True)
    cache_file._save_data(name, data)  # before the index says that it is there
    cache_file._save_index(cache_file._load_index() | {key: name})


_COMPILED: dict[Any, Any] = {}


def compiled_for(function: Any, arguments: tuple[Any, ...]) -> Any:
    """Return a kernel compiled for the types of these arguments; every later call must have arguments of the same types.

    Calling the kernel itself makes Numba look at the types of all fields of all records, which takes 16 microseconds each time,
    and as long as several hundred to look for a compiled kernel here.
    """
    key = function, _kind(arguments)
    if key not in _COMPILED:
        _COMPILED[key] = function.compile(tuple(numba.typeof(argument) for argument in arguments))
    return _COMPILED[key]


def _kind(value: Any) -> Any:
    """Return what Numba's type of a value depends on."""
    if isinstance(value, np.ndarray):
        return value.dtype.num, value.ndim, value.flags.num
    return (type(value), *map(_kind, value)) if isinstance(value, tuple) else type(value)
