"""Ready-made liquids, one function each, such as ``lsm_sim_models.speech(n_inputs=64, seed=7)``, and echo-state networks."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from lsm_sim_models.forecasting import forecasting
from lsm_sim_models.maass2002 import maass2002
from lsm_sim_models.memory import memory
from lsm_sim_models.random_ei import random_ei
from lsm_sim_models.small_world import small_world
from lsm_sim_models.speech import speech

if TYPE_CHECKING:
    from lsm_sim.learn.echo_state import EchoStateClassifier, EchoStateRegressor

__all__ = [
    "EchoStateClassifier",
    "EchoStateRegressor",
    "forecasting",
    "maass2002",
    "memory",
    "random_ei",
    "small_world",
    "speech",
]


def __getattr__(name: str) -> Any:  # imported on demand, because scikit-learn takes a second to load
    if name not in ("EchoStateClassifier", "EchoStateRegressor"):
        raise AttributeError(f"module 'lsm_sim_models' has no attribute {name!r}")
    return getattr(importlib.import_module("lsm_sim.learn.echo_state"), name)
