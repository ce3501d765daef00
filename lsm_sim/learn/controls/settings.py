"""The settings of a comparison as plain data, so that it can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.wiring import Edges
from lsm_sim.learn.pipelines import front_and_liquid
from lsm_sim.learn.records import RECORDS, record_to_dict
from lsm_sim.learn.transformer import LiquidTransformer


def settings_of(model: Any, transformer: LiquidTransformer, esn: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a model and its fitted transformer; the liquid as in a description file."""
    front, last = front_and_liquid(model)
    return {
        "liquid": _liquid(transformer.liquid_),
        "encoder": _record(transformer.encoder_, "encoder"),
        "features": _record(transformer.features_, "features"),
        "readout": last.readout if isinstance(last.readout, str) else repr(last.readout),
        "front_end": [] if front is None else [repr(step) for _, step in front.steps],
        "dt": transformer.dt,
        "scale": transformer.scale,
        "backend": transformer.backend,
        "arithmetic": transformer.arithmetic,
        "esn": dict(esn),
    }


def _record(record: Any, role: str) -> Any:
    return record_to_dict(record, role) if type(record) in RECORDS[role] else repr(record)


def _liquid(liquid: Liquid) -> Any:
    """Return a liquid as in a description file; if synapses are listed one by one, a summary."""
    listed = any(isinstance(group.rule, Edges) for group in liquid.synapses)
    return repr(liquid) if listed else liquid.to_dict()
