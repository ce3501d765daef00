"""Currents injected into neurons, as graded events."""

from __future__ import annotations

from typing import Any, NamedTuple

from lsm_sim.describe.distributions import Distribution
from lsm_sim.encode.graded import Graded
from lsm_sim.encode.signals import frame_steps
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.units import ms


class Injected(NamedTuple):
    """What `inject` returns: the stimulus, the weights of the synapses that receive it, and the encoder that made it."""

    spikes: Spikes
    weights: Any
    encoder: Graded


def inject(
    currents: Any,
    weights: Any = 1.0,
    *,
    bits: int = 16,
    frame: float | None = None,
    dt: float = 1 * ms,
    largest: float | None = None,
) -> Injected:
    """Return the stimulus and the weights that inject ``weights`` * ``currents`` into neurons.

    Currents are in units of v per second, like ``i_bias``, and are constant within a frame. A graded event at the start of
    each frame delivers the integral of the current over the frame, which arrives one step later and which the synapse spreads over
    tau_syn: neurons get the current filtered with tau_syn, with the same integral. So a constant current I makes v settle at
    v_rest + weight * I * tau_m, as ``i_bias`` does.

    Parameters
    ----------
    currents
        An array (T, C), or a batch of them; see `lsm_sim.encode`.
    weights
        How much of the current of a channel a neuron gets: one number, a matrix (C, N), dense or scipy.sparse, or a
        distribution.
    bits
        Of a current with its sign, 2 to 16: the largest magnitude is 2^(bits - 1) - 1 units.
    frame
        Duration of a current value, in seconds; None: one step.
    dt
        Step, in seconds.
    largest
        The largest magnitude; None: that of these currents. Give it where further currents are for the same liquid.

    Returns
    -------
    Spikes, weights in units of v for ``Synapses`` (of the form of ``weights``), and the encoder, for further currents.

    Examples
    --------
    >>> import numpy as np
    >>> import lsm_sim as lsm
    >>> spikes, weights, encoder = lsm.inject(np.full((100, 1), 50.0), np.array([[1.0, -0.5]]), dt=1 * ms)
    >>> liquid = lsm.Liquid(
    ...     [lsm.Inputs("current", 1)], [lsm.Neurons("n", 2)], [lsm.Synapses.from_matrix("current", "n", weights)]
    ... )
    >>> lsm.run(liquid, spikes, backend="reference", record={"n": ["v"]}).v["n"].values[0][-1].round(2).tolist()
    [0.99, -0.5]
    """
    dt = checks.positive(dt, "dt", "time")
    encoder = Graded.for_signals(currents, bits, frame) if largest is None else Graded(bits, frame, largest=largest)
    spikes = encoder(currents, dt)
    if not isinstance(weights, Distribution) and not hasattr(weights, "tocoo"):
        weights = checks.real_array(weights, "inject weights")
        weights = float(weights) if weights.ndim == 0 else weights
    return Injected(spikes, weights * (encoder.scale * dt * frame_steps(frame, dt)), encoder)
