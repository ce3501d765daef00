"""Features on disk, read a chunk at a time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.streams import zarr_array
from lsm_sim.streams.chunk_folder import digest, read_log, read_manifest
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
        records, _ = read_log(self.path)
        self.complete = bool(records) and "end" in records[-1]
        self._records = records[:-1] if self.complete else records
        form = self._records[0] if self._records else {}
        self._row: tuple[int, ...] = tuple(form.get("row", (0,)))
        self._y_row: tuple[int, ...] = tuple(form.get("y_row") or ())
        self._y_type: str | None = form.get("y_type")
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
        out = np.empty((max(stop - start, 0), *self._row), self.manifest["dtype"])
        for k in range(start // size, -(-stop // size) if stop > start else 0):
            first = k * size
            own = self._chunk(k)[max(start - first, 0) : stop - first]
            begin = max(first - start, 0)
            out[begin : begin + len(own)] = own
        return out

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> npt.NDArray[Any]:
        """Return all features."""
        check_memory(8.0 * self.shape[0] * self.shape[1], f"{self.path}")
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
