"""Neuron models and rules of synapses as tables: the parameters that users set, the arrays that engines read, the state, and the step."""

from lsm_sim.dynamics.lif import LIF
from lsm_sim.dynamics.model import ARITHMETICS, Arithmetic, Array, NeuronModel, Parameter, Units, Variable
from lsm_sim.dynamics.plasticity import STP, Rule, SynapseRule

__all__ = [
    "ARITHMETICS",
    "LIF",
    "STP",
    "Arithmetic",
    "Array",
    "NeuronModel",
    "Parameter",
    "Rule",
    "SynapseRule",
    "Units",
    "Variable",
]
