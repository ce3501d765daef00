"""Printing of results, and checks of output paths."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lsm_sim.errors import DescriptionError


def print_json(value: Any) -> None:
    """Print one JSON object; NumPy values become plain values, numbers that are not finite become null."""
    print(json.dumps(plain(value), indent=2, allow_nan=False))


def plain(value: Any) -> Any:
    """Return ``value`` as types that JSON supports."""
    import numpy as np

    if isinstance(value, dict):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    if isinstance(value, (np.ndarray, np.generic)):
        return plain(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return str(value) if isinstance(value, Path) else value


def print_table(rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> None:
    """Print rows in aligned columns; the columns in ``right`` are right-aligned."""
    widths = [max(len(row[j]) for row in rows) for j in range(len(rows[0]))]
    for row in rows:
        cells = [cell.rjust(w) if j in right else cell.ljust(w) for j, (cell, w) in enumerate(zip(row, widths))]  # noqa: B905
        print("  ".join(cells).rstrip())


def check_target(path: Path | None, suffixes: Sequence[str] = ()) -> None:
    """Raise `DescriptionError`, before any work is done, if a file cannot be written to ``path``."""
    if path is None:
        return
    if path.is_dir():
        raise DescriptionError(f"{path}: is a folder, expected the name of a file to write")
    check_folder(path.parent)
    if suffixes and path.suffix.lower() not in suffixes:
        raise DescriptionError(f"{path}: got the suffix {path.suffix!r}, expected one of {', '.join(suffixes)}")


def check_folder(folder: Path) -> None:
    """Raise `DescriptionError` if no file can be written into an existing folder."""
    if not folder.is_dir():
        raise DescriptionError(f"{folder}: no such folder; create it, or write to another folder")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DescriptionError(f"{folder}: no permission to write there; choose another folder")


def check_new_folder(folder: Path) -> None:
    """Raise `DescriptionError` if a folder, which need not exist yet, cannot be created or written to."""
    existing = next(place for place in (folder, *folder.absolute().parents) if place.exists())
    if not existing.is_dir():
        raise DescriptionError(f"{folder}: {existing} is a file, expected a folder; use another one with --out")
    check_folder(existing)
