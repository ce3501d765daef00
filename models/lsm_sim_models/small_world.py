"""A ring of neurons with shortcuts."""

from __future__ import annotations

import numpy as np

from lsm_sim import Edges, FixedProbability, Gamma, Inputs, Liquid, Normal, SmallWorld, Synapses, ms
from lsm_sim.describe.wiring import End
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.seeding import stream
from lsm_sim_models.groups import EXC, INH, INPUT, inhibitory_mask, pair, uniform_delay


def small_world(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    k: int = 10,
    p: float = 0.1,
    weight: float = 0.15,
    g: float = 4.0,
    input_probability: float = 0.3,
    input_weight: float = 0.5,
    inhibitory: float = 0.2,
    tau_m: float = 30 * ms,
    tau_syn: float = 20 * ms,
    t_ref: float = 3 * ms,
    delay: tuple[float, float] = (1 * ms, 5 * ms),
) -> Liquid:
    """Return a small-world network: a directed ring of k neighbours, each synapse rewired at random with probability p.

    The wiring is that of `SmallWorld` over the whole population, after Watts and Strogatz (1998); the inhibitory neurons
    have random positions on the ring. Excitatory weights are Gamma(weight, shape=2), inhibitory ones -Gamma(g * weight,
    shape=2); delays are uniform. Watts and Strogatz describe the graph only: neurons, weights and the signed input,
    Normal(0, input_weight), are those of `speech`.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    k
        Number of neighbours on the ring, even: half on either side.
    p
        Rewiring probability of a synapse: 0 gives the ring, 1 a random graph, about 0.01 to 0.1 a small world.
    weight, input_weight
        Mean excitatory weight and standard deviation of the input weights, in units of v. With the other defaults, activity
        sustains itself at weights of about 0.25 and above.
    g
        Ratio of inhibitory to excitatory weights; 4 balances 20 % inhibitory neurons.
    input_probability
        Probability of a synapse from a channel to a neuron.
    inhibitory
        Fraction of inhibitory neurons.
    tau_m, tau_syn, t_ref
        In seconds.
    delay
        Shortest and longest, in seconds.

    References
    ----------
    D. J. Watts, S. H. Strogatz: Collective dynamics of 'small-world' networks. Nature 393, 440-442 (1998).

    Examples
    --------
    >>> small_world(n_inputs=16, n_neurons=200)
    Liquid(inputs: input 16; neurons: exc 160, inh 40; 5 kinds of synapses; seed=0)
    """
    mask = inhibitory_mask(n_neurons, inhibitory, seed)
    mean = {EXC: checks.positive(weight, "weight"), INH: checks.positive(weight, "weight") * checks.positive(g, "g")}
    sign, delays = {EXC: 1.0, INH: -1.0}, uniform_delay(delay)
    ring = End("ring", mask.size)
    source, target = SmallWorld(k=k, p=p).connect(ring, ring, stream(seed, "models/ring"))
    synapses = [
        Synapses(pre, post, _between(source, target, mask, (pre, post)), sign[pre] * Gamma(mean[pre], 2), delays)
        for pre in (EXC, INH)
        for post in (EXC, INH)
    ]
    signed = Normal(0, checks.positive(input_weight, "input_weight"))
    synapses.append(Synapses(INPUT, (EXC, INH), FixedProbability(input_probability), signed))
    neurons = pair(mask, None, tau_m=tau_m, tau_syn=tau_syn, t_ref=t_ref)
    return Liquid([Inputs(INPUT, n_inputs)], neurons, synapses, seed)


def _between(source: Ints, target: Ints, mask: Bools, ends: tuple[str, str]) -> Edges:
    """Return the synapses between two kinds of neurons, with indices within their groups."""
    within = np.where(mask, np.cumsum(mask), np.cumsum(~mask)) - 1
    chosen = (mask[source] == (ends[0] == INH)) & (mask[target] == (ends[1] == INH))
    return Edges(within[source[chosen]], within[target[chosen]])
