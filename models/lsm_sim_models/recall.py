"""A liquid that still holds the first of several spike patterns when the last one has ended."""

from __future__ import annotations

from lsm_sim import FixedProbability, Inputs, Liquid, Neurons, Normal, Synapses, ms
from lsm_sim.support import checks
from lsm_sim_models.forecasting import LIQUID
from lsm_sim_models.groups import INPUT, non_negative, uniform_delay


def recall(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    input_probability: float = 0.5,
    input_weight: float = 6.0,
    connectivity: float = 0.1,
    recurrent_weight: float = 3.0,
    drive: float = 0.9,
    tau_m: float = 20 * ms,
    tau_syn: float = 100 * ms,
    t_ref: float = 2 * ms,
    delay: tuple[float, float] = (1 * ms, 64 * ms),
) -> Liquid:
    """Return a random network whose activity combines early with late spikes of its input.

    Neurons rest just below their threshold. Slow synapses and long delays let a spike have an effect for hundreds of
    milliseconds, and recurrent weights are large enough that activity goes on that long. A readout that sees only the last
    30 ms can then name an earlier pattern, and tell combinations of several; see docs/memory.md.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    input_probability, input_weight
        Probability of a synapse from a channel to a neuron; standard deviation of its weight, in units of v.
    connectivity
        Probability of a synapse from a neuron to another.
    recurrent_weight
        Standard deviation of the summed weight of a neuron's recurrent synapses, in units of v; 0 switches recurrence off.
    drive
        Constant input, in multiples of the one that just reaches the threshold.
    tau_m, tau_syn, t_ref
        In seconds.
    delay
        Shortest and longest, in seconds; of input and of recurrent synapses.

    Examples
    --------
    >>> recall(n_inputs=8, seed=7)
    Liquid(inputs: input 8; neurons: liquid 500; 2 kinds of synapses; seed=7)
    """
    size, delays = checks.whole(n_neurons, "n_neurons", minimum=1), uniform_delay(delay)
    tau = checks.positive(tau_m, "tau_m", "time")
    degree = max(checks.probability(connectivity, "connectivity") * size, 1.0)  # expected number of sources
    recurrent = Normal(0, 1 / degree**0.5) * non_negative(recurrent_weight, "recurrent_weight")
    entry = Normal(0, checks.positive(input_weight, "input_weight"))
    neurons = Neurons(LIQUID, size, tau_m=tau, tau_syn=tau_syn, t_ref=t_ref, i_bias=checks.real(drive, "drive") / tau)
    synapses = [
        Synapses(INPUT, LIQUID, FixedProbability(input_probability), entry, delays),
        Synapses(LIQUID, LIQUID, FixedProbability(connectivity), recurrent, delays),
    ]
    return Liquid([Inputs(INPUT, n_inputs)], [neurons], synapses, seed)
