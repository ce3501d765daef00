"""Neuron models as tables: the parameters that users set, the arrays that engines read, the state, and the step."""

from lsm_sim.dynamics.lif import LIF
from lsm_sim.dynamics.model import ARITHMETICS, Arithmetic, Array, NeuronModel, Parameter, Units

__all__ = ["ARITHMETICS", "LIF", "Arithmetic", "Array", "NeuronModel", "Parameter", "Units"]
