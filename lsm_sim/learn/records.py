"""Records as plain data: ``Rate(max_rate=200)`` is ``{"Rate": {"max_rate": 200, ...}}``."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.encode import BSA, Bits, Delta, Graded, Latency, Passthrough, Poisson, Population, Rate, SideBySide
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.features import Counts, Traces

RECORDS: Mapping[str, tuple[type, ...]] = {
    "encoder": (Bits, BSA, Delta, Graded, Latency, Passthrough, Poisson, Population, Rate, SideBySide),
    "features": (Counts, Traces),
}


def record_to_dict(record: Any, role: str) -> dict[str, Any]:
    """Return a record of a known class as a dictionary with its class name as the only key."""
    if type(record) not in RECORDS[role]:
        known = ", ".join(cls.__name__ for cls in RECORDS[role])
        raise DescriptionError(f"{role}: got {type(record).__name__}, expected one that can be saved: {known}")
    if isinstance(record, SideBySide):
        return {"SideBySide": {"encoders": [record_to_dict(part, role) for part in record.encoders]}}
    if isinstance(getattr(record, "seed", None), np.random.Generator):
        raise DescriptionError(f"{role}: seed: got a Generator, which cannot be saved; use a whole number")
    return {type(record).__name__: dataclasses.asdict(record)}


def record_from_dict(data: Any, classes: tuple[type, ...], where: str) -> Any:
    """Return the record that `record_to_dict` described."""
    known = {cls.__name__: cls for cls in classes}
    if not isinstance(data, Mapping) or len(data) != 1 or next(iter(data)) not in known:
        raise DescriptionError(f"{where}: got {data!r}, expected one of {', '.join(known)}")
    name, fields = next(iter(data.items()))
    if not isinstance(fields, Mapping):
        raise DescriptionError(f"{where} {name}: got {fields!r}, expected its parameters")
    allowed = {field.name for field in dataclasses.fields(known[name])}
    if not set(fields) <= allowed:
        raise DescriptionError(
            f"{where} {name}: no parameter {min(set(fields) - allowed)!r}; known: {', '.join(sorted(allowed))}"
        )
    if known[name] is SideBySide and isinstance(fields.get("encoders"), list):
        return SideBySide(tuple(record_from_dict(part, classes, f"{where} SideBySide") for part in fields["encoders"]))
    if known[name] is Traces:
        fields = {"resolution": None} | dict(fields)  # models saved before there was a resolution were trained without
    return known[name](**{key: tuple(value) if isinstance(value, list) else value for key, value in fields.items()})
