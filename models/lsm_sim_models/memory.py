"""A liquid with long memory: fast synapses, strong recurrence with long delays, an exact input code."""

from __future__ import annotations

import numpy as np

from lsm_sim import Edges, Inputs, Liquid, Neurons, Synapses, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.seeding import stream
from lsm_sim_models.forecasting import LIQUID, checked_drive, recurrence
from lsm_sim_models.groups import INPUT, uniform_delay

_MEAN = 0.5  # mean of a value in [0, 1], which the constant input compensates


def memory(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    bits: int = 12,
    frame: float = 8 * ms,
    taps: int = 1,
    input_weight: float = 45.0,
    recurrent_degree: int = 50,
    recurrent_weight: float = 1.5,
    drive: tuple[float, float] = (1.0, 2.8),
    tau_m: float = 4 * ms,
    tau_syn: float = 4.4 * ms,
    delay: tuple[float, float] = (1 * ms, 64 * ms),
) -> Liquid:
    """Return a network like `forecasting` whose input synapses read binary numbers, `lsm_sim.encode.Bits`.

    Each neuron has ``taps`` taps: a tap reads all digits of one signal through one delay, with weight W 2^-(b + 1) for
    digit b, so that a value x adds exactly W x to v; W is Normal(0, input_weight / sqrt(taps)). The constant input of a
    neuron is ``drive`` minus the mean input that it would receive from values of 1/2 in all frames.

    The defaults are a compromise between memory and forecasting. tau_m = 8 ms, tau_syn = 80 ms, taps = 2, input_weight = 28
    and drive = (1, 4.4) are better for forecasting smooth series, where recurrence matters; see docs/forecasting.md.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels (``bits`` per signal) and of neurons.
    seed
        Fixes every draw.
    bits, frame
        As in `lsm_sim.encode.Bits`; the frame in seconds.
    taps
        Number of taps per neuron.
    input_weight
        Standard deviation of the amount that a value of 1 adds to v in a frame through all taps together.
    recurrent_degree, recurrent_weight, drive, tau_m, tau_syn, delay
        As in `forecasting`.

    Examples
    --------
    >>> memory(n_inputs=12, seed=7)
    Liquid(inputs: input 12; neurons: liquid 500; 2 kinds of synapses; seed=7)
    """
    channels, size = Inputs(INPUT, n_inputs), checks.whole(n_neurons, "n_neurons", minimum=1)
    bits, taps = checks.whole(bits, "bits", minimum=1), checks.whole(taps, "taps", minimum=1)
    n_signals, rest = divmod(channels.size, bits)
    if rest or not n_signals:
        raise DescriptionError(f"n_inputs: got {channels.size}, expected a multiple of {bits}, the bits per signal")
    rng = stream(checks.whole(seed, "seed"), "models/memory")
    least, most = checked_drive(drive)
    tau = checks.positive(tau_m, "tau_m", "time")
    weight = rng.normal(0, checks.positive(input_weight, "input_weight") / taps**0.5, (taps, size))
    mean = _MEAN * weight.sum(axis=0) / checks.positive(frame, "frame", "time")
    neurons = Neurons(LIQUID, size, tau_m=tau, tau_syn=tau_syn, i_bias=rng.uniform(least, most, size) / tau - mean)
    signal = rng.integers(0, n_signals, (taps, size))
    delays = uniform_delay(delay).draw(taps * size, rng).reshape(taps, size)
    synapses = [_tap(bits, *own) for own in zip(signal, weight, delays, strict=True)]
    synapses.append(recurrence(size, recurrent_degree, recurrent_weight, delay))
    return Liquid([channels], [neurons], synapses, seed)


def _tap(bits: int, signal: Ints, weight: Floats, delay: Floats) -> Synapses:
    """Return the synapses from every digit of ``signal[i]`` to neuron i, sorted by digit."""
    digit = np.repeat(np.arange(bits), len(signal))
    neuron = np.tile(np.arange(len(signal)), bits)
    pairs = Edges(signal[neuron] * bits + digit, neuron)
    return Synapses(INPUT, LIQUID, pairs, weight[neuron] * 0.5 ** (digit + 1), delay[neuron])
