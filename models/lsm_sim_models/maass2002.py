"""The column of Maass, Natschlaeger and Markram (2002)."""

from __future__ import annotations

import math

from lsm_sim import DistanceRule, FixedProbability, Gamma, Inputs, Liquid, Synapses, ms
from lsm_sim.describe.positions import Grid
from lsm_sim.errors import DescriptionError
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
    presynaptic_rate: float = 20.0,
    input_probability: float = 0.3,
    tau_syn: float = 3 * ms,
    delay_exc_exc: float = 1.5 * ms,
    delay_other: float = 0.8 * ms,
) -> Liquid:
    """Return the 15 x 3 x 3 column of Maass et al. (2002), in mV, with static synapses.

    The paper's equations are, with A in nA and R = 1 MOhm::

        tau_m dV/dt = -V + R (I_syn + 13.5 nA)          V > 15 mV: spike, V := 13.5 mV, held 3 ms (exc) or 2 ms (inh)
        I_syn decays with tau_s = 3 ms (exc) or 6 ms (inh);  a spike adds A u r to it (u, r: short-term plasticity)

    Divided by tau_m they are the equations of `Neurons`, with i_bias = R 13.5 nA / tau_m and

        weight = R A (u r) tau_s / tau_m

    C is 0.3 (EE), 0.2 (EI), 0.4 (IE), 0.1 (II); A has a gamma distribution with a standard deviation of 100 % (an
    exponential distribution) and means of 30, 60, -19, -19 nA; input synapses have A = 18 nA onto excitatory and 9 nA onto
    inhibitory neurons and no plasticity. 20 % of the neurons, chosen at random, are inhibitory.

    Differences from the paper: synapses have no short-term plasticity, so u r is fixed at its steady-state value for
    regular spikes at ``presynaptic_rate``; U, D, F are not drawn but set to their means; a neuron has one tau_syn, so
    inhibitory currents decay as fast as excitatory ones (their charge, which is the weight, is kept); all neurons start at
    13.5 mV instead of between 13.5 and 15 mV.

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
    presynaptic_rate
        In Hz. 0: the value for the first spike after a long rest (u r = U), with which activity runs away.
    input_probability
        Probability of a synapse from a channel to a neuron.
    tau_syn
        Decay of the synaptic current, in seconds.
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
    )
    synapses = []
    for (pre, post), (c, amplitude, use, depression, facilitation) in _CONNECTIONS.items():
        charge = amplitude * efficacy(use, depression, facilitation, presynaptic_rate) * _TAU_CURRENT[pre]
        weight = Gamma(_RESISTANCE * abs(charge) / _TAU_M, shape=1) * math.copysign(1.0, charge)
        delay = delay_exc_exc if (pre, post) == (EXC, EXC) else delay_other
        synapses.append(Synapses(pre, post, DistanceRule(c=c, lam=lam), weight, delay))
    for post, amplitude in _INPUT_AMPLITUDE.items():
        weight = Gamma(_RESISTANCE * amplitude * _TAU_CURRENT[EXC] / _TAU_M, shape=1)
        synapses.append(Synapses(INPUT, post, FixedProbability(input_probability), weight))
    return Liquid([Inputs(INPUT, n_inputs)], neurons, synapses, seed)


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
