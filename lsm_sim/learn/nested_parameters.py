"""Parameters inside a liquid or a readout, by names of scikit-learn: ``liquid__recurrent_weight``, ``readout__alpha``.

A description has no parameters of its own kind, so the name of a value is its place in the description's file:
``liquid__neurons__exc__tau_m``, ``liquid__synapses__2__weight__Gamma__mean``, ``liquid__seed``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from lsm_sim.describe import plain
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.readout import Task, resolve

_BY_KEYWORD = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def changed_liquid(liquid: Any, parameters: Mapping[str, Any]) -> Any:
    """Return the liquid, or the function that makes one, with other values of these parameters.

    Of a function the parameters are its keyword arguments.
    """
    if isinstance(liquid, Liquid):
        data = liquid.to_dict()
        for name, value in parameters.items():
            _put(data, name, value)
        return Liquid.from_dict(data)
    if not callable(liquid) or isinstance(liquid, type):
        raise DescriptionError(f"liquid__{next(iter(parameters))}: the liquid is {liquid!r}, which has no parameters")
    _check_keywords(liquid, parameters)
    return partial(liquid, **parameters)


def _check_keywords(function: Callable[..., Any], parameters: Mapping[str, Any]) -> None:
    try:
        arguments = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # some compiled functions have no signature
        return
    if any(argument.kind is inspect.Parameter.VAR_KEYWORD for argument in arguments):
        return
    known = [argument.name for argument in arguments if argument.kind in _BY_KEYWORD]
    if known and known[0] != "n_inputs" and "n_inputs" not in known:
        known = known[1:]  # the number of channels, by another name
    known = [name for name in known if name != "n_inputs"]
    for name in parameters:
        if name not in known:
            raise DescriptionError(
                f"liquid__{name}: the function that makes the liquid has no argument {name!r}; known: "
                f"{', '.join(known) or 'none'}"
            )


def _put(data: dict[str, Any], name: str, value: Any) -> None:
    """Store a value at a place in a description, such as ``neurons__exc__tau_m``."""
    *path, last = name.split("__")
    place: Any = data
    for part in path:
        place = _inside(place, part, name)
    key: Any = last
    if isinstance(place, list):
        key = _index(place, last, name)
    elif not isinstance(place, dict):
        raise _missing(name, last, "none")
    place[key] = _plain(value)


def _inside(place: Any, part: str, name: str) -> Any:
    if isinstance(place, list):
        return place[_index(place, part, name)]
    if not isinstance(place, dict) or part not in place:
        raise _missing(name, part, ", ".join(place) if isinstance(place, dict) else "none")
    return place[part]


def _index(items: list[Any], part: str, name: str) -> int:
    """Return the index of the group of this name, or the index that the text is."""
    names = [item.get("name") if isinstance(item, dict) else None for item in items]
    if part in names:
        return names.index(part)
    if part.isdecimal() and int(part) < len(items):
        return int(part)
    known = [own for own in names if own] or [f"0..{len(items) - 1}"]
    raise _missing(name, part, ", ".join(known) if items else "none")


def _missing(name: str, part: str, known: str) -> DescriptionError:
    return DescriptionError(f"liquid__{name}: the liquid has no {part!r} there; known: {known}")


def _plain(value: Any) -> Any:
    """Return a value as in a file: records of rules and distributions as tables."""
    if value is None or isinstance(value, (dict, list)):
        return value
    if isinstance(value, np.generic):
        return value.item()
    return plain.encode(value)


def changed_readout(readout: str, task: Task, parameters: Mapping[str, Any]) -> Any:
    """Return the readout of this name with other values of parameters of its last step, or ``step__name`` of any.

    ``alpha`` is one value in place of those among which ridge regression chooses.
    """
    made = resolve(readout, task)
    last = made.steps[-1][1] if isinstance(made, Pipeline) else made
    for name, value in parameters.items():
        own = last.get_params(deep=False)
        if name in own:
            last.set_params(**{name: value})
        elif name == "alpha" and "alphas" in own:
            last.set_params(alphas=[value])
        elif "__" in name and isinstance(made, Pipeline):
            made.set_params(**{name: value})
        else:
            known = [*own, *(["alpha"] if "alphas" in own else [])]
            raise DescriptionError(
                f"readout__{name}: the readout {readout!r} has no such parameter; known: {', '.join(known)}"
            )
    return made
