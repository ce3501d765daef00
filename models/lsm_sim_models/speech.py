"""The liquid for spoken words and other short signals of many channels."""

from __future__ import annotations

from lsm_sim import DistanceRule, FixedProbability, Gamma, Inputs, Liquid, Normal, Synapses, ms
from lsm_sim.support import checks
from lsm_sim_models.groups import EXC, INH, INPUT, column, inhibitory_mask, non_negative, pair, uniform_delay

_CONNECTIONS = {  # (pre, post): C of Maass et al. (2002), mean weight in units of v
    (EXC, EXC): (0.3, 0.4),
    (EXC, INH): (0.2, 0.6),
    (INH, EXC): (0.4, -0.8),
    (INH, INH): (0.1, -0.6),
}


def speech(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    input_probability: float = 0.3,
    input_weight: float = 0.5,
    recurrent_weight: float = 0.7,
    lam: float = 2.0,
    inhibitory: float = 0.2,
    tau_m: float = 30 * ms,
    tau_syn: float = 20 * ms,
    t_ref: float = 3 * ms,
    delay: tuple[float, float] = (1 * ms, 5 * ms),
) -> Liquid:
    """Return a column with slow synapses and input of both signs: the settings that mattered for spoken digits.

    The geometry and the connection probabilities C exp(-(d/lam)^2) are those of Maass et al. (2002). In order of their
    effect on accuracy: input synapses of both signs, Normal(0, input_weight), from each channel to 30 % of the neurons; slow
    synapses, tau_syn = 20 ms; more neurons. Recurrent weights are gamma distributed with shape 2 and mean
    recurrent_weight * (0.4 EE, 0.6 EI, -0.8 IE, -0.6 II); delays are uniform. docs/models.md has the measurements.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    input_probability
        Probability of a synapse from a channel to a neuron.
    input_weight
        Standard deviation of the input weights, in units of v.
    recurrent_weight
        Factor on all recurrent weights; 0 switches recurrence off; from about 1 on activity sustains itself, so
        that the liquid no longer forgets.
    lam
        Range of connections, in units of the grid spacing.
    inhibitory
        Fraction of inhibitory neurons.
    tau_m, tau_syn, t_ref
        In seconds.
    delay
        Shortest and longest, in seconds.

    References
    ----------
    Geometry: see `maass2002`.

    Examples
    --------
    >>> speech(n_inputs=32, seed=7)
    Liquid(inputs: input 32; neurons: exc 400, inh 100; 5 kinds of synapses; seed=7)
    """
    factor, delays = non_negative(recurrent_weight, "recurrent_weight"), uniform_delay(delay)
    mask = inhibitory_mask(n_neurons, inhibitory, seed)
    neurons = pair(mask, column(mask.size), tau_m=tau_m, tau_syn=tau_syn, t_ref=t_ref)
    signed = Normal(0, checks.positive(input_weight, "input_weight"))
    synapses = [Synapses(INPUT, (EXC, INH), FixedProbability(input_probability), signed)]
    for (pre, post), (c, weight) in _CONNECTIONS.items():
        sign = 1.0 if weight > 0 else -1.0
        scaled = Gamma(abs(weight), shape=2) * (sign * factor)
        synapses.append(Synapses(pre, post, DistanceRule(c=c, lam=lam), scaled, delays))
    return Liquid([Inputs(INPUT, n_inputs)], neurons, synapses, seed)
