"""The numbers that decide how fast a program runs; none of them changes a bit of what comes out."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Tuning:
    """Sizes at which the engine changes what it does; measured as docs/performance.md says.

    Parameters
    ----------
    block
        Places of a block of neurons: what 16 bits of a synapse can name, and a quarter of a usual second-level cache.
    short_row
        Synapses; blocks are not made so narrow that the mean row falls below.
    large
        Synapses; more of them leave the second-level cache and are asked for sooner.
    share
        Neurons; a thread that shares a sample gets at least so many: below, waiting costs more than it gains.
    spike_buffer
        Spikes; more than any step needs, and few enough to stay in cache.
    pull
        Pull 64 samples side by side wherever that can be done (True) or never (False); None: where it is faster.
    pull_samples
        Per thread; fewer are never pulled: 64 lanes cost as much as eight samples of neurons that all fire as often as they can.
    pull_neurons
        The state of 64 samples of more neurons outgrows the second-level cache, so they are never pulled.
    pull_words
        Words of spikes that a step reads; more (512 KiB) outgrow it, too.
    pull_share
        As ``share``, for threads that share 64 samples, which take longer for a neuron.
    """

    block: int = 2**16
    short_row: int = 32
    large: int = 2**18
    share: int = 2000
    spike_buffer: int = 2**16
    pull: bool | None = None
    pull_samples: int = 8
    pull_neurons: int = 2000
    pull_words: int = 2**16
    pull_share: int = 64


DEFAULT = Tuning()
