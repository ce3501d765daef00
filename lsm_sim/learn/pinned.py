"""The programs of a model file, each pinned by its digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program


def pinned(programs: Mapping[str, Program]) -> tuple[dict[str, str], dict[str, Any]]:
    """Return the digests of programs by name, and their arrays, whose names begin with that of the program."""
    digests = {name: program.digest for name, program in programs.items()}
    arrays = {
        f"{name}_{key}": _small(value) for name, own in programs.items() for key, value in own.to_arrays().items()
    }
    return digests, arrays


def pinned_program(name: str, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> Program | None:
    """Return a program of a model file after comparing it with its digest; None if the file has none."""
    if name not in description:
        return None
    own = {key.removeprefix(f"{name}_"): value for key, value in arrays.items() if key.startswith(f"{name}_")}
    program = Program.from_arrays(own, name)
    if program.digest != description[name]:
        raise DescriptionError(
            f"{name}: got digest {program.digest[:12]}, expected {str(description[name])[:12]}, that of the program that the "
            "readout was trained on; restore the file from a copy, or train again"
        )
    return program


def _small(value: Any) -> Any:
    """Return an array of integers in the smallest type that holds them."""
    array = np.asarray(value)
    if array.dtype.kind not in "iu" or array.ndim == 0:
        return value
    return array.astype(
        np.result_type(*(np.min_scalar_type(end) for end in (array.min(initial=0), array.max(initial=0))))
    )
