"""The Heidelberg spiking data sets: spoken digits (SHD) and commands (SSC), as spikes from a cochlea model."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lsm_sim.datasets.download import Remote, unpacked
from lsm_sim.datasets.folders import checked_folder
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.spike_hdf5 import UNITS, SpikeFile, read_spike_file
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike

SOURCE = Source(
    origin="https://zenkelab.org/resources/spiking-heidelberg-datasets-shd",
    licence="CC BY 4.0",
    citation="B. Cramer, Y. Stradmann, J. Schemmel, F. Zenke: The Heidelberg spiking data sets for the systematic "
    "evaluation of spiking neural networks. IEEE Transactions on Neural Networks and Learning Systems 33, 2744-2757 (2022)",
)
CHECKSUMS = {  # of the .h5.zip files, as verified by tonic and SpikingJelly
    "shd_train": "md5:f3252aeb598ac776c1b526422d90eecb",
    "shd_test": "md5:1503a5064faa34311c398fb0a1ed0a6f",
    "ssc_train": "md5:d102be95e7144fcc0553d1f45ba94170",
    "ssc_valid": "md5:b4eee3516a4a90dd0c71a6ac23a8ae43",
    "ssc_test": "md5:a35ff1e9cffdd02a20eb850c17c37748",
}
ADDRESS = "https://zenkelab.org/datasets"
SUFFIXES = (".h5", ".h5.gz", ".h5.zip")


def shd(
    folder: PathLike | None = None,
    *,
    parts: Sequence[str] = ("train", "test"),
    dt: float = 0.001,
    limit: int | None = None,
) -> Dataset:
    """Return the Spiking Heidelberg Digits: X is `Spikes` of 700 channels, 20 classes (0-9 in English and German).

    The published test set is the file ``shd_test``; two of the twelve speakers occur only there. Times are rounded
    down to steps of ``dt``; of several spikes of a channel in one step only one is kept. A sample ends with its last
    spike. Needs the extra ``data``: ``pip install '.[data]'`` from a checkout, ``pip install 'lsm-sim[data]'`` once
    published.

    Parameters
    ----------
    folder
        A folder with ``shd_train`` and ``shd_test`` as .h5, .h5.gz or .h5.zip. None downloads them into the cache.
    parts
        The files to read: ``"train"``, ``"test"`` or both.
    dt
        Duration of a step, in seconds.
    limit
        Read only this many samples from the start of each file. Reading takes about 60 bytes of memory per spike.
    """
    return _read("shd", folder, parts, ("train", "test"), 20, dt, limit)


def ssc(
    folder: PathLike | None = None,
    *,
    parts: Sequence[str] = ("train", "valid", "test"),
    dt: float = 0.001,
    limit: int | None = None,
) -> Dataset:
    """Return the Spiking Speech Commands: X is `Spikes` of 700 channels, 35 classes.

    The published test set is the file ``ssc_test``; the samples of ``ssc_valid`` count as training samples. Everything
    else is as in `shd`, but the data set is ten times larger: use ``parts`` and ``limit``.
    """
    return _read("ssc", folder, parts, ("train", "valid", "test"), 35, dt, limit)


def _read(
    name: str,
    folder: PathLike | None,
    parts: Sequence[str],
    known: Sequence[str],
    n_classes: int,
    dt: float,
    limit: int | None,
) -> Dataset:
    if isinstance(parts, str) or not parts or not set(parts) <= set(known) or len(set(parts)) < len(parts):
        raise DescriptionError(f"{name} parts: got {parts!r}, expected some of {', '.join(known)}")
    dt = checks.positive(dt, f"{name} dt", "time")
    limit = None if limit is None else checks.whole(limit, f"{name} limit", 1)
    paths = {part: _path(name, part, folder) for part in parts}
    files = {part: read_spike_file(path, n_classes, dt, limit) for part, path in paths.items()}
    speakers = [file.speakers for file in files.values() if file.speakers is not None]
    return Dataset(
        name,
        Spikes.concatenate([file.spikes for file in files.values()]),
        np.concatenate([file.labels for file in files.values()]),
        _classes(files, n_classes),
        SOURCE,
        groups=np.concatenate(speakers) if len(speakers) == len(files) else None,
        split=np.concatenate([np.full(len(file.labels), part == "test") for part, file in files.items()]),
    )


def _path(name: str, part: str, folder: PathLike | None) -> Path:
    stem = f"{name}_{part}"
    if folder is None:
        archive = Remote(name, f"{stem}.h5.zip", f"{ADDRESS}/{stem}.h5.zip", CHECKSUMS[stem])
        return unpacked(archive, f"{stem}.h5".__eq__) / f"{stem}.h5"
    top = checked_folder(name, folder)
    for suffix in SUFFIXES:
        if (top / f"{stem}{suffix}").exists():
            return top / f"{stem}{suffix}"
    names = " or ".join(f"{stem}{suffix}" for suffix in SUFFIXES)
    raise DescriptionError(f"{name}: no {names} in the folder {top}; get it from {ADDRESS}")


def _classes(files: dict[str, SpikeFile], n_classes: int) -> tuple[str, ...]:
    named = [file.classes for file in files.values() if file.classes is not None]
    return named[0] if named else tuple(str(k) for k in range(n_classes))


__all__ = ["UNITS", "shd", "ssc"]
