"""The fast backend: a compiled, event-driven engine, bit for bit equal to `lsm_sim.engine.reference`."""

from lsm_sim_fast.engine import Fast
from lsm_sim_fast.tuning import Tuning

__all__ = ["Fast", "Tuning"]
