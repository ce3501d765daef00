"""Describe a spiking Liquid State Machine once; run it, train it, see it, deploy it: one meaning, many engines."""

from lsm_sim.backend import Backend, Request, find
from lsm_sim.distributions import Gamma, LogNormal, Normal, Uniform
from lsm_sim.liquid import Inputs, Liquid, Neurons, Synapses
from lsm_sim.lowering import lower
from lsm_sim.positions import grid, random_in_box
from lsm_sim.program import Program
from lsm_sim.running import Record, Result, run
from lsm_sim.spikes import Spikes
from lsm_sim.units import Hz, kHz, ms, second, us
from lsm_sim.wiring import AllToAll, DistanceRule, Edges, FixedInDegree, FixedProbability, OneToOne, SmallWorld

__version__ = "0.1.0"
