"""Reading one HDF5 file of spikes in the layout of the Heidelberg data sets."""

from __future__ import annotations

import contextlib
import gzip
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.datasets.packages import needed
from lsm_sim.errors import DescriptionError, LsmError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import files, hdf5_process
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Ints
from lsm_sim.support.expansion import check_members, unpack
from lsm_sim.support.hdf5_process import Contents

UNITS = 700
LONGEST = 1e4  # s; longer times cannot be in seconds


@dataclass(frozen=True, eq=False)
class SpikeFile:
    """The samples of one file; speakers and class names if it has them."""

    spikes: Spikes
    labels: Ints
    speakers: npt.NDArray[np.str_] | None
    classes: tuple[str, ...] | None


def read_spike_file(path: Path, n_classes: int, dt: float, limit: int | None) -> SpikeFile:
    """Read ``spikes/times``, ``spikes/units``, ``labels`` and, if present, ``extra/speaker`` and ``extra/keys``."""
    needed("h5py", "HDF5 files of spikes")
    files.check_readable(path)
    with _plain(path) as plain:
        return _read(hdf5_process.read(plain, path, limit), path, n_classes, dt)


def _read(file: Contents, path: Path, n_classes: int, dt: float) -> SpikeFile:
    missing = [key for key in ("spikes/times", "spikes/units", "labels") if key in file.missing]
    if missing:
        has = ", ".join(file.names)[:200] or "nothing"
        raise DescriptionError(f"{path}: no {missing[0]} in the file, which contains {has}; expected spikes and labels")
    labels = file.arrays["labels"]
    if labels.ndim != 1 or labels.dtype.kind not in "iu" or labels.size == 0:
        raise DescriptionError(f"{path}: labels: got {labels.dtype} of shape {labels.shape}, expected integers (n,)")
    wrong = np.flatnonzero((labels < 0) | (labels >= n_classes))
    if wrong.size:
        at = wrong[0]
        raise DescriptionError(f"{path}: labels: got {labels[at]} for sample {at}, expected 0..{n_classes - 1}")
    speakers = file.arrays.get("extra/speaker")
    if speakers is not None and speakers.shape != labels.shape:
        raise DescriptionError(f"{path}: extra/speaker: got {len(speakers)} values, expected {len(labels)}")
    return SpikeFile(
        spikes=_spikes(file, len(labels), path, dt),
        labels=labels.astype(np.int64),
        speakers=None if speakers is None else speakers.astype(np.str_),
        classes=_classes(file, path, n_classes),
    )


def _spikes(file: Contents, n: int, path: Path, dt: float) -> Spikes:
    n_times, n_units = (file.lengths[key] for key in ("spikes/times", "spikes/units"))
    if min(n_times, n_units) < n:
        raise DescriptionError(
            f"{path}: spikes: got {n_times} lists of times and {n_units} of units, expected {n}, the number of labels"
        )
    events, lengths = [], np.empty(n, np.int64)
    for b, (times, units) in enumerate(zip(file.ragged["spikes/times"], file.ragged["spikes/units"], strict=True)):
        keys = _sample(times, units, f"{path}: sample {b}", dt)
        lengths[b] = keys[-1] // UNITS + 1 if keys.size else 1
        events.append(keys)
    offsets = np.concatenate([[0], np.cumsum([keys.size for keys in events])])
    step, channel = np.divmod(np.concatenate(events), UNITS)
    return Spikes(step, channel, offsets, lengths, UNITS, dt)


def _sample(times: npt.NDArray[Any], units: npt.NDArray[Any], where: str, dt: float) -> Ints:
    """Return the events of one sample as step * 700 + unit, sorted and unique."""
    if times.shape != units.shape or times.ndim != 1:
        raise DescriptionError(
            f"{where}: got {times.size} times and {units.size} units, expected the same number of both"
        )
    if times.dtype.kind not in "fiu" or units.dtype.kind not in "iu":
        raise DescriptionError(f"{where}: got {times.dtype} times and {units.dtype} units, expected numbers of seconds")
    seconds = times.astype(np.float64)
    bad = ~((seconds >= 0) & (seconds < LONGEST))
    if bad.any():
        raise DescriptionError(f"{where}: got a spike at {seconds[bad][0]:g} s, expected times >= 0 in seconds")
    if units.size and not 0 <= units.min() <= units.max() < UNITS:
        raise DescriptionError(f"{where}: got units {units.min()}..{units.max()}, expected 0..{UNITS - 1}")
    steps = np.floor(seconds / dt + 1e-9).astype(
        np.int64
    )  # 1e-9, so that 0.003 s is step 3 of 0.001 s despite rounding
    return np.unique(steps * UNITS + units)


def _classes(file: Contents, path: Path, n_classes: int) -> tuple[str, ...] | None:
    if "extra/keys" not in file.arrays:
        return None
    names = tuple(str(name) for name in np.ravel(file.arrays["extra/keys"]))
    if len(names) != n_classes:
        raise DescriptionError(f"{path}: extra/keys: got {len(names)} names, expected {n_classes}")
    return names


@contextlib.contextmanager
def _plain(path: Path) -> Iterator[Path]:
    """Yield the path of the HDF5 file; a compressed file is first unpacked into a temporary file."""
    if path.suffix == ".h5":
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="lsm-sim-") as folder:
        plain = Path(folder) / path.with_suffix("").name
        try:
            with _opened(path) as source, plain.open("wb") as destination:
                unpack(source, destination, path)
        except (
            EOFError,
            KeyError,
            NotImplementedError,
            RuntimeError,
            zipfile.BadZipFile,
            zlib.error,
            gzip.BadGzipFile,
        ) as error:
            if isinstance(error, LsmError):
                raise
            raise DescriptionError(
                f"{path}: damaged or not compressed as its name indicates ({brief(error)})"
            ) from None
        except OSError as error:
            raise DescriptionError(
                f"{path}: cannot be unpacked into {folder} ({error.strerror or error}); unpack it yourself"
            ) from None
        yield plain


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[Any]:
    if path.suffix == ".gz":
        with gzip.open(path) as source:
            yield source
    else:
        with zipfile.ZipFile(path) as archive:
            check_members(archive.infolist(), path.stat().st_size, path)
            with archive.open(path.with_suffix("").name) as source:
                yield source
