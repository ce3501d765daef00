"""The Brian2 backend: runs a program with the same spikes as `lsm_sim.engine.reference`, or exports it as Brian2 objects."""

from lsm_sim_brian2.engine import Brian2
from lsm_sim_brian2.readable import build
from lsm_sim_brian2.scripts import script

__all__ = ["Brian2", "build", "script"]
