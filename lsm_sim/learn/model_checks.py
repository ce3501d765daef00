"""Checks of what a model file contains, so that a damaged one is refused when it is loaded and not when it predicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimator_input import SCALES
from lsm_sim.learn.features import Counts, Features, Traces
from lsm_sim.learn.gain import checked_target
from lsm_sim.support import checks
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats

_MOST_FEATURES = 10**7  # where their number depends on the data


def checked_settings(settings: Any) -> dict[str, Any]:
    """Return the saved parameters of an estimator."""
    names = {"dt", "sample_shape", "scale", "backend", "arithmetic"}
    later = {"target_rate": None, "with_encoder": False}  # older files do not have them
    if not isinstance(settings, Mapping) or set(settings) - set(later) != names:
        raise DescriptionError(f"settings: got {brief(settings)}, expected {', '.join(sorted(names))}")
    settings = later | dict(settings)
    for name, known in (("scale", SCALES), ("arithmetic", ARITHMETICS)):
        if settings[name] not in known:
            raise DescriptionError(f"{name}: got {brief(settings[name])}, expected {' or '.join(map(str, known))}")
    if not isinstance(settings["backend"], str):
        raise DescriptionError(f"backend: got {brief(settings['backend'])}, expected a name")
    return {
        **settings,
        "dt": checks.positive(settings["dt"], "dt", "time"),
        "target_rate": checked_target(settings["target_rate"]),
        "with_encoder": checks.flag(settings["with_encoder"], "with_encoder"),
        "sample_shape": _checked_shape(settings["sample_shape"]),
    }


def _checked_shape(shape: Any) -> tuple[int, int] | None:
    if shape is None:
        return None
    if not isinstance(shape, list) or len(shape) != 2:
        raise DescriptionError(f"sample_shape: got {brief(shape)}, expected two numbers")
    frames, channels = (checks.whole(n, "sample_shape", minimum=1, maximum=checks.MOST) for n in shape)
    return frames, channels


def checked_input(form: Any, arrays: Mapping[str, Any], scale: str | None) -> dict[str, Any]:
    """Return the saved form of X: numbers of samples, channels and features, and its range."""
    names = ("n_samples", "n_channels", "n_features")
    if not isinstance(form, Mapping) or set(form) - {"sequences"} != set(names):
        raise DescriptionError(f"input: got {brief(form)}, expected {', '.join(names)}, sequences")
    out: dict[str, Any] = {
        name: checks.whole(form[name], f"input {name}", minimum=1, maximum=checks.MOST) for name in names
    }
    out["sequences"] = checks.flag(form.get("sequences", False), "input sequences")  # older files do not have it
    shape = (out["n_channels"],) if scale == "channel" else ()
    ends = [name for name in ("low", "high") if name in arrays]
    if len(ends) == 1:
        raise DescriptionError(f"{ends[0]}: got it alone, expected low and high")
    return out | {name: _checked_end(arrays[name], name, shape) for name in ends}


def _checked_end(value: Any, name: str, shape: tuple[int, ...]) -> Floats:
    array = checks.real_array(value, name)
    if array.shape != shape:
        raise DescriptionError(f"{name}: got shape {array.shape}, expected {shape}")
    return array


def check_readout(readout: Any, features: int | None, n_neurons: int, *methods: str) -> None:
    """Raise `DescriptionError` unless the readout has these methods, and ``predict`` takes a sample with this many features.

    Without ``features`` their number depends on the data and must be a multiple of the number of neurons.
    """
    missing = [name for name in ("predict", *methods) if not hasattr(readout, name)]
    if missing:
        raise DescriptionError(
            f"readout: got {type(readout).__name__}, which has no {missing[0]}; expected a fitted readout"
        )
    n = getattr(readout, "n_features_in_", None)
    if features is None and isinstance(n, int) and 0 < n <= _MOST_FEATURES and n % n_neurons == 0:
        features = n
    if features is None or n != features:
        raise DescriptionError(
            f"readout: got one of {brief(n)} features, expected {features or f'a multiple of {n_neurons}'}"
        )
    try:
        answer = np.asarray(readout.predict(np.zeros((1, features))))
    except Exception as error:
        raise DescriptionError(f"readout: cannot predict ({type(error).__name__}: {brief(error)})") from None
    if answer.shape[:1] != (1,) or answer.ndim > 2:
        raise DescriptionError(
            f"readout: predicts values of shape {answer.shape} for one sample, expected one for each sample"
        )


def count_features(features: Features, n_neurons: int) -> int | None:
    """Return the number of features of a sample; None if it depends on the data."""
    if isinstance(features, Traces):
        return len(features.times) * n_neurons
    if isinstance(features, Counts):
        per_neuron = features.bins if features.window is None else features.n_windows
        return None if per_neuron is None else per_neuron * n_neurons
    return None
