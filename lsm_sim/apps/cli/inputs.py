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
    """Return X, shape (samples, features) or (samples, frames, channels), and y, or None if the file has no y."""
    import numpy as np

    from lsm_sim.support import checks, npz

    arrays = npz.read(path)
    missing = [name for name in ("X", "y") if name not in arrays and (name == "X" or need_y)]
    if missing:
        got = ", ".join(arrays) or "nothing"
        raise DescriptionError(
            f"{path}: no {' and '.join(missing)} in the file, which contains {got}; expected X and y"
        )
    X = checks.real_array(arrays["X"], f"{path}: X")
    if X.ndim not in (2, 3) or 0 in X.shape:
        expected = "(samples, features) or (samples, frames, channels), each at least 1"
        raise DescriptionError(f"{path}: X: got shape {X.shape}, expected {expected}")
    if "y" not in arrays:
        return X, None
    y = np.asarray(arrays["y"])
    if y.dtype.kind not in "biufU":
        raise DescriptionError(f"{path}: y: got values of type {y.dtype}, expected numbers or text")
    if y.dtype.kind == "f":
        checks.real_array(y, f"{path}: y")
    if y.shape[:1] != X.shape[:1]:
        raise DescriptionError(f"{path}: y: got shape {y.shape}, expected ({len(X)},), one value per sample of X")
    return X, y


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
