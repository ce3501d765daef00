"""Trained models in one .npz file without pickle: the description as JSON, the readout through skops.

skops (https://skops.readthedocs.io) stores scikit-learn objects as data and builds only types that it knows to be safe. Each
model defines what it consists of, see `Saved`.

A file contains the program that the readout was trained on, so that no later version of `lsm_sim.lower` or `lsm_sim.quantise` can
change a trained model. Files of format 1 contain only the description, which is lowered again.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
from collections.abc import Mapping
from typing import Any, Protocol, TypeAlias, TypeVar

import numpy as np

from lsm_sim.errors import DescriptionError, LsmError
from lsm_sim.support import npz
from lsm_sim.support.brief import brief
from lsm_sim.support.expansion import check_archive

FORMAT = "lsm_sim.model/2"
_READABLE = ("lsm_sim.model/1", FORMAT)
_OWN = (
    "lsm_sim.learn.common_scale.CommonScaler",
    "lsm_sim.learn.forecast.ridge.TimeRidge",
    "lsm_sim.learn.readout.Probabilities",
    "lsm_sim.learn.readout.SoftScaler",
    "lsm_sim.learn.online.base.Inputs",
    "lsm_sim.learn.online.incremental_ridge.IncrementalRidge",
    "lsm_sim.learn.online.incremental_ridge.IncrementalRidgeClassifier",
    "lsm_sim.learn.online.incremental_ridge.Moments",
    "lsm_sim.learn.online.incremental_ridge.Solution",
    "lsm_sim.learn.online.lms.LMSClassifier",
    "lsm_sim.learn.online.lms.LMSRegressor",
    "lsm_sim.learn.online.lms.LeastMeanSquares",
    "lsm_sim.learn.online.rls.RLSClassifier",
    "lsm_sim.learn.online.rls.RLSRegressor",
    "lsm_sim.learn.online.rls.RecursiveLeastSquares",
)  # our own types, which skops may build

Parts: TypeAlias = tuple[dict[str, Any], dict[str, Any]]


class Saved(Protocol):
    """A model that can be saved: it consists of a description, as plain data for JSON, and of arrays by name."""

    def to_parts(self) -> Parts:
        """Return the description and the arrays of a fitted model."""
        ...

    @classmethod
    def from_parts(cls, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> Any:
        """Return the fitted model from the result of `to_parts`."""
        ...


Model = TypeVar("Model", bound=Saved)


def save(model: Saved, path: str | os.PathLike[str]) -> None:
    """Write a fitted model; an unfinished file is never left behind.

    Raises
    ------
    DescriptionError
        If the encoder, the features or the readout is of a type that cannot be written as data, or the members of an
        ensemble have front ends.
    """
    try:
        arrays = pack(model)
    except DescriptionError as error:
        raise DescriptionError(f"{path}: {error}") from None
    npz.write(path, {"format": FORMAT} | arrays)


def load(path: str | os.PathLike[str], *classes: type[Model]) -> Model:
    """Read a trained model of one of these classes."""
    arrays = npz.read(path)
    _check_format(arrays.get("format", "none"), path)
    try:
        return unpack(arrays, *classes)
    except DescriptionError as error:
        raise DescriptionError(f"{path}: {error}") from None
    except LsmError:
        raise
    except Exception as error:  # nothing in the file was checked yet, so that any type is possible
        raise DescriptionError(f"{path}: damaged model file ({type(error).__name__}: {brief(error)})") from None


def _check_format(kind: Any, path: str | os.PathLike[str]) -> None:
    if isinstance(kind, str) and kind in _READABLE:
        return
    kind = brief(kind)
    name, _, version = kind.partition("/")
    newer = name == FORMAT.partition("/")[0] and version.isdecimal()
    remedy = "; the file was written by a newer version, so upgrade lsm_sim" if newer else ""
    raise DescriptionError(f"{path}: got format {kind!r}, expected {' or '.join(map(repr, _READABLE))}{remedy}")


def pack(model: Saved) -> dict[str, Any]:
    """Return a model as arrays, one of which is its description with the name of its class."""
    description, arrays = model.to_parts()
    text = json.dumps({"model": type(model).__name__} | description)
    return {"description": np.array(text)} | arrays


def unpack(arrays: Mapping[str, Any], *classes: type[Model]) -> Model:
    """Return the model, of one of these classes, from the arrays of `pack`."""
    description = json.loads(arrays["description"], parse_int=_whole_number)
    known = {cls.__name__: cls for cls in classes}
    if description["model"] not in known:
        raise DescriptionError(f"got a model of type {brief(description['model'])!r}, expected {' or '.join(known)}")
    model: Model = known[description["model"]].from_parts(description, arrays)
    return model


def _whole_number(digits: str) -> int:
    """Return an integer that a float can hold, too; Python's own have no limit."""
    if len(digits) > 308:
        raise DescriptionError(
            f"got a number of {len(digits)} digits, expected at most 308; restore the file from a copy"
        )
    return int(digits)


def pack_readout(readout: Any) -> Any:
    """Return a fitted scikit-learn estimator as an array of bytes; of a `NestedChoice` only what predicts, the chosen one."""
    from skops import io as skops_io

    from lsm_sim.learn.nested import chosen  # scikit-learn takes a second to load

    blob = skops_io.dumps(chosen(readout))
    unknown = sorted(set(skops_io.get_untrusted_types(data=blob)) - set(_OWN))
    if unknown:
        raise DescriptionError(f"cannot save a readout with {', '.join(unknown)}; use a scikit-learn estimator")
    return np.frombuffer(blob, np.uint8)


def unpack_readout(blob: Any) -> Any:
    """Return the estimator from the bytes of `pack_readout`."""
    from skops import io as skops_io

    try:
        data = np.asarray(blob, np.uint8).tobytes()
        check_archive(data, "readout")
        return skops_io.loads(_with_current_names(data), trusted=list(_OWN))
    except DescriptionError:
        raise
    except Exception as error:  # skops raises many types for damaged or hostile data
        raise DescriptionError(f"the readout cannot be read ({type(error).__name__}: {brief(error)})") from None


def _with_current_names(blob: bytes) -> bytes:
    """Return skops' archive with the module of `SoftScaler` in files of format 1 replaced by the current one."""
    with zipfile.ZipFile(io.BytesIO(blob)) as archive:
        schema = archive.read("schema.json")
        if b'"lsm_sim.readout"' not in schema:
            return blob
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as renamed:
            for name in archive.namelist():
                content = archive.read(name)
                if name == "schema.json":
                    content = schema.replace(b'"lsm_sim.readout"', b'"lsm_sim.learn.readout"')
                renamed.writestr(name, content)
    return out.getvalue()
