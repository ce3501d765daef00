"""Trained models in one .npz file without pickle: the description as JSON, the readout through skops.

skops (https://skops.readthedocs.io) stores scikit-learn objects as data and builds only types that it knows to be safe.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.records import RECORDS, record_from_dict, record_to_dict
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import npz

FORMAT = "lsm_sim.model/1"
_OWN = ("lsm_sim.learn.readout.SoftScaler",)  # our own type among scikit-learn's
_SETTINGS = ("dt", "sample_shape", "scale", "backend", "arithmetic")
_CALIBRATION = ("step", "channel", "offsets", "n_steps")
_INPUT = ("n_samples", "n_channels", "n_features")

Model = TypeVar("Model")


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted `LiquidClassifier`, `LiquidRegressor` or `LiquidEnsemble`; an unfinished file is never left behind.

    Raises
    ------
    DescriptionError
        The encoder, the features or the readout is of a type that cannot be written as data; or the members of an ensemble
        have front ends.
    """
    from sklearn.utils.validation import check_is_fitted

    from lsm_sim.learn.ensemble import LiquidEnsemble

    if isinstance(model, LiquidEnsemble):
        check_is_fitted(model, "members_")
        npz.write(path, {"format": FORMAT} | _packed_ensemble(model, str(path)))
    else:
        check_is_fitted(model, "readout_")
        npz.write(path, {"format": FORMAT} | _packed(model, model.transformer_, str(path)))


def _packed_ensemble(model: Any, path: str) -> dict[str, Any]:
    """Return the arrays of an ensemble; those of member k have names that begin with "k/"."""
    arrays: dict[str, Any] = {}
    for k, member in enumerate(model.members_):
        transformer = getattr(member, "transformer_", member)
        if not hasattr(transformer, "program_"):
            raise DescriptionError(
                f"{path}: cannot save an ensemble whose members have front ends, such as member {k}; put one front end before "
                "the ensemble, in a pipeline, and save the ensemble alone"
            )
        arrays |= {f"{k}/{name}": value for name, value in _packed(member, transformer, path).items()}
    description = {"model": "LiquidEnsemble", "combine": model.combine, "members": len(model.members_)}
    arrays["description"] = np.array(json.dumps(description))
    return arrays | ({} if model.combine == "scores" else {"readout": _readout_blob(model.readout_, path)})


def _packed(model: Any, transformer: Any, path: str) -> dict[str, Any]:
    """Return the arrays of a fitted estimator, or of a transformer, which has no readout."""
    description = {
        "model": type(model).__name__,
        "liquid": transformer.liquid_.to_dict(),
        "encoder": record_to_dict(transformer.encoder_, "encoder"),
        "features": record_to_dict(transformer.features_, "features"),
        "settings": {name: getattr(transformer, name) for name in _SETTINGS},
        "input": {name: getattr(transformer.input_, name) for name in _INPUT},
    }
    scale = {name: getattr(transformer.input_, name) for name in ("low", "high")}
    return {
        "description": np.array(json.dumps(description)),
        **({} if model is transformer else {"readout": _readout_blob(model.readout_, path)}),
        **{name: value for name, value in scale.items() if value is not None},
        **_calibration_arrays(transformer.calibration_),
    }


def _readout_blob(readout: Any, path: str) -> Any:
    from skops import io as skops_io

    blob = skops_io.dumps(readout)
    unknown = sorted(set(skops_io.get_untrusted_types(data=blob)) - set(_OWN))
    if unknown:
        raise DescriptionError(f"{path}: cannot save a readout with {', '.join(unknown)}; use a scikit-learn estimator")
    return np.frombuffer(blob, np.uint8)


def load(path: str | os.PathLike[str], kind: type[Model] | None = None) -> Model:
    """Read a trained model; ``kind`` is the class expected, None: whichever it is."""
    arrays = npz.read(path)
    if arrays.get("format") != FORMAT:
        raise DescriptionError(f"{path}: got format {arrays.get('format', 'none')!r}, expected {FORMAT!r}")
    try:
        model: Model = _build(arrays, kind)
        return model
    except DescriptionError as error:
        raise DescriptionError(f"{path}: {error}") from None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DescriptionError(f"{path}: damaged model file ({type(error).__name__}: {error})") from None


