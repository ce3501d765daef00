"""Encoders: from signals to spikes.

A signal is an array (T, C): T frames of C channels. Every frame lasts ``frame`` seconds (None: one step). The rule for what is
one sample and what is a batch: an array (T, C) is one sample; an array (B, T, C) is a batch of B; a list is a batch, one
signal per item, of any lengths, where an array (C,) is a signal of one frame. A list of lists of numbers could be either and is
refused.

Each encoder exists as a callable class, ``Rate(max_rate=200 * Hz)(signals, dt=1 * ms)``, and as a function,
``rate(signals, max_rate=200 * Hz, dt=1 * ms)``.

The spikes of a sample depend on its values, the encoder's settings with its seed, and the number of the trial; not on the
batch. This holds for functions, classes and estimators, which use trial 0. So equal calls return equal spikes, and a loop over
trials says which trial it wants:

    for k in range(50):
        spikes = poisson(signal, max_rate=80 * Hz, dt=1 * ms, trials=[k])

``poisson(signal, ..., trials=50)`` returns the same 50 samples at once.

``encoder.stream(n_features, dt)`` is fed one signal frame by frame, see `lsm_sim.encode.streaming`.
"""

from lsm_sim.encode.bits import Bits, bits
from lsm_sim.encode.bsa import BSA, bsa
from lsm_sim.encode.change import Delta, delta
from lsm_sim.encode.graded import Graded, graded
from lsm_sim.encode.passthrough import Passthrough, passthrough
from lsm_sim.encode.population import Population, population
from lsm_sim.encode.rates import Latency, Poisson, Rate, latency, poisson, rate
from lsm_sim.encode.side_by_side import SideBySide, side_by_side
from lsm_sim.encode.signals import Encoder
from lsm_sim.encode.streaming import EncoderStream, start_encoder

__all__ = [
    "BSA",
    "Bits",
    "Delta",
    "Encoder",
    "EncoderStream",
    "Graded",
    "Latency",
    "Passthrough",
    "Poisson",
    "Population",
    "Rate",
    "SideBySide",
    "bits",
    "bsa",
    "delta",
    "graded",
    "latency",
    "passthrough",
    "poisson",
    "population",
    "rate",
    "side_by_side",
    "start_encoder",
]
