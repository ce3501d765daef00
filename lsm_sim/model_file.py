"""Trained models in one .npz file without pickle: the description as JSON, the readout through skops.

skops (https://skops.readthedocs.io) stores scikit-learn objects as data and builds only types that it knows to be safe.
"""

from __future__ import annotations

import json
import os
from typing import Any, TypeVar

import numpy as np

from lsm_sim import npz
from lsm_sim.description_file import from_dict, to_dict
from lsm_sim.errors import DescriptionError
from lsm_sim.records import RECORDS, record_from_dict, record_to_dict
from lsm_sim.spikes import Spikes

FORMAT = "lsm_sim.model/1"
_SETTINGS = ("dt", "sample_shape", "scale", "backend", "arithmetic")
_CALIBRATION = ("step", "channel", "offsets", "n_steps")
_INPUT = ("n_samples", "n_channels", "n_features")

Model = TypeVar("Model")


def save(model: Any, path: str | os.PathLike[str]) -> None:
    """Write a fitted `LiquidClassifier` or `LiquidRegressor`; an unfinished file is never left behind.

    Raises
    ------
    DescriptionError
        The encoder, the features or the readout is of a type that cannot be written as data.
    """
    from sklearn.utils.validation import check_is_fitted
    from skops import io as skops_io

    check_is_fitted(model, "readout_")
    transformer, readout = model.transformer_, model.readout_
    blob = skops_io.dumps(readout)
    unknown = skops_io.get_untrusted_types(data=blob)
    if unknown:
        raise DescriptionError(f"{path}: cannot save a readout with {', '.join(unknown)}; use a scikit-learn estimator")
    description = {
        "model": type(model).__name__,
        "liquid": to_dict(transformer.liquid_),
        "encoder": record_to_dict(transformer.encoder_, "encoder"),
        "features": record_to_dict(transformer.features_, "features"),
        "settings": {name: getattr(transformer, name) for name in _SETTINGS},
        "input": {name: getattr(transformer.input_, name) for name in _INPUT},
    }
    scale = {name: getattr(transformer.input_, name) for name in ("low", "high")}
    npz.write(
        path,
        {
            "format": FORMAT,
            "description": np.array(json.dumps(description)),
            "readout": np.frombuffer(blob, np.uint8),
            **{name: value for name, value in scale.items() if value is not None},
            **_calibration_arrays(transformer.calibration_),
        },
    )


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
    from lsm_sim.estimator_input import EstimatorInput
    from lsm_sim.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.transformer import LiquidTransformer

    description = json.loads(arrays["description"])
    classes = {cls.__name__: cls for cls in (LiquidClassifier, LiquidRegressor)}
    if description["model"] not in classes or kind not in (None, classes[description["model"]]):
        expected = " or ".join(classes) if kind is None else kind.__name__
        raise DescriptionError(f"got a model of type {description['model']!r}, expected {expected}")
    settings = description["settings"]
    settings["sample_shape"] = None if settings["sample_shape"] is None else tuple(settings["sample_shape"])
    parts = {name: record_from_dict(description[name], RECORDS[name], name) for name in ("encoder", "features")}
    liquid = from_dict(description["liquid"], "liquid")
    model = classes[description["model"]](liquid, **parts, **settings)
    transformer = LiquidTransformer(liquid, **parts, **settings)
    low_high: dict[str, Any] = {name: np.asarray(arrays[name]) for name in ("low", "high") if name in arrays}
    transformer.prepare(EstimatorInput(**description["input"], **low_high))
    transformer.calibrate(_calibration(arrays, transformer))
    model.transformer_, model.readout_ = transformer, _load_readout(arrays["readout"])
    model.n_features_in_ = transformer.input_.n_features
    if isinstance(model, LiquidClassifier):
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
        return skops_io.loads(data, trusted=[])
    except Exception as error:  # skops raises many types for damaged or hostile data
        raise DescriptionError(f"the readout cannot be read ({type(error).__name__}: {error})") from None
