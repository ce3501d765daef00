"""The discrete-time network that every engine runs, in steps and arrays, and how a description becomes one."""

from lsm_sim.program.program import Program

__all__ = ["Program"]
