"""Japanese Vowels: /ae/ spoken by nine speakers, as series of cepstral coefficients."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from lsm_sim.datasets.download import Remote, unpacked
from lsm_sim.datasets.folders import folder_with
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import PathLike, check_readable

SOURCE = Source(
    origin="https://archive.ics.uci.edu/dataset/128/japanese+vowels",
    licence="CC BY 4.0; the donors ask for their permission before commercial use",
    citation="M. Kudo, J. Toyama, M. Shimbo: Multidimensional curve classification using passing-through regions. "
    "Pattern Recognition Letters 20, 1103-1111 (1999)",
)
ARCHIVE = Remote(
    dataset="japanese_vowels",
    file="japanese+vowels.zip",
    url="https://archive.ics.uci.edu/static/public/128/japanese+vowels.zip",
    checksum=None,  # UCI publishes none; the checksum CONTENTS of the numbers is verified instead
)
CONTENTS = "f8345152180675f686c774b844c2da964336d451e3a34ec634ddc724517fcd26"
COEFFICIENTS = 12
SIZES = {"train": (30,) * 9, "test": (31, 35, 88, 44, 29, 24, 40, 50, 29)}  # utterances of each speaker
FRAME = 0.0064  # s, from the description of the data set


def japanese_vowels(folder: PathLike | None = None) -> Dataset:
    """Return the utterances: X is a list of series (T_i, 12) of LPC cepstra, y the speaker.

    The published split has 270 utterances for training and 370 for testing, of 7 to 29 frames each.

    Parameters
    ----------
    folder
        A folder with the text files ``ae.train`` and ``ae.test``, and also ``size_ae.train`` and ``size_ae.test`` if the
        numbers of utterances per speaker are not the published ones. None downloads them into the cache.
    """
    if folder is None:
        folder = unpacked(ARCHIVE, {"ae.train", "ae.test", "size_ae.train", "size_ae.test"}.__contains__, _check)
    folder = folder_with("japanese_vowels", folder, ("ae.train", "*/ae.train"))
    train, test = _utterances(folder, "train"), _utterances(folder, "test")
    sizes = [_sizes(folder, part) for part in ("train", "test")]
    if len(sizes[0]) != len(sizes[1]):
        raise DescriptionError(
            f"{folder / 'size_ae.test'}: got {len(sizes[1])} speakers, expected {len(sizes[0])} as in size_ae.train"
        )
    for part, found, expected in zip(("train", "test"), (train, test), sizes, strict=True):
        if len(found) != sum(expected):
            raise DescriptionError(
                f"{folder / f'ae.{part}'}: got {len(found)} utterances, expected {sum(expected)} "
                f"({', '.join(map(str, expected))}); it is truncated, or size_ae.{part} is missing or does not match it"
            )
    speakers = range(len(sizes[0]))
    return Dataset(
        "japanese_vowels",
        [*train, *test],
        np.concatenate([np.repeat(speakers, expected) for expected in sizes]),
        tuple(str(k + 1) for k in speakers),
        SOURCE,
        split=np.arange(len(train) + len(test)) >= len(train),
        frame=FRAME,
    )


def _utterances(folder: Path, part: str) -> list[Floats]:
    """Return the blocks of a file; a blank line or a line of ones ends a block."""
    path = folder / f"ae.{part}"
    blocks: list[Floats] = []
    rows: list[list[float]] = []
    for number, line in enumerate([*_text(path).splitlines(), ""], start=1):
        row = _numbers(line, f"{path}, line {number}")
        if row and row != [1.0] * COEFFICIENTS:
            rows.append(row)
        elif rows:
            blocks.append(np.array(rows))
            rows = []
    return blocks


def _numbers(line: str, where: str) -> list[float]:
    try:
        row = [float(word) for word in line.split()]
    except ValueError:
        raise DescriptionError(f"{where}: got {line[:40]!r}, expected {COEFFICIENTS} numbers or nothing") from None
    if len(row) not in (0, COEFFICIENTS):
        raise DescriptionError(f"{where}: got {len(row)} numbers, expected {COEFFICIENTS} LPC coefficients")
    if not all(map(math.isfinite, row)):
        bad = next(value for value in row if not math.isfinite(value))
        raise DescriptionError(f"{where}: got {bad}, expected finite numbers; remove the utterance")
    return row


def _sizes(folder: Path, part: str) -> Sequence[int]:
    path = folder / f"size_ae.{part}"
    if not path.exists():
        return SIZES[part]
    words = _text(path).split()
    if not words or not all(word.isdigit() and len(word) < 10 and int(word) > 0 for word in words):
        raise DescriptionError(f"{path}: got {' '.join(words)[:40]!r}, expected the number of utterances per speaker")
    return [int(word) for word in words]


def _text(path: Path) -> str:
    check_readable(path)
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        raise DescriptionError(f"{path}: no such file; expected ae.train and ae.test in one folder") from None
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror})") from None


def contents(utterances: Sequence[Floats]) -> str:
    """Return the SHA-256 of the numbers: lengths as int64, then frames as float64, little-endian."""
    lengths: Ints = np.array([len(block) for block in utterances])
    digest = hashlib.sha256(lengths.astype("<i8").tobytes())
    for block in utterances:
        digest.update(block.astype("<f8").tobytes())
    return digest.hexdigest()


def _check(folder: Path) -> None:
    if contents([*_utterances(folder, "train"), *_utterances(folder, "test")]) != CONTENTS:
        raise DescriptionError(
            f"japanese_vowels: {ARCHIVE.path} does not contain the published numbers; delete it and try again, or put "
            f"ae.train and ae.test into a folder and pass that folder"
        )
