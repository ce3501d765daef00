"""The Brian2 backend: a program as a Brian2 network, with the spikes of `lsm_sim.engine.reference`, and as objects to extend."""

from lsm_sim_brian2.engine import Brian2
from lsm_sim_brian2.readable import build
from lsm_sim_brian2.scripts import script

__all__ = ["Brian2", "build", "script"]
