"""Models with other parameters, and errors that say which name is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sklearn.base import clone
from sklearn.pipeline import Pipeline

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.pipelines import front_and_liquid
from lsm_sim.search.space import Range, Space
from lsm_sim.support.brief import brief

_SHOWN = 12  # names in a message


def with_parameters(model: Any, parameters: Mapping[str, Any]) -> Any:
    """Return an unfitted copy of a model with other values of these parameters."""
    copy = clone(model)
    copy.set_params(**parameters)
    return copy


def check_space(model: Any, space: Space) -> None:
    """Raise `DescriptionError` if the model has no parameter of a name in the space, or takes none of its values."""
    front_and_liquid(model)
    for name, dimension in space.items():
        ends = (dimension.low, dimension.high) if isinstance(dimension, Range) else dimension.values
        failed = [error for value in ends if (error := _refusal(model, name, value)) is not None]
        if len(failed) == len(ends):
            raise DescriptionError(f"space {name}: {brief(failed[0], 400)}")


def _refusal(model: Any, name: str, value: Any) -> str | None:
    """Return why a model does not take a value, None if it does."""
    try:
        with_parameters(model, {name: value})
    except DescriptionError as error:
        return str(error)
    except (ValueError, TypeError, AttributeError, KeyError):  # of scikit-learn and of foreign estimators
        return f"{_owner(model)} has no such parameter; known: {_known(model)}"
    return None


def _owner(model: Any) -> str:
    return (
        f"a pipeline of {', '.join(name for name, _ in model.steps)}"
        if isinstance(model, Pipeline)
        else type(model).__name__
    )


def _known(model: Any) -> str:
    names = [name for name in model.get_params(deep=True) if not isinstance(model, Pipeline) or "__" in name]
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{', '.join(names[:_SHOWN])}{more}, and values inside the liquid such as liquid__seed"
