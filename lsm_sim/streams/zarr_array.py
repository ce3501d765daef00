"""Arrays as Zarr version 3 stores them: a JSON file and one uncompressed file for each chunk of rows.

The format is simple enough to be written without the package zarr, which reads these arrays, as other tools do.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError

METADATA = "zarr.json"
TYPES = ("float64", "float32", "int64")


def group() -> bytes:
    """Return the file that makes a folder a group of arrays."""
    return _text({"zarr_format": 3, "node_type": "group", "attributes": {}})


def metadata(shape: Sequence[int], chunk: int, dtype: str) -> bytes:
    """Return the file that describes an array whose chunks have ``chunk`` rows."""
    return _text(
        {
            "zarr_format": 3,
            "node_type": "array",
            "shape": [*shape],
            "data_type": dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": [chunk, *shape[1:]]}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": 0,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}],
            "attributes": {},
        }
    )


def chunk_name(k: int, n_axes: int) -> str:
    """Return the name of the file of chunk ``k`` along the rows."""
    return ".".join(["c", str(k), *["0"] * (n_axes - 1)])


def chunk_bytes(rows: npt.NDArray[Any], chunk: int) -> bytes:
    """Return the contents of the file of a chunk; one with fewer rows is filled with zeros, as Zarr wants it."""
    little = np.ascontiguousarray(rows, rows.dtype.newbyteorder("<"))
    return little.tobytes() + bytes((chunk - len(rows)) * little[:1].nbytes)


def read_chunk(array: Path, k: int, n_rows: int, shape: Sequence[int], dtype: str) -> npt.NDArray[Any]:
    """Return the rows of a chunk; ``shape`` is that of a row."""
    path = array / chunk_name(k, 1 + len(shape))
    kind = np.dtype(dtype).newbyteorder("<")
    n = n_rows * int(np.prod(shape, dtype=np.int64))
    try:
        values = np.fromfile(path, kind, count=n)
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror or error})") from None
    if values.size != n:
        raise DescriptionError(f"{path}: got {values.size} numbers, expected {n}; it is damaged")
    return values.reshape(n_rows, *shape).astype(dtype, copy=False)


def _text(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, sort_keys=True).encode() + b"\n"
