"""Reading .npy files safely: without pickle, and with a check of the size before memory is allocated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib import format as npy

from lsm_sim.errors import DescriptionError
from lsm_sim.support.files import PathLike
from lsm_sim.support.memory import check_memory


def read(path: PathLike) -> Any:
    """Return the array of the .npy file ``path``; a missing, damaged or pickled one raises `DescriptionError`."""
    file = Path(path)
    if not file.exists():
        raise DescriptionError(f"{path}: no such file")
    if not file.is_file():  # reading a named pipe would block for ever
        raise DescriptionError(f"{path}: cannot be read, expected an .npy file, not a folder or device")
    try:
        with file.open("rb") as stream:
            version = npy.read_magic(stream)
            read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
            shape, _, dtype = read_header(stream)
            if dtype.hasobject:
                raise DescriptionError(f"{path}: contains pickled objects, which are never loaded; save numbers")
            size = int(np.prod([int(n) for n in shape], dtype=object)) * dtype.itemsize
            there = file.stat().st_size - stream.tell()
            if min(shape, default=0) < 0 or size != there:
                raise DescriptionError(f"{path}: declares {size} bytes but contains {there}; it is damaged")
            check_memory(size, f"{path}")
            stream.seek(0)
            return npy.read_array(stream, allow_pickle=False)
    except DescriptionError:
        raise
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror or error})") from None
    except Exception as error:  # whatever a malicious header may cause
        raise DescriptionError(f"{path}: damaged or not an .npy file ({str(error)[:200]})") from None
