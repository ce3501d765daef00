"""What a neuron does, as tables: the parameters a user sets, the arrays an engine reads, the state, and the step."""

from lsm_sim.dynamics.lif import LIF
from lsm_sim.dynamics.model import ARITHMETICS, Arithmetic, Array, NeuronModel, Parameter, Units

__all__ = ["ARITHMETICS", "LIF", "Arithmetic", "Array", "NeuronModel", "Parameter", "Units"]
