"""Files that commands read: networks and data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lsm_sim.errors import DescriptionError, LsmError

if TYPE_CHECKING:
    from lsm_sim.describe.liquid import Liquid
    from lsm_sim.program.program import Program

DESCRIPTIONS = (".toml", ".json")


def load_network(path: Path, seed: int | None) -> Liquid | Program:
    """Return the liquid of a .toml or .json file, with another seed if one is given, or the program of an .npz file."""
    if path.suffix.lower() != ".npz":
        return load_liquid(path, seed)
    if seed is not None:
        raise DescriptionError(
            f"{path}: a program has no seed, because everything is drawn already; omit --seed, or pass a liquid"
        )
    from lsm_sim.program.program import Program

    return Program.load(path)


def load_liquid(path: Path, seed: int | None = None) -> Liquid:
    """Return the liquid of a .toml or .json file, with another seed if one is given."""
    if path.suffix.lower() not in DESCRIPTIONS:
        known = "a liquid as .toml or .json"
        raise DescriptionError(f"{path}: got the suffix {path.suffix!r}, expected {known}")
    from lsm_sim.describe.liquid import Liquid

    liquid = Liquid.load(path)
    return liquid if seed is None else dataclasses.replace(liquid, seed=seed)


def load_data(path: Path, *, need_y: bool) -> tuple[Any, Any]:
    """Return X and y, or None if the file has no y.

    X has shape (samples, features) or (samples, frames, channels), or is a list of arrays (frames, channels).
    """
    if path.suffix.lower() == ".csv":
        return _load_list(path, need_y=need_y)
    import numpy as np

    from lsm_sim.support import checks, npz

    arrays = npz.read(path)
    missing = [name for name in ("X", "y") if name not in arrays and (name == "X" or need_y)]
    if missing:
        got = ", ".join(arrays) or "nothing"
        raise DescriptionError(
            f"{path}: no {' and '.join(missing)} in the file, which contains {got}; expected X and y"
        )
    X: Any = checks.real_array(arrays["X"], f"{path}: X")
    if "n_frames" in arrays:
        X = _split(X, arrays["n_frames"], path)
    elif X.ndim not in (2, 3) or 0 in X.shape:
        expected = "(samples, features) or (samples, frames, channels), each at least 1"
        raise DescriptionError(f"{path}: X: got shape {X.shape}, expected {expected}")
    if "y" not in arrays:
        return X, None
    y = np.asarray(arrays["y"])
    if y.dtype.kind not in "biufU":
        raise DescriptionError(f"{path}: y: got values of type {y.dtype}, expected numbers or text")
    if y.dtype.kind == "f":
        checks.real_array(y, f"{path}: y")
    if y.shape[:1] != (len(X),):
        raise DescriptionError(f"{path}: y: got shape {y.shape}, expected ({len(X)},), one value per sample of X")
    return X, y


def load_groups(path: Path, n_samples: int) -> Any:
    """Return the group of each sample, such as its speaker, or None if the file has none."""
    if path.suffix.lower() == ".csv":
        return None
    import numpy as np

    from lsm_sim.support import npz

    arrays = npz.read(path)
    if "groups" not in arrays:
        return None
    groups = np.asarray(arrays["groups"])
    if groups.dtype.kind not in "biuU" or groups.shape != (n_samples,):
        raise DescriptionError(
            f"{path}: groups: got {groups.dtype} of shape {groups.shape}, expected ({n_samples},), one number or name per sample"
        )
    return groups


def _split(X: Any, n_frames: Any, path: Path) -> list[Any]:
    """Return samples of different lengths, whose frames follow each other in X."""
    import numpy as np

    from lsm_sim.support import checks

    sizes = checks.whole_array(n_frames, f"{path}: n_frames")
    if X.ndim != 2 or sizes.ndim != 1 or not sizes.size or sizes.min() < 1 or sizes.sum() != len(X):
        got = f"X of shape {X.shape} and n_frames of shape {sizes.shape} with the sum {sizes.sum()}"
        expected = "X of shape (frames of all samples, channels) and the number of frames of each sample, at least 1"
        raise DescriptionError(f"{path}: got {got}, expected {expected}")
    return np.split(X, np.cumsum(sizes)[:-1])


def _load_list(path: Path, *, need_y: bool) -> tuple[list[Any], Any]:
    """Return the samples in the .npy and .csv files that a list names, one in each line, and their labels."""
    from lsm_sim.apps.cli import signals

    rows = signals.read_rows(path)
    rows = rows[1:] if rows and rows[0][0].lower() == "file" else rows
    widths = {len(row) for row in rows}
    if not rows or widths - {1, 2} or len(widths) > 1 or (need_y and widths != {2}):
        expected = "lines FILE,LABEL" if need_y else "lines FILE or FILE,LABEL"
        raise DescriptionError(f"{path}: expected {expected}, at least one and all of one kind")
    samples = []
    for name, *_ in rows:
        file = path.parent / name
        if file.suffix.lower() not in signals.TABLES:
            raise DescriptionError(f"{path}: got the file {name!r}, expected .npy or .csv files of signals")
        found = signals.read_table(file)
        if len(found) != 1:
            raise DescriptionError(f"{file}: got {len(found)} samples, expected one signal of shape (frames, channels)")
        samples += found
    if widths == {1}:
        return samples, None
    return samples, _labels([label for _, label in rows])


def _labels(texts: list[str]) -> Any:
    """Return numbers if all labels are numbers, else the texts."""
    import numpy as np

    for kind in (np.int64, np.float64):
        try:
            numbers = np.array(texts).astype(kind)
        except (ValueError, OverflowError):
            continue
        if np.isfinite(numbers).all():  # "nan" is a text
            return numbers
    return np.array(texts)


@contextmanager
def error_context(path: Path) -> Iterator[None]:
    """Name the data file in errors about X and y, and in those of scikit-learn."""
    try:
        yield
    except LsmError as error:
        if str(error).startswith(("X: ", "y: ")):
            raise DescriptionError(f"{path}: {error}") from None
        raise
    except ValueError as error:
        raise DescriptionError(f"{path}: {error}") from None
