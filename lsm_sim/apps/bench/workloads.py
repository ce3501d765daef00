"""The networks and stimuli of all benchmarks.

W: 1000 LIF neurons (80 % excitatory), every pair connected with probability 0.1, delays 1..8 steps, refractory 2 steps, 80
Poisson inputs at 50 Hz, samples of 1000 steps of 1 ms; about 33 spikes per neuron and second. The others are W with another
size, another input or fewer samples; each of the two sweeps changes one quantity of W.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from lsm_sim.describe.distributions import Distribution, Normal, Uniform
from lsm_sim.describe.liquid import Inputs, Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.wiring import FixedProbability
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Bools
from lsm_sim.units import Hz, ms

N_INPUTS, N_STEPS, DT = 80, 1000, 1 * ms
BINS = 10
NETWORK_SEED, STIMULUS_SEED = 1, 7  # the mean rates below were measured with these seeds


@dataclass(frozen=True)
class Workload:
    """A network and its input.

    Parameters
    ----------
    name
        Name of the workload.
    n_neurons
        Number of neurons; 80 % of them are excitatory.
    p
        Probability of a recurrent connection.
    exc, inh, external
        Mean weights of the three kinds of synapses, in units of v.
    input_rate
        Rate of every input channel, in Hz.
    i_bias
        Constant input of every neuron, in units of v per second.
    samples
        Default number of samples.
    sweep, x
        The sweep it belongs to (empty: none), and its x value there.
    """

    name: str
    n_neurons: int = 1000
    p: float = 0.1
    exc: float = 0.040
    inh: float = -0.152
    external: float = 0.152
    input_rate: float = 50.0
    i_bias: float = 0.0
    samples: int = 100
    sweep: str = ""
    x: float = 0.0


W = Workload("W")
W_SMALL = Workload("W-small", 135, 0.1, 0.047, -0.152, 0.159)
W_LARGE = Workload("W-large", 10_000, 0.02, 0.022, -0.086, 0.159, samples=20)
W_LARGE_1 = replace(W_LARGE, name="W-large-1", samples=1)
MAIN = (W, W_SMALL, W_LARGE, W_LARGE_1)
# By mean rate of W in Hz: the rate of the inputs, and from 100 Hz on a constant input.
_DRIVE = {1: (18, 0), 3: (22.3, 0), 10: (30.0, 0), 30: (47.8, 0), 100: (50, 100), 200: (50, 366), 300: (50, 980)}
RATES = tuple(
    Workload(f"{rate} Hz", input_rate=inputs * Hz, i_bias=bias, samples=64, sweep="rates", x=rate)
    for rate, (inputs, bias) in _DRIVE.items()
)
# 100 recurrent synapses per neuron as in W, so that only the size changes and the rate stays similar.
SIZES = tuple(
    Workload(f"N={n}", n, 100 / n, samples=max(4, min(64, 64_000 // n)), sweep="sizes", x=n)
    for n in (250, 500, 1000, 2000, 4000, 8000, 16_000)
)
SWEEPS = {"rates": RATES, "sizes": SIZES}
NAMES = (*(workload.name for workload in MAIN), *SWEEPS)
QUICK = (W.name, W_SMALL.name)


def find(names: Sequence[str]) -> list[Workload]:
    """Return the workloads with these names; the name of a sweep selects all of its workloads."""
    known = {workload.name: (workload,) for workload in MAIN} | SWEEPS
    for name in names:
        if name not in known:
            raise DescriptionError(f"no workload {name!r}; known: {', '.join(known)}")
    return [workload for name in dict.fromkeys(names) for workload in known[name]]


def liquid(workload: Workload, seed: int = NETWORK_SEED) -> Liquid:
    """Return the network of a workload."""
    n_exc = round(0.8 * workload.n_neurons)

    def cells(name: str, n: int) -> Neurons:
        return Neurons(name, n, tau_m=20 * ms, tau_syn=5 * ms, t_ref=2 * ms, i_bias=workload.i_bias)

    delay = Uniform(1.01 * DT, 8.49 * DT)  # round to 1..8 steps
    both, rule = ("exc", "inh"), FixedProbability(workload.p)
    return Liquid(
        inputs=[Inputs("external", N_INPUTS)],
        neurons=[cells("exc", n_exc), cells("inh", workload.n_neurons - n_exc)],
        synapses=[
            Synapses("external", both, FixedProbability(0.1), weight=_around(workload.external)),
            Synapses("exc", both, rule, weight=_around(workload.exc), delay=delay),
            Synapses("inh", both, rule, weight=_around(workload.inh), delay=delay),
        ],
        seed=seed,
    )


def _around(mean: float) -> Distribution:
    return mean * Normal(1, 0.25, minimum=0.1, maximum=2)


def stimulus(workload: Workload, n_samples: int, seed: int = STIMULUS_SEED) -> Bools:
    """Return Poisson spikes on all inputs as a dense array (samples, steps, channels)."""
    rng = np.random.default_rng(seed)
    return np.asarray(rng.random((n_samples, N_STEPS, N_INPUTS)) < workload.input_rate * DT)
