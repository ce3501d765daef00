"""The Free Spoken Digit Dataset: short recordings of English digits."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from lsm_sim.audio import read_wav
from lsm_sim.datasets.download import Remote, unpacked
from lsm_sim.datasets.folders import folder_with
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.errors import DescriptionError
from lsm_sim.support.files import PathLike

SOURCE = Source(
    origin="https://github.com/Jakobovski/free-spoken-digit-dataset",
    licence="CC BY-SA 4.0",
    citation="Z. Jackson et al.: Jakobovski/free-spoken-digit-dataset. Zenodo (2018). doi:10.5281/zenodo.1342401",
)
ARCHIVE = Remote(
    dataset="fsdd",
    file="free-spoken-digit-dataset-1.0.10.zip",
    url="https://github.com/Jakobovski/free-spoken-digit-dataset/archive/refs/tags/v1.0.10.zip",
    checksum="sha256:c680098f5d2355ba7cc4bd8b0ca9e0a24c00ebe3b4c552208889a4d28d4fbc2b",
)
NAME = re.compile(r"([0-9])_([^_]+)_([0-9]+)\.wav")
TEST = 5  # recordings 0-4 of each speaker and digit


def fsdd(folder: PathLike | None = None) -> Dataset:
    """Return the spoken digits: X is a list of `lsm_sim.audio.Recording`, ``groups`` the speakers.

    Published split (README of the data set): recordings 0-4 of each speaker and digit are the test set. Samples are sorted
    by speaker, digit and number. Silent recordings are included.

    Parameters
    ----------
    folder
        The repository, its folder ``recordings``, or any folder with files named ``digit_speaker_number.wav``, of any
        speakers. None downloads version 1.0.10 (16 MB) into the cache, 3000 recordings of six speakers.
    """
    if folder is None:
        folder = unpacked(ARCHIVE, lambda member: NAME.fullmatch(member) is not None)
    paths = _recordings(folder_with("fsdd", folder, ("*.wav", "recordings/*.wav", "*/recordings/*.wav")))
    sounds, rates = [], dict[int, Path]()
    for path in paths.values():
        sounds.append(read_wav(path))
        rates.setdefault(sounds[-1].sample_rate, path)
    if len(rates) > 1:
        (one, first), (two, second), *_ = rates.items()
        raise DescriptionError(f"{second}: got {two} samples per second, but {first} has {one}; resample one of them")
    digit, speaker, number = zip(*((int(d), who, int(k)) for who, d, k in paths), strict=True)
    return Dataset(
        "fsdd",
        sounds,
        np.array(digit),
        tuple("0123456789"),
        SOURCE,
        groups=np.array(speaker),
        split=np.array(number) < TEST,
        sample_rate=float(next(iter(rates))),
    )


def _recordings(folder: Path) -> dict[tuple[str, int, int], Path]:
    """Return the files by speaker, digit and number, sorted by them."""
    found: dict[tuple[str, int, int], Path] = {}
    for path in folder.glob("*.wav"):
        if path.name.startswith("."):  # metadata files that macOS writes
            continue
        parts = NAME.fullmatch(path.name)
        if parts is None:
            raise DescriptionError(
                f"{path}: the name does not contain digit, speaker and number; expected a name such as 7_jackson_32.wav"
            )
        key = (parts[2], int(parts[1]), int(parts[3]))
        if key in found:
            raise DescriptionError(f"{path}: is the same recording as {found[key].name}; remove one of them")
        found[key] = path
    return dict(sorted(found.items()))
