"""What a model file contains of a `LiquidForecaster`, see `lsm_sim.learn.model_file`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import DescriptionError
from lsm_sim.learn import model_file
from lsm_sim.learn.forecast.series import Scaler, checked_series
from lsm_sim.learn.model_checks import check_readout
from lsm_sim.learn.pinned import pinned, pinned_program
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict
from lsm_sim.support import checks
from lsm_sim.support.brief import brief

_SETTINGS = ("taus", "resolution", "counts", "horizon", "washout", "margin", "dt", "backend", "arithmetic")
_LATER = {"with_encoder": False}  # what files of earlier versions, which do not have it, mean
_FITTED = ("one_target", "own_targets")


def to_parts(model: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the description and the arrays of a fitted forecaster."""
    integers = {"integers": model._program()} if model.arithmetic == "loihi" else {}
    digests, programs = pinned({"program": model.program_} | integers)
    settings = {name: getattr(model, name) for name in (*_SETTINGS, *_LATER)}
    description: dict[str, Any] = {
        "liquid": model.liquid_.to_dict(),
        "encoder": record_to_dict(model.encoder_, "encoder"),
        "settings": settings | {"taus": list(model.taus_)},
        "fitted": {name: getattr(model, f"{name}_") for name in _FITTED},
    }
    arrays = {
        "low": model.scaler_.low,
        "high": model.scaler_.high,
        "calibration": model.calibration_,
        "readout": model_file.pack_readout(model.readout_),
    }
    return description | digests, arrays | programs


def parameters(description: Mapping[str, Any]) -> tuple[Liquid, Any, dict[str, Any]]:
    """Return the saved liquid, encoder and other parameters."""
    settings = description["settings"]
    if not isinstance(settings, Mapping) or set(settings) - set(_LATER) != set(_SETTINGS):
        raise DescriptionError(f"settings: got {brief(settings)}, expected {', '.join(_SETTINGS)}")
    settings = _LATER | dict(settings)
    if not isinstance(settings["backend"], str):
        raise DescriptionError(f"backend: got {brief(settings['backend'])}, expected a name")
    checked = {
        "taus": tuple(checks.real_array(settings["taus"], "taus").tolist()),
        "counts": checks.flag(settings["counts"], "counts"),
        "with_encoder": checks.flag(settings["with_encoder"], "with_encoder"),
        "horizon": checks.whole(settings["horizon"], "horizon", 0, checks.MOST),
        "washout": checks.whole(settings["washout"], "washout", 0, checks.MOST),
        "margin": checks.probability(settings["margin"], "margin"),
        "dt": checks.positive(settings["dt"], "dt", "time"),
        "arithmetic": checks.choice(settings["arithmetic"], "arithmetic", ARITHMETICS),
    }
    encoder = record_from_dict(description["encoder"], RECORDS["encoder"], "encoder")
    return Liquid.from_dict(description["liquid"]), encoder, {**settings, **checked}


def restore(model: Any, description: Mapping[str, Any], arrays: Mapping[str, Any]) -> None:
    """Give a forecaster that has its parameters what it learnt in `fit`."""
    calibration = checked_series(arrays["calibration"], "calibration")
    low, high = (checks.real_array(arrays[name], name) for name in ("low", "high"))
    for name, end in (("low", low), ("high", high)):
        if end.shape != calibration.shape[1:]:
            raise DescriptionError(f"{name}: got shape {end.shape}, expected {calibration.shape[1:]}")
    model._built(Scaler(low, high), calibration, pinned_program("program", description, arrays))
    model.integers_ = pinned_program("integers", description, arrays)
    for name in _FITTED:
        setattr(model, f"{name}_", checks.flag(description["fitted"][name], name))
    model.readout_ = model_file.unpack_readout(arrays["readout"])
    n_sources = model.program_.n_neurons + (model.liquid_.n_inputs if model.with_encoder else 0)
    check_readout(model.readout_, n_sources * (len(model.taus) + model.counts), n_sources)
