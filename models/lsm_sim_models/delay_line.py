"""The spiking delay line: an engineered liquid that shifts its state by one value per frame."""

from __future__ import annotations

import numpy as np

from lsm_sim import Liquid, ms
from lsm_sim.support import checks
from lsm_sim_models.engineered import MOST_STATES, Frame, Target, build, series


def delay_line(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    n_lags: int = 24,
    bits: int = 12,
    frame: float = 20 * ms,
    tau_m: float = 5 * ms,
    tau_syn: float = 3 * ms,
    dt: float = 1 * ms,
) -> Liquid:
    """Return an engineered network whose state is the last ``n_lags`` values of one signal, for `lsm_sim.encode.Bits`.

    All recurrent synapses have a delay of one frame, and their weights are solved by least squares (C. Eliasmith, C. H.
    Anderson: Neural Engineering, 2003) so that the current in a frame encodes the values of the frame before, shifted by one.
    Unlike in a random liquid, recurrence is the whole memory. Every neuron has synapses to
    all, and one from each digit for each step of a frame, so that the input current is constant during a frame.

    Parameters
    ----------
    n_inputs, n_neurons
        Number of channels, which must be ``bits``, and of neurons.
    seed
        Fixes every draw. The weights are the solution of a linear system, which differs in the last digits between machines;
        `Liquid.save` keeps them.
    n_lags
        Values held, 2 or more.
    bits, frame
        As in `lsm_sim.encode.Bits`; the frame in seconds, at most 64 steps on Loihi.
    tau_m, tau_syn
        In seconds; short compared with a frame.
    dt
        Step of later runs, in seconds.

    Examples
    --------
    >>> delay_line(n_inputs=12, n_neurons=50, n_lags=4, seed=7)
    Liquid(inputs: input 12; neurons: liquid 50; 21 kinds of synapses; seed=7)
    """
    layout = Frame.of(n_inputs, bits, frame, dt, pulses=None)
    lags = checks.whole(n_lags, "n_lags", 2, MOST_STATES)
    synapse = checks.positive(tau_syn, "tau_syn", "time")
    signal = 2 * series(layout, seed, n_neurons, "delay_line") - 1
    decay = np.exp(-layout.dt / synapse)
    held = layout.held(signal, decay)
    entry = np.zeros(lags)
    entry[0] = 1 / held.std()
    wanted = np.zeros((held.size, lags))
    for lag in range(lags):
        wanted[lag * layout.steps :, lag] = held[: held.size - lag * layout.steps] * entry[0]
    driven = np.zeros_like(wanted)
    driven[:, 0] = wanted[:, 0]
    return build(
        layout,
        Target(wanted, driven, entry),
        n_neurons=n_neurons,
        seed=seed,
        tau_m=checks.positive(tau_m, "tau_m", "time"),
        tau_syn=synapse,
        delay=layout.steps,
    )
