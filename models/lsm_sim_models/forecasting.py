"""Liquids for time series: tonic firing, synapses of both signs, delays of many steps."""

from __future__ import annotations

from lsm_sim import FixedInDegree, Inputs, Liquid, Neurons, Normal, Synapses, Uniform, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim_models.groups import INPUT, non_negative, uniform_delay

LIQUID = "liquid"


def forecasting(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    input_degree: int = 8,
    input_weight: float = 14.0,
    recurrent_degree: int = 50,
    recurrent_weight: float = 1.5,
    drive: tuple[float, float] = (1.0, 4.4),
    tau_m: float = 8 * ms,
    tau_syn: float = 80 * ms,
    delay: tuple[float, float] = (1 * ms, 64 * ms),
    time_scale: float = 1.0,
) -> Liquid:
    """Return a random network with slow synapses and long delays, for smooth series in a population code.

    Every neuron receives input from ``input_degree`` channels and ``recurrent_degree`` neurons, with weights Normal(0,
    input_weight / sqrt(input_degree)) and Normal(0, recurrent_weight / sqrt(recurrent_degree)) and uniform delays. The
    constant input exceeds the threshold and there is no refractory period, so that neurons fire all the time, at 300 to
    400 Hz with steps of 1 ms, and their rate is nearly proportional to their current. The slow synapses are the fading
    memory, the delays a bank of delay lines.

    Made for `lsm_sim.encode.Population` with 32 curves of width 1.2, up to 500 Hz, 12 ms per sample; see
    docs/forecasting.md, also for the effect of recurrence.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels and of neurons.
    seed
        Fixes every draw.
    input_degree
        Input channels per neuron; all channels if there are fewer.
    input_weight, recurrent_weight
        Standard deviation of the summed weight of a neuron's synapses, in units of v; a recurrent weight of 0 switches
        recurrence off.
    recurrent_degree
        Recurrent sources per neuron; all other neurons if there are fewer.
    drive
        Smallest and largest constant input, in multiples of the one that just reaches the threshold; uniform between them.
    tau_m, tau_syn
        In seconds.
    delay
        Shortest and longest, in seconds; of input and of recurrent synapses.
    time_scale
        Factor on tau_syn and on the longest delay, for faster or slower series; `lsm_sim.LiquidForecaster` chooses it.

    Examples
    --------
    >>> forecasting(n_inputs=32, seed=7)
    Liquid(inputs: input 32; neurons: liquid 500; 2 kinds of synapses; seed=7)
    """
    channels = Inputs(INPUT, n_inputs)
    least, most = checked_drive(drive)
    tau = checks.positive(tau_m, "tau_m", "time")
    slow, delay = _scaled(tau_syn, delay, time_scale)
    neurons = Neurons(LIQUID, n_neurons, tau_m=tau, tau_syn=slow, i_bias=Uniform(least / tau, most / tau))
    degree = min(channels.size, checks.whole(input_degree, "input_degree", minimum=1))
    weight = Normal(0, checks.positive(input_weight, "input_weight") / degree**0.5)
    synapses = [
        Synapses(INPUT, LIQUID, FixedInDegree(degree), weight, uniform_delay(delay)),
        recurrence(neurons.size, recurrent_degree, recurrent_weight, delay),
    ]
    return Liquid([channels], [neurons], synapses, seed)


def _scaled(tau_syn: float, delay: tuple[float, float], time_scale: float) -> tuple[float, tuple[float, float]]:
    """Return tau_syn and the delays with another time scale; a scale of 1 changes nothing, whatever was given."""
    factor = checks.positive(time_scale, "time_scale")
    if factor == 1:
        return tau_syn, delay
    slow, ends = factor * checks.positive(tau_syn, "tau_syn", "time"), checks.real_array(delay, "delay", "time")
    if ends.shape != (2,):
        return slow, delay  # which `uniform_delay` refuses
    return slow, (float(ends[0]), max(float(ends[0]), factor * float(ends[1])))


def recurrence(n_neurons: int, degree: int, weight: float, delay: tuple[float, float]) -> Synapses:
    """Return random recurrent synapses of both signs; their summed weight per neuron has standard deviation ``weight``."""
    degree = min(checks.whole(degree, "recurrent_degree", minimum=1), max(n_neurons - 1, 1))
    weights = Normal(0, 1 / degree**0.5) * non_negative(weight, "recurrent_weight")
    return Synapses(LIQUID, LIQUID, FixedInDegree(degree), weights, uniform_delay(delay))


def checked_drive(drive: object) -> Floats:
    """Return the smallest and the largest constant input."""
    ends = checks.real_array(drive, "drive")
    if ends.shape != (2,) or ends[0] > ends[1]:
        raise DescriptionError(f"drive: got {drive!r}, expected two numbers, the smallest and the largest")
    return ends
