"""Ready-made liquids, one function each: ``lsm_sim_models.speech(n_inputs=64, seed=7)``."""

from lsm_sim_models.maass2002 import maass2002
from lsm_sim_models.random_ei import random_ei
from lsm_sim_models.small_world import small_world
from lsm_sim_models.speech import speech

__all__ = ["maass2002", "random_ei", "small_world", "speech"]
