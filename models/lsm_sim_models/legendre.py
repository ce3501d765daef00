"""The spiking Legendre memory unit: an engineered liquid whose state is a sliding window of its input."""

from __future__ import annotations

import numpy as np

from lsm_sim import Liquid, ms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim_models.engineered import MOST_STATES, Frame, Target, build, series


def legendre(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    order: int = 16,
    window: float = 400 * ms,
    bits: int = 12,
    frame: float = 20 * ms,
    tau_m: float = 5 * ms,
    tau_syn: float = 40 * ms,
    dt: float = 1 * ms,
) -> Liquid:
    """Return a network whose state is the last ``window`` seconds of one signal as Legendre polynomials, for `lsm_sim.encode.Bits`.

    The state m of ``order`` values follows (A. R. Voelker, I. Kajic, C. Eliasmith: Legendre memory units. NeurIPS 2019) ::

        window dm/dt = A m + B x      A[i, j] = (2i + 1) * (-1 if i < j else (-1)^(i - j + 1)),   B[i] = (2i + 1) (-1)^i

    Its recurrent weights are solved by least squares, with delays of one step. Every neuron has synapses to all. At equal size it
    remembers less than `delay_line`, because errors of the decoding add up in every step instead of once per frame.

    Parameters
    ----------
    n_inputs, n_neurons, seed, bits, frame, tau_m, dt
        As in `delay_line`.
    order
        Number of polynomials, 1 or more.
    window
        In seconds.
    tau_syn
        In seconds; long compared with the intervals of the spikes that carry the state. From about 200 ms on, a spike's part of
        the current is too small for the 8 bits of Loihi's weights, and the state is lost.

    Examples
    --------
    >>> legendre(n_inputs=12, n_neurons=50, order=4, seed=7)
    Liquid(inputs: input 12; neurons: liquid 50; 2 kinds of synapses; seed=7)
    """
    layout = Frame.of(n_inputs, bits, frame, dt, pulses=1)
    size = checks.whole(order, "order", 1, MOST_STATES)
    synapse = checks.positive(tau_syn, "tau_syn", "time")
    steps = checks.positive(window, "window", "time") / layout.dt
    if steps < layout.steps:
        raise DescriptionError(f"window: got {window} s, expected at least one frame of {layout.steps * layout.dt:g} s")
    wanted, driven, entry = _trajectory(
        layout, size, steps, np.exp(-layout.dt / synapse), series(layout, seed, n_neurons, "legendre")
    )
    spread = wanted.std(axis=0)
    return build(
        layout,
        Target(wanted / spread, driven / spread, entry / spread),
        n_neurons=n_neurons,
        seed=seed,
        tau_m=checks.positive(tau_m, "tau_m", "time"),
        tau_syn=synapse,
        delay=1,
    )


def _trajectory(
    layout: Frame, order: int, window: float, decay: float, values: Floats
) -> tuple[Floats, Floats, Floats]:
    """Return the states of a random series, the part that the input alone brings, and the input of a step, with window in steps."""
    from scipy.linalg import expm

    row, column = np.indices((order, order))
    A = (2 * row + 1) * np.where(row < column, -1.0, (-1.0) ** (row - column + 1))
    B = (2.0 * np.arange(order) + 1) * (-1.0) ** np.arange(order)
    step = expm(np.block([[A, B[:, None]], [np.zeros((1, order + 1))]]) / window)
    keeps, entry = step[:order, :order], step[:order, order]
    pulses = layout.held(2 * values - 1, 0.0)
    states, state = np.empty((pulses.size, order)), np.zeros(order)
    for k, pulse in enumerate(pulses):
        state = keeps @ state + entry * pulse
        states[k] = state
    return states, layout.held(2 * values - 1, decay)[:, None] * entry, entry
