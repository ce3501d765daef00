"""The fast backend: a compiled, event-driven engine, bit for bit equal to `lsm_sim.engine.reference`."""

from lsm_sim_fast.engine import Fast

__all__ = ["Fast"]
