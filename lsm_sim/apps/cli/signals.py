"""Signals that commands read: sounds, tables and arrays, each a list of arrays of shape (frames, channels)."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks, npy
from lsm_sim.support.checks import Floats

TABLES = (".csv", ".npy")


def read_table(path: Path) -> list[Floats]:
    """Return the signals of a .csv file (one) or an .npy file (one, or one for each sample)."""
    array = _read_csv(path) if path.suffix.lower() == ".csv" else checks.real_array(npy.read(path), str(path))
    if array.ndim not in (2, 3) or 0 in array.shape:
        expected = "(frames, channels) or (samples, frames, channels), each at least 1"
        raise DescriptionError(f"{path}: got shape {array.shape}, expected {expected}")
    return [array] if array.ndim == 2 else list(array)


def _read_csv(path: Path) -> Floats:
    """Return the numbers of a .csv file: a row for each frame, a column for each channel; the first line may have names."""
    rows = read_rows(path)
    if rows and not any(map(_is_number, rows[0])):
        rows = rows[1:]
    for n, row in enumerate(rows):
        if len(row) != len(rows[0]):
            raise DescriptionError(f"{path}: row {n} has {len(row)} values, expected {len(rows[0])} as in the first")
        wrong = [cell for cell in row if not _is_number(cell)]
        if wrong:
            raise DescriptionError(f"{path}: row {n}: got {wrong[0][:40]!r}, expected a number")
    return checks.real_array([[float(cell) for cell in row] for row in rows], str(path))


def read_rows(path: Path) -> list[list[str]]:
    """Return the cells of a .csv file without empty lines."""
    if not path.exists():
        raise DescriptionError(f"{path}: no such file")
    if not path.is_file():
        raise DescriptionError(f"{path}: cannot be read, expected a .csv file, not a folder or device")
    try:
        with path.open(newline="", encoding="utf-8-sig") as stream:
            return [[cell.strip() for cell in row] for row in csv.reader(stream) if any(row)]
    except OSError as error:
        raise DescriptionError(f"{path}: cannot be read ({error.strerror or error})") from None
    except (UnicodeDecodeError, csv.Error) as error:
        raise DescriptionError(f"{path}: damaged or not a .csv file ({error})") from None


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True


def read_sound(path: Path, front_end: str, bands: int, hop: float) -> list[Floats]:
    """Return the spectrogram of a .wav file, one frame every ``hop`` seconds, with values in [0, 1]."""
    from lsm_sim.audio import Cochleagram, MelSpectrogram, read_wav

    kind: Any = {"mel": MelSpectrogram, "cochlea": Cochleagram}[front_end]
    sounds: list[Floats] = kind(n_bands=bands, hop=hop).fit_transform([read_wav(path)])
    return sounds


def scaled(signals: list[Floats], scale: str) -> list[Floats]:
    """Return signals whose range over all samples, per channel ("channel") or of all ("global"), is mapped to [0, 1]."""
    if scale == "none":
        return signals
    axis = 0 if scale == "channel" else None
    low = np.min([signal.min(axis) for signal in signals], axis=0)
    extent: Any = np.max([signal.max(axis) for signal in signals], axis=0) - low
    extent = np.where(extent > 0, extent, 1.0)
    return [(signal - low) / extent for signal in signals]
