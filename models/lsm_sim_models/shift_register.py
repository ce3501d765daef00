"""A chain of relay neurons for every input channel: a memory that computes nothing."""

from __future__ import annotations

import numpy as np

from lsm_sim import Edges, Inputs, Liquid, Neurons, Synapses, ms
from lsm_sim.support import checks
from lsm_sim_models.forecasting import LIQUID
from lsm_sim_models.groups import INPUT

# With tau_m = tau_syn = 1 ms and steps of 0.5 or 1 ms, one spike of this weight reaches the threshold of 1 in the step in which
# it arrives, and what is left of it does not reach it again.
_TAU, _WEIGHT = 1 * ms, 4.0


def shift_register(*, n_inputs: int, n_lags: int = 40, frame: float = 8 * ms, dt: float = 1 * ms) -> Liquid:
    """Return ``n_inputs`` chains of ``n_lags`` neurons, each of which fires one frame after the neuron before it.

    For input that fires in the first step of a frame, such as `lsm_sim.encode.Bits`, neuron k * n_inputs + c fires in frame t
    if channel c fired in frame t - k. So the spikes of one frame are the last ``n_lags`` values, exactly, and nothing else.

    It is not a liquid in any other sense. It shows that a large memory capacity proves nothing about computation: with 500
    neurons and values of 2 bits the capacity is 234, and every nonlinear function of the past is missing. Compare other
    liquids with it, and see docs/memory.md.

    Parameters
    ----------
    n_inputs
        Number of channels.
    n_lags
        Number of frames that are remembered, the present one included; there are n_inputs * n_lags neurons.
    frame
        Delay between two neurons of a chain, in seconds; that of the encoder.
    dt
        Step of later runs, in seconds, 0.5 to 1 ms: the delay from the input to the first neuron.

    Examples
    --------
    >>> shift_register(n_inputs=12)
    Liquid(inputs: input 12; neurons: liquid 480; 2 kinds of synapses; seed=0)
    """
    channels = Inputs(INPUT, n_inputs)
    chain = checks.whole(n_lags, "n_lags", minimum=1)
    size = checks.whole(channels.size * chain, "n_inputs * n_lags", 1, checks.MOST)
    duration, step = checks.positive(frame, "frame", "time"), checks.positive(dt, "dt", "time")
    earlier = np.arange(size - channels.size)
    first = np.arange(channels.size)
    synapses = [
        Synapses(INPUT, LIQUID, Edges(first, first), _WEIGHT, step),
        Synapses(LIQUID, LIQUID, Edges(earlier, earlier + channels.size), _WEIGHT, duration),
    ]
    return Liquid([channels], [Neurons(LIQUID, size, tau_m=_TAU, tau_syn=_TAU)], synapses, 0)
