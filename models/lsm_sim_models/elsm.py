"""The extended liquid state machine: balance, adaptation and heterogeneous neurons, after Deckers et al. (2022)."""

from __future__ import annotations

from lsm_sim import DistanceRule, FixedProbability, Gamma, Inputs, Liquid, Normal, Synapses, ms
from lsm_sim.describe.distributions import Distribution
from lsm_sim.support import checks
from lsm_sim_models.groups import EXC, INH, INPUT, column, inhibitory_mask, non_negative, pair, uniform_delay

_PROBABILITY = {(EXC, EXC): 0.3, (EXC, INH): 0.2, (INH, EXC): 0.4, (INH, INH): 0.1}  # C of Maass et al. (2002)
_EXCITATION = {EXC: 0.4, INH: 0.6}  # mean weight by target, in units of v, as in `speech`


def elsm(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    input_probability: float = 0.3,
    input_weight: float = 0.5,
    recurrent_weight: float = 0.7,
    balance: float = 1.0,
    inhibitory: float = 0.2,
    lam: float = 2.0,
    tau_m: float = 30 * ms,
    tau_syn: float = 20 * ms,
    heterogeneity: float = 3.0,
    tau_adapt: float | None = 200 * ms,
    adapt_step: float = 0.1,
    t_ref: float = 3 * ms,
    delay: tuple[float, float] = (1 * ms, 5 * ms),
) -> Liquid:
    """Return the column of `speech` with the three extensions of Deckers et al. (2022).

    - *Balance*: the mean inhibitory weight into a group is such that all inhibition of a neuron is ``balance`` times all
      its recurrent excitation, if both fire equally often.
    - *Adaptation*: a spike of an excitatory neuron raises its threshold by ``adapt_step``, which decays with ``tau_adapt``.
    - *Heterogeneity*: tau_m and tau_syn of each neuron are drawn from gamma distributions.

    Constants other than these are those of `speech`. What adaptive thresholds are worth on a few tasks is measured in
    docs/mechanisms.md.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    input_probability, input_weight
        Probability of a synapse from a channel to a neuron; standard deviation of its weight, in units of v.
    recurrent_weight
        Factor on all recurrent weights; 0 switches recurrence off.
    balance
        Inhibition per excitation.
    inhibitory
        Fraction of inhibitory neurons.
    lam
        Range of connections, in units of the grid spacing.
    tau_m, tau_syn
        Means, in seconds.
    heterogeneity
        Shape of the gamma distributions, whose standard deviation is mean/sqrt(shape); draws are kept within a fifth and
        five times the mean. ``inf``: all neurons are alike.
    tau_adapt, adapt_step
        In seconds, and in units of v, the threshold being 1; ``tau_adapt=None``: no adaptation.
    t_ref
        In seconds.
    delay
        Shortest and longest, in seconds.

    References
    ----------
    L. Deckers, I. J. Tsang, W. Van Leekwijck, S. Latre: Extended liquid state machines for speech recognition. Frontiers in
    Neuroscience 16, 1023470 (2022). The extensions are theirs, the constants ours.

    Examples
    --------
    >>> elsm(n_inputs=32, seed=7)
    Liquid(inputs: input 32; neurons: exc 400, inh 100; 5 kinds of synapses; seed=7)
    """
    factor, delays = non_negative(recurrent_weight, "recurrent_weight"), uniform_delay(delay)
    ratio = non_negative(balance, "balance")
    mask = inhibitory_mask(n_neurons, inhibitory, seed)
    adapts = tau_adapt is not None
    neurons = pair(
        mask,
        column(mask.size),
        tau_m=_varied(tau_m, heterogeneity, "tau_m"),
        tau_syn=_varied(tau_syn, heterogeneity, "tau_syn"),
        t_ref=t_ref,
        tau_adapt=(tau_adapt, None),
        adapt_step=(adapt_step if adapts else None, None),
    )
    signed = Normal(0, checks.positive(input_weight, "input_weight"))
    synapses = [Synapses(INPUT, (EXC, INH), FixedProbability(input_probability), signed)]
    per_inhibitory = (~mask).sum() / mask.sum()
    for post, excitation in _EXCITATION.items():
        more = per_inhibitory * _PROBABILITY[EXC, post] / _PROBABILITY[INH, post]
        for pre, mean in ((EXC, excitation), (INH, -ratio * excitation * more)):
            weight = Gamma(1.0, shape=2) * (mean * factor)
            synapses.append(Synapses(pre, post, DistanceRule(c=_PROBABILITY[pre, post], lam=lam), weight, delays))
    return Liquid([Inputs(INPUT, n_inputs)], neurons, synapses, seed)


def _varied(mean: float, shape: float, where: str) -> float | Distribution:
    """Return a time constant as a gamma distribution, or the mean itself for an infinite shape."""
    mean = checks.positive(mean, where, "time")
    if shape == float("inf"):
        return mean
    return mean * Gamma(1.0, shape=checks.positive(shape, "heterogeneity"), minimum=0.2, maximum=5.0)