def _build(arrays: dict[str, Any], kind: Any) -> Any:
    from lsm_sim.learn.ensemble import LiquidEnsemble
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.learn.transformer import LiquidTransformer

    description = json.loads(arrays["description"])
    classes: dict[str, Any] = {cls.__name__: cls for cls in (LiquidClassifier, LiquidRegressor, LiquidEnsemble)}
    if kind is LiquidTransformer:  # a member of an ensemble
        classes = {"LiquidTransformer": LiquidTransformer}
    if description["model"] not in classes or kind not in (None, classes[description["model"]]):
        expected = " or ".join(classes) if kind is None else kind.__name__
        raise DescriptionError(f"got a model of type {description['model']!r}, expected {expected}")
    if description["model"] == "LiquidEnsemble":
        return _built_ensemble(arrays, description)
    return _built(arrays, description, classes[description["model"]])


def _built_ensemble(arrays: dict[str, Any], description: dict[str, Any]) -> Any:
    from lsm_sim.learn.ensemble import LiquidEnsemble
    from lsm_sim.learn.estimators import LiquidClassifier
    from lsm_sim.learn.transformer import LiquidTransformer

    scores = description["combine"] == "scores"
    fitted = []
    for k in range(description["members"]):
        own = {name.partition("/")[2]: value for name, value in arrays.items() if name.startswith(f"{k}/")}
        fitted.append(_build(own, LiquidClassifier if scores else LiquidTransformer))
    model = LiquidEnsemble(
        [member if scores else LiquidClassifier(**member.get_params(deep=False)) for member in fitted],
        description["combine"],
    )
    model.members_ = fitted
    if scores:
        model.classes_ = fitted[0].classes_
    else:
        model.readout_ = _load_readout(arrays["readout"])
        model.classes_ = model.readout_.classes_
    return model


def _built(arrays: dict[str, Any], description: dict[str, Any], cls: Any) -> Any:
    from lsm_sim.learn.estimator_input import EstimatorInput
    from lsm_sim.learn.transformer import LiquidTransformer

    settings = description["settings"]
    settings["sample_shape"] = None if settings["sample_shape"] is None else tuple(settings["sample_shape"])
    parts = {name: record_from_dict(description[name], RECORDS[name], name) for name in ("encoder", "features")}
    liquid = Liquid.from_dict(description["liquid"])
    transformer = LiquidTransformer(liquid, **parts, **settings)
    low_high: dict[str, Any] = {name: np.asarray(arrays[name]) for name in ("low", "high") if name in arrays}
    transformer.prepare(EstimatorInput(**description["input"], **low_high))
    transformer.calibrate(_calibration(arrays, transformer))
    if cls is LiquidTransformer:
        return transformer
    model = cls(liquid, **parts, **settings)
    model.transformer_, model.readout_ = transformer, _load_readout(arrays["readout"])
    model.n_features_in_ = transformer.input_.n_features
    if hasattr(model.readout_, "classes_"):
        model.classes_ = model.readout_.classes_
    return model


def _calibration_arrays(spikes: Spikes | None) -> dict[str, Any]:
    return {} if spikes is None else {f"calibration_{name}": getattr(spikes, name) for name in _CALIBRATION}


def _calibration(arrays: dict[str, Any], transformer: Any) -> Spikes | None:
    """Return the stimuli that quantisation sees; files of earlier versions have none."""
    if f"calibration_{_CALIBRATION[0]}" not in arrays:
        return None
    fields = {name: np.atleast_1d(arrays[f"calibration_{name}"]) for name in _CALIBRATION}
    return Spikes(**fields, n_channels=transformer.program_.n_inputs, dt=transformer.dt)


def _load_readout(blob: Any) -> Any:
    from skops import io as skops_io

    data = np.asarray(blob, np.uint8).tobytes()
    try:
        return skops_io.loads(data, trusted=list(_OWN))
    except Exception as error:  # skops raises many types for damaged or hostile data
        raise DescriptionError(f"the readout cannot be read ({type(error).__name__}: {error})") from None
