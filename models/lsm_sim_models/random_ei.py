"""A random network of excitatory and inhibitory neurons without positions."""

from __future__ import annotations

from lsm_sim import FixedInDegree, Gamma, Inputs, Liquid, Synapses, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim_models.groups import EXC, INH, INPUT, inhibitory_mask, pair


def random_ei(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    connectivity: float = 0.1,
    strength: float = 0.5,
    g: float = 5.0,
    input_degree: int = 10,
    input_weight: float = 0.2,
    inhibitory: float = 0.2,
    tau_m: float = 20 * ms,
    tau_syn: float = 5 * ms,
    t_ref: float = 2 * ms,
    delay: float = 1.5 * ms,
) -> Liquid:
    """Return a sparse random network in which inhibition balances excitation, after Brunel (2000).

    Every neuron has C_E = round(connectivity * N_E) excitatory and C_I = round(connectivity * N_I) inhibitory sources with
    the constant weights

        J = strength / sqrt(C_E)   and   -g J,

    in units of the threshold. v_thresh = 1 and v_reset = 0.5 correspond to Brunel's 20 and 10 mV; tau_m, t_ref, delay, the
    fraction of inhibitory neurons, ``connectivity`` and ``g`` are his too. His J = 0.1 mV with C_E = 1000 is a strength of
    0.16; the default here is 0.5, because otherwise recurrence has almost no effect in a liquid of hundreds of neurons.
    Dividing by sqrt(C_E) makes the fluctuations of the recurrent input independent of the size of the network (van Vreeswijk
    and Sompolinsky 1996).

    Differences from the paper: synaptic currents decay with tau_syn (his are pulses), and the external drive is
    the stimulus: ``input_degree`` channels per neuron instead of 1000 Poisson sources.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    connectivity
        Fraction of the neurons that connect to a neuron.
    strength
        J sqrt(C_E), in units of v.
    g
        Ratio of inhibitory to excitatory weights; 4 balances 20 % inhibitory neurons.
    input_degree
        Input channels per neuron; all channels if there are fewer.
    input_weight
        Mean of the input weights, in units of v; they are gamma distributed with shape 2, so that neurons differ.
    inhibitory
        Fraction of inhibitory neurons.
    tau_m, tau_syn, t_ref, delay
        In seconds.

    References
    ----------
    N. Brunel: Dynamics of sparsely connected networks of excitatory and inhibitory spiking neurons. Journal of
    Computational Neuroscience 8, 183-208 (2000).

    Examples
    --------
    >>> random_ei(n_inputs=16, n_neurons=200)
    Liquid(inputs: input 16; neurons: exc 160, inh 40; 3 kinds of synapses; seed=0)
    """
    channels = Inputs(INPUT, n_inputs)
    neurons = pair(
        inhibitory_mask(n_neurons, inhibitory, seed), None, tau_m=tau_m, tau_syn=tau_syn, t_ref=t_ref, v_reset=0.5
    )
    share = checks.probability(connectivity, "connectivity")
    c_exc, c_inh = (round(share * group.size) for group in neurons)
    if not c_exc or not c_inh:
        msg = f"connectivity: got {share:g}, expected at least one source of each kind among {n_neurons} neurons"
        raise DescriptionError(msg)
    weight = checks.positive(strength, "strength") / c_exc**0.5
    degree = min(channels.size, checks.whole(input_degree, "input_degree", minimum=1))
    both = (EXC, INH)
    synapses = [
        Synapses(INPUT, both, FixedInDegree(degree), Gamma(input_weight, shape=2)),
        Synapses(EXC, both, FixedInDegree(c_exc), weight, delay),
        Synapses(INH, both, FixedInDegree(c_inh), -checks.positive(g, "g") * weight, delay),
    ]
    return Liquid([channels], neurons, synapses, seed)
