"""Finding the files of a data set in a folder given by the user."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lsm_sim.errors import DescriptionError
from lsm_sim.support.files import PathLike


def folder_with(dataset: str, folder: PathLike, patterns: Sequence[str]) -> Path:
    """Return the first folder with a file that matches one of ``patterns``, which are relative to ``folder``."""
    top = checked_folder(dataset, folder)
    for pattern in patterns:
        found = sorted(path for path in top.glob(pattern) if not path.name.startswith("."))
        if found:
            return found[0].parent
    raise DescriptionError(f"{dataset}: no {patterns[0]} in the folder {top}; expected {' or '.join(patterns)}")


def checked_folder(dataset: str, folder: PathLike) -> Path:
    """Return ``folder`` as a path if it is a folder."""
    try:
        top = Path(folder)
        is_folder = top.is_dir()
    except (TypeError, ValueError, OSError):
        raise DescriptionError(f"{dataset}: got the folder {folder!r}, expected the path of a folder") from None
    if not is_folder:
        what = "is a file" if top.exists() else "does not exist"
        raise DescriptionError(f"{dataset}: {top} {what}; expected the folder with the data")
    return top
