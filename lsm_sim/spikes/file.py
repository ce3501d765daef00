"""The .npz file of `Spikes`: arrays to fields and back."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import npz
from lsm_sim.support.brief import brief

FORMAT, GRADED_FORMAT = "lsm_sim.spikes/1", "lsm_sim.spikes/2"  # the second has payloads
CASE_FORMATS = (
    "lsm_sim.case/1",
    "lsm_sim.case/2",
)  # a program, a stimulus and its results; see `lsm_sim.engine.conformance`

FIELDS = ("step", "channel", "offsets", "n_steps", "n_channels", "dt")


def save(spikes: Any, path: str | os.PathLike[str]) -> None:
    """Write the spikes to an .npz file; an unfinished file is never left behind."""
    npz.write(path, to_arrays(spikes))


@contextmanager
def naming(path: object) -> Iterator[None]:
    """Name the file in what is wrong with its arrays."""
    try:
        yield
    except KeyError as error:
        raise DescriptionError(f"{path}: no {error} in the file; it is damaged") from None
    except (DescriptionError, ValueError, TypeError, OverflowError) as error:
        raise DescriptionError(f"{path}: {error}") from None


def to_arrays(spikes: Any) -> dict[str, Any]:
    """Return everything that the file holds."""
    groups = {
        "group_name": np.array(list(spikes.groups), dtype=np.str_),
        "group_start": np.array([members.start for members in spikes.groups.values()], dtype=np.int64),
        "group_stop": np.array([members.stop for members in spikes.groups.values()], dtype=np.int64),
    }
    payload = {} if spikes.payload is None else {"payload": spikes.payload}
    kind = GRADED_FORMAT if payload else FORMAT
    return {"format": kind} | {name: getattr(spikes, name) for name in FIELDS} | payload | groups


def check_format(arrays: Mapping[str, Any], path: object) -> str:
    """Return the format of a file; raise if it is neither that of spikes nor that of a case."""
    kind = brief(arrays.get("format", ""))
    if kind in (FORMAT, GRADED_FORMAT, *CASE_FORMATS):
        return kind
    name, _, number = kind.partition("/")
    newer = name in ("lsm_sim.spikes", "lsm_sim.case") and number.isdecimal()
    hint = "; the file was written by a newer version, so upgrade lsm_sim" if newer else ""
    expected = " or ".join(map(repr, (FORMAT, GRADED_FORMAT, *CASE_FORMATS)))
    raise DescriptionError(f"{path}: got format {kind or 'none'!r}, expected {expected}{hint}")


def fields(arrays: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of the spikes in the arrays of a file."""
    ends = zip(arrays["group_name"], arrays["group_start"], arrays["group_stop"], strict=True)
    groups = {str(name): range(int(start), int(stop)) for name, start, stop in ends}
    names = FIELDS if brief(arrays["format"]) == FORMAT else (*FIELDS, "payload")
    return {name: arrays[name] for name in names} | {"groups": groups}


def stimulus(case: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments of `Spikes.from_events` for the stimulus in the arrays of a case file."""
    return {
        "step": case["stimulus_step"],
        "channel": case["stimulus_channel"],
        "n_steps": case["n_steps"],
        "n_channels": case["n_inputs"],
        "dt": case["dt"],
        "payload": case.get("stimulus_payload"),
    }
