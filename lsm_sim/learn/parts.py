"""The parts that a user gives an estimator, checked before anything runs: encoder, features, liquid."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias, cast

from sklearn.base import BaseEstimator

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Encoder
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.features import Features
from lsm_sim.learn.nested_parameters import changed_liquid

LiquidLike: TypeAlias = Liquid | Callable[..., Liquid]


def checked_encoder(encoder: Any, default: Encoder) -> Encoder:
    """Return the encoder, or the default for None."""
    if encoder is None:
        return default
    _check_part(encoder, "encoder", ("n_channels", "__call__"), "an encoder such as lsm_sim.encode.Rate(), or None")
    return cast(Encoder, encoder)


def checked_features(features: Any, default: Features) -> Features:
    """Return the features, or the default for None."""
    if features is None:
        return default
    _check_part(features, "features", ("of", "run"), "features such as lsm_sim.Counts(bins=5), or None")
    return cast(Features, features)


def _check_part(part: Any, role: str, methods: tuple[str, ...], expected: str) -> None:
    if isinstance(part, type):
        raise DescriptionError(
            f"{role}: got the class {part.__name__}, expected {expected}; write {part.__name__}(...) with brackets"
        )
    if not all(callable(getattr(part, method, None)) for method in methods):
        raise DescriptionError(f"{role}: got {part!r}, expected {expected}")


class HoldsRecords(BaseEstimator):
    """Base of estimators whose ``encoder`` and ``features`` are frozen records, so that `set_params` replaces them.

    ``_default_parts`` has what None stands for.
    """

    _default_parts: Mapping[str, Any] = {}

    def set_params(self, **parameters: Any) -> Any:
        """Set parameters; ``encoder__max_rate`` and ``features__bins`` change those of the encoder and the features.

        Where encoder or features are None, these names change the defaults that None stands for. Names such as
        ``liquid__neurons__exc__tau_m`` change a value of the liquid, or an argument of the function that makes it; see
        `lsm_sim.learn.nested_parameters`.
        """
        nested: dict[str, dict[str, Any]] = {}
        for name in list(parameters):
            part, _, own = name.partition("__")
            if own and (part in self._default_parts or part == "liquid"):
                nested.setdefault(part, {})[own] = parameters.pop(name)
        super().set_params(**parameters)
        for part, own_parameters in nested.items():
            given = getattr(self, part)
            if part == "liquid":
                setattr(self, part, changed_liquid(given, own_parameters))
                continue
            record = self._default_parts[part] if given is None else given
            setattr(self, part, _changed(part, record, own_parameters))
        return self


def _changed(part: str, record: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the record with other parameters; a user's own class needs `set_params` for that."""
    if not hasattr(record, "set_params"):
        raise DescriptionError(
            f"{part}__{next(iter(parameters))}: {type(record).__name__} has no parameters that can be set by name; pass a new "
            f"{part} instead"
        )
    return record.set_params(**parameters)


def build_liquid(liquid: Any, n_inputs: int, source: str) -> Liquid:
    """Return the liquid, or what the function returns for this number of input channels, which ``source`` gives.

    A function whose argument ``n_inputs`` is keyword-only gets it by name, any other function as its only argument.
    """
    made = liquid if isinstance(liquid, Liquid) else _call(liquid, n_inputs)
    if not isinstance(made, Liquid):
        raise DescriptionError(
            f"liquid: got a function that returns {type(made).__name__}, expected one that returns a Liquid"
        )
    if made.n_inputs != n_inputs:
        raise DescriptionError(f"liquid: got {made.n_inputs} input channels, expected {n_inputs}, as {source}")
    return made


def _call(function: Any, n_inputs: int) -> Any:
    if not callable(function) or isinstance(function, type):
        raise DescriptionError(
            f"liquid: got {function!r}, expected a Liquid, or a function that returns one for a number of input channels, such "
            "as lsm_sim_models.speech"
        )
    try:
        argument = inspect.signature(function).parameters.get("n_inputs")
    except (TypeError, ValueError):  # some compiled functions have no signature
        argument = None
    by_name = argument is not None and argument.kind is inspect.Parameter.KEYWORD_ONLY
    return function(n_inputs=n_inputs) if by_name else function(n_inputs)
