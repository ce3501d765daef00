"""Ready-made liquids, one function each: ``lsm_sim_models.speech(n_inputs=64, seed=7)``."""

from lsm_sim_models.elsm import elsm
from lsm_sim_models.forecasting import forecasting
from lsm_sim_models.maass2002 import maass2002
from lsm_sim_models.memory import memory
from lsm_sim_models.random_ei import random_ei
from lsm_sim_models.small_world import small_world
from lsm_sim_models.speech import speech

__all__ = [
    "elsm",
    "forecasting",
    "maass2002",
    "memory",
    "random_ei",
    "small_world",
    "speech",
]
