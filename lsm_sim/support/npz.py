"""Reading and writing .npz files safely: without pickle, and with checks before memory is allocated."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from lsm_sim.errors import DescriptionError
from lsm_sim.support.brief import brief
from lsm_sim.support.expansion import check_members
from lsm_sim.support.files import PathLike, check_path, replacing
from lsm_sim.support.memory import check_memory


def write(path: PathLike, arrays: Mapping[str, Any]) -> None:
    """Write ``arrays`` to the .npz file ``path``."""
    with replacing(path) as stream:
        members: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
        np.savez(stream, **members)


def read(path: PathLike) -> dict[str, Any]:
    """Return every array of the .npz file ``path``; scalars come back as Python values.

    A file that is truncated, is not an .npz file, contains pickled objects, or needs more memory than is free raises
    `DescriptionError` before anything large is allocated.
    """
    check_path(path)
    if Path(path).exists() and not Path(path).is_file():  # reading a named pipe would block for ever
        raise DescriptionError(f"{path}: cannot be read, expected an .npz file, not a folder or device")
    try:
        with zipfile.ZipFile(path) as archive:
            check_memory(sum(info.file_size for info in archive.infolist()), f"{path}")
            check_members(archive.infolist(), Path(path).stat().st_size, path)
            return {info.filename.removesuffix(".npy"): _member(archive, info, path) for info in archive.infolist()}
    except FileNotFoundError:
        raise DescriptionError(f"{path}: no such file") from None
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (zipfile.BadZipFile, EOFError, ValueError, KeyError, NotImplementedError, RuntimeError) as error:
        if isinstance(error, DescriptionError):
            raise
        raise DescriptionError(f"{path}: damaged or not an .npz file ({brief(error)})") from None
    except Exception as error:  # zlib.error and any other error that a malicious archive may cause
        raise DescriptionError(f"{path}: damaged or not an .npz file ({brief(error)})") from None


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: PathLike) -> Any:
    """Read one array after checking that the size in its header is correct."""
    with archive.open(info) as stream:
        version = npy.read_magic(stream)
        read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
        shape, _, dtype = read_header(stream)
        size = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
        if dtype.hasobject:
            msg = f"{path}: {brief(info.filename)} contains pickled objects, which are never loaded"
            raise DescriptionError(msg)
        if min(shape, default=0) < 0 or size != info.file_size - stream.tell():
            msg = f"{path}: {brief(info.filename)} declares {size} bytes but contains {info.file_size - stream.tell()}; it is damaged"
            raise DescriptionError(msg)
    with archive.open(info) as stream:
        array = npy.read_array(stream, allow_pickle=False)
    return array.item() if array.ndim == 0 else array
