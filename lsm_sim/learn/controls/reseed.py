"""Copies of an estimator with another seed for its liquid and its encoder."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

from sklearn.base import clone

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.parts import build_liquid
from lsm_sim.learn.transformer import DEFAULT_ENCODER
from lsm_sim.support.brief import brief


def reseeded(model: Any, seed: int) -> Any:
    """Return an unfitted copy of an estimator, or of a pipeline, in which each liquid and encoder has this seed.

    If ``model`` is a function, it is called with the seed instead, and may change anything else too. The K members of an
    ensemble get the seeds K * seed, K * seed + 1, ...
    """
    if isinstance(model, type) or not (callable(model) or hasattr(model, "get_params")):
        raise DescriptionError(
            f"model: got {brief(repr(model))}, expected an estimator of lsm_sim, a pipeline, or a function that returns one for a seed"
        )
    if callable(model):
        return model(seed)
    copy = clone(model)
    for name, value in copy.get_params(deep=True).items():
        part = name.rpartition("__")[2]
        if part == "liquid":
            copy.set_params(**{name: _liquid(value, seed)})
        elif part == "encoder":
            copy.set_params(**{name: _record(DEFAULT_ENCODER if value is None else value, seed)})
        elif part == "members":
            copy.set_params(**{name: [reseeded(member, seed * len(value) + i) for i, member in enumerate(value)]})
    return copy


def _liquid(value: Any, seed: int) -> Any:
    return dataclasses.replace(value, seed=seed) if isinstance(value, Liquid) else _Reseeded(value, seed)


@dataclasses.dataclass(frozen=True)
class _Reseeded:
    """A function that makes liquids, and the seed that they get."""

    make: Callable[..., Liquid]
    seed: int

    def __call__(self, n_inputs: int) -> Liquid:
        return dataclasses.replace(build_liquid(self.make, n_inputs, "asked for"), seed=self.seed)


def _record(value: Any, seed: int) -> Any:
    """Return a copy of a record in which every field ``seed`` has this value, also in nested records."""
    if isinstance(value, (list, tuple)):
        return type(value)(_record(part, seed) for part in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    fields = (field.name for field in dataclasses.fields(value) if field.init)
    return dataclasses.replace(
        value, **{name: seed if name == "seed" else _record(getattr(value, name), seed) for name in fields}
    )
