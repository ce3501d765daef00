"""Features on disk, read a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.streams import zarr_array
from lsm_sim.streams.chunk_folder import digest, finished, read_manifest
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike
from lsm_sim.support.memory import check_memory

FORMAT = "lsm_sim.features/1"


class StoredFeatures:
    """Features in a folder that `lsm_sim.streams.transform` wrote; those of an unfinished run are the samples so far.

    ``stored[10:20]`` are the features of these samples, shape (10, features); only the chunks that hold them are read.

    Parameters
    ----------
    path
        The folder.

    Attributes
    ----------
    manifest
        What the features were made from: digests of the network and of the range of X, encoder, features, chunk size.
    complete
        Whether all samples were transformed.
    shape
        (samples, features).
    """

    def __init__(self, path: PathLike) -> None:
        self.manifest = read_manifest(path)
        self.path = Path(path)
        if self.manifest.get("format") != FORMAT:
            raise DescriptionError(f"{path}: got format {self.manifest.get('format')!r}, expected {FORMAT!r}")
        self._records, self.complete = finished(self.path, self.manifest)
        form = self._records[0] if self._records else {}
        self._row = _lengths(form.get("row", [0]), path, 1)
        self._y_row = _lengths(form.get("y_row") or [], path, 0)
        self._y_type: str | None = form.get("y_type")
        if self.manifest.get("dtype") not in zarr_array.TYPES or self._y_type not in (None, *zarr_array.TYPES):
            raise DescriptionError(
                f"{path}: the types of its arrays are unknown; it is damaged, so restore it from a copy"
            )
        self.shape = (sum(int(record["samples"]) for record in self._records), *self._row)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        state = "" if self.complete else ", unfinished"
        return f"StoredFeatures({self.shape[0]} samples, {self.shape[1]} features{state})"

    def __getitem__(self, samples: int | slice) -> npt.NDArray[Any]:
        if not isinstance(samples, slice):
            k = checks.whole(samples, "samples", minimum=-len(self), maximum=len(self) - 1)
            return np.asarray(self[k % len(self) : k % len(self) + 1][0])
        start, stop, step = samples.indices(len(self))
        if step != 1:
            raise DescriptionError(f"samples: got a step of {step}, expected consecutive samples")
        size = self.manifest["chunk"]
        check_memory(8.0 * max(stop - start, 0) * self.shape[1], f"{self.path}")
        out = np.empty((max(stop - start, 0), *self._row), self.manifest["dtype"])
        for k in range(start // size, -(-stop // size) if stop > start else 0):
            first = k * size
            own = self._chunk(k)[max(start - first, 0) : stop - first]
            begin = max(first - start, 0)
            out[begin : begin + len(own)] = own
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return all features."""
        return np.asarray(self[:], dtype)

    def chunks(self) -> Iterator[tuple[npt.NDArray[Any], npt.NDArray[Any] | None]]:
        """Yield features (samples, features) and y of one chunk after the other; y is None if there is none."""
        for k in range(len(self._records)):
            yield self._chunk(k), self._y(k)

    @property
    def y(self) -> npt.NDArray[Any] | None:
        """Labels or values of all samples; None if there are none."""
        if self._y_type is None:
            return None
        parts: list[Any] = [self._y(k) for k in range(len(self._records))]
        return np.concatenate(parts)

    def verify(self) -> None:
        """Raise unless every chunk is as it was written."""
        for k, record in enumerate(self._records):
            y = self._y(k)
            if digest(self._chunk(k), *([] if y is None else [y])) != record["output"]:
                raise DescriptionError(f"{self.path}: chunk {k} is not as it was written; restore it from a copy")

    def _chunk(self, k: int) -> npt.NDArray[Any]:
        n = int(self._records[k]["samples"])
        return zarr_array.read_chunk(self.path / "features", k, n, self._row, self.manifest["dtype"])

    def _y(self, k: int) -> npt.NDArray[Any] | None:
        if self._y_type is None:
            return None
        return zarr_array.read_chunk(self.path / "y", k, int(self._records[k]["samples"]), self._y_row, self._y_type)


def _lengths(row: Any, path: PathLike, fewest: int) -> tuple[int, ...]:
    """Return the shape of a row, of at most one axis."""
    if (
        not isinstance(row, list)
        or not fewest <= len(row) <= 1
        or not all(type(n) is int and 0 <= n < checks.MOST for n in row)
    ):
        raise DescriptionError(f"{path}: the shape of its arrays is damaged; restore it from a copy")
    return tuple(row)
