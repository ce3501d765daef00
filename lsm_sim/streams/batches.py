"""Samples that come batch by batch, in chunks of equal size.

Samples are any of

- an iterable of batches, such as a generator: each is X, or a pair (X, y);
- the name of an HDF5 file with the arrays ``X`` and, if there are labels or values, ``y``;
- the name of a folder of files, read in the order of their names: .npy with one sample (frames, channels) or a batch
  (samples, frames, channels), .npz with ``X`` and, if there are labels or values, ``y``, or with spikes;
- one batch that is in memory.

A batch X has the form that the network expects: an array (samples, frames, channels) or (samples, features), a list of arrays
(frames, channels), or `Spikes`. y are numbers, shape (samples,) or (samples, targets).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.spikes import file as spikes_file
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.streams.chunk_folder import digest
from lsm_sim.support import hdf5_process, npy, npz
from lsm_sim.support.brief import brief
from lsm_sim.support.environment import install
from lsm_sim.support.files import check_readable

HDF5 = (".h5", ".hdf5")
FILES = (".npy", ".npz")


@dataclass(frozen=True, eq=False)
class Chunk:
    """Consecutive samples, and their y if there are any."""

    X: Any
    y: Any

    def __len__(self) -> int:
        return len(self.X)

    @property
    def digest(self) -> str:
        """SHA-256 of the samples and of y."""
        parts = [self.X] if isinstance(self.X, np.ndarray) else self.X
        if isinstance(self.X, Spikes):
            own = self.X
            parts = [own.step, own.channel, own.offsets, own.n_steps, repr((own.n_channels, own.dt))]
            parts += [] if own.payload is None else [own.payload]
        return digest(*parts, *([] if self.y is None else [self.y]))


def chunks(samples: Any, size: int) -> Iterator[Chunk]:
    """Return the samples in chunks of ``size``, whatever batches they come in; the last chunk may be smaller."""
    held: list[Chunk] = []
    n = 0
    for batch in _batches(samples, size):
        held.append(batch)
        n += len(batch)
        while n >= size:
            whole = _joined(held)
            yield _part(whole, 0, size)
            n -= size
            held = [_part(whole, size, len(whole))] if n else []
    if held:
        yield _joined(held)


def _batches(samples: Any, size: int) -> Iterator[Chunk]:
    if isinstance(samples, (str, Path)):
        yield from _of_path(Path(samples), size)
        return
    in_memory = isinstance(samples, (list, tuple, np.ndarray, Spikes))
    if not in_memory and (isinstance(samples, (dict, set, bytes, type)) or not isinstance(samples, Iterable)):
        raise DescriptionError(
            f"samples: got {brief(repr(samples))}, expected batches of samples, or the name of an HDF5 file or of a folder"
        )
    for k, batch in enumerate([samples] if in_memory else samples):
        yield checked(batch, "samples" if in_memory else f"batch {k}")


def checked(batch: Any, where: str) -> Chunk:
    """Return a batch, X or (X, y), after checking its form."""
    X, y = batch if isinstance(batch, tuple) and len(batch) == 2 else (batch, None)
    if isinstance(X, Spikes):
        own: Any = X
    elif isinstance(X, (list, tuple)):
        own = [_numbers(sample, f"{where}: X") for sample in X]
        if any(sample.ndim != 2 for sample in own):
            raise DescriptionError(f"{where}: X: got a list of something else, expected arrays (frames, channels)")
    else:
        own = _numbers(X, f"{where}: X")
        if own.ndim not in (2, 3):
            raise DescriptionError(f"{where}: X: got shape {own.shape}, expected (samples, frames, channels) or 2 axes")
    if not len(own):
        raise DescriptionError(f"{where}: X: got no samples, expected at least one")
    if y is None:
        return Chunk(own, None)
    targets = _numbers(y, f"{where}: y")
    if targets.ndim not in (1, 2) or len(targets) != len(own):
        raise DescriptionError(
            f"{where}: y: got shape {targets.shape}, expected one value for each of {len(own)} samples"
        )
    return Chunk(own, targets.astype(np.int64 if targets.dtype.kind in "biu" else np.float64))


def _numbers(value: Any, where: str) -> Any:
    try:
        array = np.asarray(value)
    except (TypeError, ValueError):
        raise DescriptionError(f"{where}: got {brief(repr(value))}, expected numbers") from None
    if array.dtype.kind not in "biuf":
        raise DescriptionError(f"{where}: got values of type {array.dtype}, expected real numbers")
    return array


def _part(chunk: Chunk, start: int, stop: int) -> Chunk:
    return Chunk(chunk.X[start:stop], None if chunk.y is None else chunk.y[start:stop])


def _joined(parts: list[Chunk]) -> Chunk:
    if len(parts) == 1:
        return parts[0]
    with_y = [part for part in parts if part.y is not None]
    if len(with_y) not in (0, len(parts)) or len({(part.y.dtype, part.y.shape[1:]) for part in with_y}) > 1:
        raise DescriptionError("samples: got batches with y of different forms, expected the same form in all, or no y")
    y = np.concatenate([part.y for part in parts]) if with_y else None
    first = parts[0].X
    if any(isinstance(part.X, Spikes) for part in parts):
        return Chunk(Spikes.concatenate([part.X for part in parts]), y)
    alike = all(isinstance(part.X, np.ndarray) and part.X.shape[1:] == first.shape[1:] for part in parts)
    if alike:
        return Chunk(np.concatenate([part.X for part in parts]), y)
    return Chunk([sample for part in parts for sample in part.X], y)


def _of_path(path: Path, size: int) -> Iterator[Chunk]:
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except (OSError, ValueError):
        is_folder = is_file = False
    if is_folder:
        yield from _of_folder(path)
    elif is_file and path.suffix.lower() in HDF5:
        yield from _of_hdf5(path, size)
    elif is_file and path.suffix.lower() in FILES:
        yield _of_file(path)
    else:
        what = f"got the suffix {path.suffix!r}" if path.exists() else "no such file or folder"
        raise DescriptionError(f"{path}: {what}, expected an HDF5 file (.h5, .hdf5), a folder, .npy or .npz")


def _of_folder(folder: Path) -> Iterator[Chunk]:
    paths = sorted(path for path in folder.iterdir() if not path.name.startswith("."))
    if not paths:
        raise DescriptionError(f"{folder}: is empty, expected .npy or .npz files")
    for path in paths:
        if path.suffix.lower() not in FILES:
            raise DescriptionError(
                f"{path}: got the suffix {path.suffix!r}, expected only .npy and .npz files in the folder"
            )
        yield _of_file(path)


def _of_file(path: Path) -> Chunk:
    check_readable(path)
    if path.suffix.lower() == ".npy":
        array = npy.read(path)
        return checked(array[None] if array.ndim == 2 else array, str(path))
    arrays = npz.read(path)
    if brief(arrays.get("format", "")) in (spikes_file.FORMAT, spikes_file.GRADED_FORMAT):
        return Chunk(Spikes.load(path), None)
    if "X" not in arrays:
        raise DescriptionError(f"{path}: got {', '.join(arrays) or 'nothing'}, expected X, X and y, or spikes")
    return checked((arrays["X"], arrays["y"]) if "y" in arrays else arrays["X"], str(path))


def _of_hdf5(path: Path, size: int) -> Iterator[Chunk]:
    """Read the file in a process of its own, because a damaged file can make the HDF5 library crash or loop for ever."""
    try:
        import h5py  # noqa: F401
    except ImportError as error:
        raise BackendUnavailableError(f"{path}: needs h5py ({error}); install it with: {install('data')}") from None
    check_readable(path)
    for X, *y in hdf5_process.read_rows(path, size):
        yield checked((X, y[0]) if y else X, str(path))
