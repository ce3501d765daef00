"""The liquid with the largest memory capacity: `memory` with fast synapses, strong recurrence and short samples."""

from __future__ import annotations

from lsm_sim import Liquid, ms
from lsm_sim.support import checks
from lsm_sim_models.memory import memory

_WEIGHT_PER_SECOND = 1.5 / ms  # input weight per duration of a sample, so that the mean current does not depend on it


def long_memory(
    *,
    n_inputs: int,
    n_neurons: int = 500,
    seed: int = 0,
    bits: int = 12,
    frame: float = 5 * ms,
    recurrent_weight: float = 3.0,
    tau_syn: float = 1.2 * ms,
    tau_m: float = 4 * ms,
    recurrent_degree: int = 50,
    delay: tuple[float, float] = (1 * ms, 64 * ms),
) -> Liquid:
    """Return `memory` with the settings that remember the most samples, for `lsm_sim.encode.Bits` of the same ``frame``.

    Synapses are fast and recurrent weights large, so a spike passes few neurons for each sample that it carries a value on,
    and little noise is added; the long delays let it pass few. The defaults are for 5 steps of 1 ms per sample, with traces of 2 and 8
    samples. With ``frame=2 * ms, tau_syn=1 * ms, recurrent_weight=1.5`` and traces of 1 and 4 samples the memory capacity is
    larger, because the delays alone reach back 32 samples instead of 13. docs/memory.md has both. Products of past values are
    better computed by `memory` with its defaults.

    Parameters
    ----------
    n_inputs, n_neurons, seed, bits, recurrent_weight, tau_syn, tau_m, recurrent_degree, delay
        As in `memory`.
    frame
        Duration of a sample, in seconds; the input weight is 1.5 for each millisecond of it.

    Examples
    --------
    >>> long_memory(n_inputs=12, seed=7)
    Liquid(inputs: input 12; neurons: liquid 500; 2 kinds of synapses; seed=7)
    """
    duration = checks.positive(frame, "frame", "time")
    return memory(
        n_inputs=n_inputs,
        n_neurons=n_neurons,
        seed=seed,
        bits=bits,
        frame=duration,
        input_weight=_WEIGHT_PER_SECOND * duration,
        recurrent_degree=recurrent_degree,
        recurrent_weight=recurrent_weight,
        tau_m=tau_m,
        tau_syn=tau_syn,
        delay=delay,
    )
