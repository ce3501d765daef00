"""Ready-made liquids, one function each: ``lsm_sim_models.speech(n_inputs=64, seed=7)``."""

from lsm_sim_models.delay_line import delay_line
from lsm_sim_models.elsm import elsm
from lsm_sim_models.forecasting import forecasting
from lsm_sim_models.legendre import legendre
from lsm_sim_models.long_memory import long_memory
from lsm_sim_models.maass2002 import maass2002
from lsm_sim_models.memory import memory
from lsm_sim_models.random_ei import random_ei
from lsm_sim_models.recall import recall
from lsm_sim_models.shift_register import shift_register
from lsm_sim_models.small_world import small_world
from lsm_sim_models.speech import speech

__all__ = [
    "delay_line",
    "elsm",
    "forecasting",
    "legendre",
    "long_memory",
    "maass2002",
    "memory",
    "random_ei",
    "recall",
    "shift_register",
    "small_world",
    "speech",
]
