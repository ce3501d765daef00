"""The column of Maass, Natschlaeger and Markram (2002)."""

from __future__ import annotations

import math
from typing import Literal

from lsm_sim import DistanceRule, FixedProbability, Gamma, Inputs, Liquid, Normal, Synapses, TsodyksMarkram, Uniform, ms
from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.positions import Grid
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.seeding import stream
from lsm_sim_models.groups import EXC, INH, INPUT, inhibitory_mask, non_negative, pair

_RESISTANCE = 1.0  # MOhm, so that nA * MOhm = mV
_BACKGROUND = 13.5  # nA
_TAU_M = 30 * ms
_CONNECTIONS = {  # (pre, post): C, amplitude A in nA, U, D in s, F in s
    (EXC, EXC): (0.3, 30.0, 0.5, 1.1, 0.05),
    (EXC, INH): (0.2, 60.0, 0.05, 0.125, 1.2),
    (INH, EXC): (0.4, -19.0, 0.25, 0.7, 0.02),
    (INH, INH): (0.1, -19.0, 0.32, 0.144, 0.06),
}
_TAU_CURRENT = {EXC: 3 * ms, INH: 6 * ms}  # decay of the postsynaptic current, by the kind of the source
_INPUT_AMPLITUDE = {EXC: 18.0, INH: 9.0}  # nA


def maass2002(
    *,
    n_inputs: int,
    seed: int = 0,
    shape: tuple[int, int, int] = (15, 3, 3),
    lam: float = 2.0,
    plasticity: Literal["dynamic", "static"] = "dynamic",
    presynaptic_rate: float = 20.0,
    input_probability: float = 0.3,
    tau_syn: float = 3 * ms,
    tau_syn_inh: float = 6 * ms,
    delay_exc_exc: float = 1.5 * ms,
    delay_other: float = 0.8 * ms,
) -> Liquid:
    """Return the 15 x 3 x 3 column of Maass et al. (2002), in mV.

    The paper's equations are, with A in nA and R = 1 MOhm::

        tau_m dV/dt = -V + R (I_syn + 13.5 nA)          V > 15 mV: spike, V := 13.5 mV, held 3 ms (exc) or 2 ms (inh)
        I_syn decays with tau_s = 3 ms (exc) or 6 ms (inh);  a spike adds A u r to it (u, r: short-term plasticity)

    Divided by tau_m they are the equations of `Neurons`, with i_bias = R 13.5 nA / tau_m and

        weight = R A tau_s / tau_m

    and u r that of `lsm_sim.TsodyksMarkram`. U, D, F have means of 0.5, 1.1 s, 0.05 s (EE), 0.05, 0.125 s, 1.2 s (EI), 0.25,
    0.7 s, 0.02 s (IE), 0.32, 0.144 s, 0.06 s (II), and a standard deviation of 50 %. C is 0.3 (EE), 0.2 (EI), 0.4 (IE), 0.1 (II); A has a gamma distribution with a standard deviation of 100 % (an
    exponential distribution) and means of 30, 60, -19, -19 nA; input synapses have A = 18 nA onto excitatory and 9 nA onto
    inhibitory neurons and no plasticity. 20 % of the neurons, chosen at random, are inhibitory.

    Difference from the paper: U, D, F are drawn for each source and kind of connection, not for each synapse; docs/models.md
    has what that changes (nothing that can be measured), and how they are truncated.

    Parameters
    ----------
    n_inputs
        Number of input channels. The paper's weights are meant for a few channels; for dozens, see
        `lsm_sim.simulate.rescale.to_mean_rate` with ``which="input"``.
    seed
        Fixes every draw.
    shape
        Neurons along each axis of the grid.
    lam
        Range of connections, in units of the grid spacing.
    plasticity
        ``"dynamic"``: short-term plasticity as in the paper. ``"static"``: none; u r is fixed at its steady-state value for
        regular spikes at ``presynaptic_rate``, U, D, F are their means, all synaptic currents decay with ``tau_syn`` (the
        charge of each, which is its weight, is kept), and all neurons start at 13.5 mV.
    presynaptic_rate
        For static synapses, in Hz. 0: the value for the first spike after a long rest (u r = U), with which activity runs
        away.
    input_probability
        Probability of a synapse from a channel to a neuron.
    tau_syn, tau_syn_inh
        Decay of the currents of excitatory and inhibitory synapses, in seconds.
    delay_exc_exc, delay_other
        Delays, in seconds. A step of 1 ms needs ``delay_other=1 * ms``.

    References
    ----------
    W. Maass, T. Natschlaeger, H. Markram: Real-time computing without stable states: a new framework for neural computation
    based on perturbations. Neural Computation 14, 2531-2560 (2002). docs/models.md says where each constant was checked.

    Examples
    --------
    >>> maass2002(n_inputs=4, seed=1)
    Liquid(inputs: input 4; neurons: exc 108, inh 27; 6 kinds of synapses; seed=1)
    """
    if len(shape) != 3:
        raise DescriptionError(f"shape: got {shape!r}, expected three numbers of neurons")
    dynamic = checks.choice(plasticity, "plasticity", ("dynamic", "static")) == "dynamic"
    points = Grid(*shape)
    mask = inhibitory_mask(points.n_points, 0.2, seed)
    neurons = pair(
        mask,
        points.draw(points.n_points, stream(seed, "models/column")),
        tau_m=_TAU_M,
        tau_syn=tau_syn,
        v_rest=0.0,
        v_thresh=15.0,
        v_reset=13.5,
        t_ref=(3 * ms, 2 * ms),
        i_bias=_RESISTANCE * _BACKGROUND / _TAU_M,
        tau_syn_inh=tau_syn_inh if dynamic else None,
        v_init=Uniform(13.5, 15.0) if dynamic else None,
    )
    synapses = []
    for (pre, post), (c, amplitude, use, depression, facilitation) in _CONNECTIONS.items():
        scale = 1.0 if dynamic else efficacy(use, depression, facilitation, presynaptic_rate)
        charge = amplitude * scale * _TAU_CURRENT[pre]
        weight = Gamma(_RESISTANCE * abs(charge) / _TAU_M, shape=1) * math.copysign(1.0, charge)
        delay = delay_exc_exc if (pre, post) == (EXC, EXC) else delay_other
        stp = TsodyksMarkram(*map(_half, (use, depression, facilitation))) if dynamic else None
        synapses.append(Synapses(pre, post, DistanceRule(c=c, lam=lam), weight, delay, stp=stp))
    for post, amplitude in _INPUT_AMPLITUDE.items():
        weight = Gamma(_RESISTANCE * amplitude * _TAU_CURRENT[EXC] / _TAU_M, shape=1)
        synapses.append(Synapses(INPUT, post, FixedProbability(input_probability), weight))
    return Liquid([Inputs(INPUT, n_inputs)], neurons, synapses, seed)


