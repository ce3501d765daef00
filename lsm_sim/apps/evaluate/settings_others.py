"""Settings of the benchmarks that are neither speech nor series."""

from __future__ import annotations

import functools
from typing import Any

from lsm_sim import Hz, ms
from lsm_sim.describe.distributions import Gamma, Normal, Uniform
from lsm_sim.describe.liquid import Inputs, Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.wiring import FixedProbability
from lsm_sim.encode import Delta, Passthrough, Rate, SideBySide
from lsm_sim.learn.estimators import LiquidClassifier
from lsm_sim.learn.features import Counts, Traces


def digits(seed: int, *, n_neurons: int = 500) -> LiquidClassifier:
    """Return the liquid of ``lsm-sim demo``, rows as time."""
    from lsm_sim.apps.demo import digits as demo

    model = demo.transformer(demo.liquid(n_neurons, seed), seed)
    return LiquidClassifier(**model.get_params(deep=False) | {"sample_shape": None})


def spike_templates(seed: int, *, n_neurons: int = 500) -> LiquidClassifier:
    """Return a liquid for a memory task: slow synapses, long delays, and a readout of the final state only."""
    liquid = functools.partial(recalling, n_neurons=n_neurons, seed=seed)
    return LiquidClassifier(liquid, Passthrough(), Traces(tau=30 * ms), scale=None)


def recalling(n_inputs: int, n_neurons: int, seed: int) -> Liquid:
    """Return a random liquid that combines early with late input.

    The resting state of its neurons is just below threshold; because of slow synapses and long delays a spike has an effect
    for hundreds of milliseconds, and recurrent weights are strong enough that activity lasts that long.
    """
    tau_m, long = 20 * ms, Uniform(1 * ms, 64 * ms)
    recurrent = Normal(0, 3 / (0.1 * n_neurons) ** 0.5)  # the variance of sums does not depend on n_neurons
    return Liquid(
        inputs=[Inputs("input", n_inputs)],
        neurons=[Neurons("all", n_neurons, tau_m=tau_m, tau_syn=100 * ms, t_ref=2 * ms, i_bias=0.9 / tau_m)],
        synapses=[
            Synapses("input", "all", FixedProbability(0.5), Normal(0, 3), long),
            Synapses("all", "all", FixedProbability(0.1), recurrent, long),
        ],
        seed=seed,
    )


def heidelberg(seed: int, *, n_neurons: int = 500) -> LiquidClassifier:
    """Return a liquid for the 700 spike channels of SHD and SSC."""
    return LiquidClassifier(
        functools.partial(sparse_entry, n_neurons=n_neurons, seed=seed, sources=40, weight=0.5),
        Passthrough(),
        Counts(bins=8, sqrt=True),
        scale=None,
    )


def ecg(seed: int, *, n_neurons: int = 500) -> LiquidClassifier:
    """Return a liquid for beats encoded as rates and changes; the range of values is learnt from the training beats."""
    frame = 3 * ms
    encoder = SideBySide((Rate(300 * Hz, frame=frame, seed=seed), Delta(0.02, frame=frame)))
    return LiquidClassifier(
        functools.partial(sparse_entry, n_neurons=n_neurons, seed=seed, sources=2, weight=1.5),
        encoder,
        Counts(bins=10, sqrt=True),
        scale="global",
    )


def atrial_fibrillation(seed: int, *, n_neurons: int = 200) -> LiquidClassifier:
    """Return a liquid for measures of heart rate variability, one frame for each beat."""
    encoder = SideBySide((Rate(300 * Hz, frame=20 * ms, seed=seed), Delta(0.05, frame=20 * ms)))
    liquid = functools.partial(sparse_entry, n_neurons=n_neurons, seed=seed, sources=4, weight=1.0)
    return LiquidClassifier(liquid, encoder, Counts(bins=4, sqrt=True))


def sparse_entry(n_inputs: int, n_neurons: int, seed: int, sources: int, weight: float) -> Liquid:
    """Return a random balanced liquid in which each neuron receives about ``sources`` channels, with random signs."""
    n_inh, both = max(1, n_neurons // 5), ("exc", "inh")
    lif: dict[str, Any] = {"tau_m": 30 * ms, "tau_syn": 20 * ms, "t_ref": 2 * ms}
    recurrent, delay = 0.3 / (0.1 * n_neurons) ** 0.5, Uniform(1 * ms, 10 * ms)
    return Liquid(
        inputs=[Inputs("input", n_inputs)],
        neurons=[Neurons("exc", n_neurons - n_inh, **lif, sign=+1), Neurons("inh", n_inh, **lif, sign=-1)],
        synapses=[
            Synapses(
                "input",
                both,
                FixedProbability(min(1.0, sources / n_inputs)),
                Normal(0, weight),
                Uniform(1 * ms, 30 * ms),
            ),
            Synapses("exc", both, FixedProbability(0.1), Gamma(recurrent, shape=2), delay),
            Synapses("inh", both, FixedProbability(0.1), -Gamma(4 * recurrent, shape=2), delay),
        ],
        seed=seed,
    )