def _half(mean: float) -> Distribution:
    """Return a normal distribution with a standard deviation of half its mean, truncated so that the mean stays.

    No draw is below 5 % of the mean, which keeps times longer than a usual step.
    """
    return mean * Normal(1.0, 0.5, minimum=0.05, maximum=1.95)


def efficacy(use: float, depression: float, facilitation: float, rate: float) -> float:
    """Return the fraction u r of its amplitude that a dynamic synapse transmits after many regular spikes.

    With spikes 1/rate apart, the model of Markram, Wang and Tsodyks (PNAS 95, 1998)::

        u := U + u (1 - U) exp(-1/(rate F)),     r := 1 + (r - u r - 1) exp(-1/(rate D))

    converges to

        u = U / (1 - (1 - U) exp(-1/(rate F))),  r = (1 - exp(-1/(rate D))) / (1 - (1 - u) exp(-1/(rate D)))

    Parameters
    ----------
    use, depression, facilitation
        U; D and F in seconds.
    rate
        In Hz; 0 gives the first spike, u r = U.

    Examples
    --------
    >>> efficacy(0.5, 1.1, 0.05, rate=0)
    0.5
    """
    rate = non_negative(rate, "presynaptic_rate")
    if rate == 0:
        return use
    facilitated, recovering = math.exp(-1 / (rate * facilitation)), math.exp(-1 / (rate * depression))
    u = use / (1 - (1 - use) * facilitated)
    return u * (1 - recovering) / (1 - (1 - u) * recovering)
