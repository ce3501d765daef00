"""The memory that synapses need in a core: 64-bit words of each input axon.

The synapses that a source has in a core are stored in blocks of at most 64. A block takes its synapses and 10 bits, rounded up to
whole words (nengo-loihi, block.py). With 20 bits per synapse this gives what Intel's compiler printed for Loihi 2: 4, 16 and 21
words for axons with 10, 50 and 64 targets (lava-dl, MNIST notebook).
"""

from __future__ import annotations

import numpy as np

from lsm_sim.deploy.chips import Chip
from lsm_sim.support.checks import Ints

WORD = 64  # bits
BLOCK = 64  # synapses
_OVERHEAD = 4 + 6  # bits of a block


def synapse_words(n_synapses: int | Ints, bits: int) -> Ints:
    """Return the words of input axons with so many synapses of ``bits`` each; 0 synapses need none.

    >>> synapse_words(np.array([0, 1, 10, 50, 64, 65]), bits=20)
    array([ 0,  1,  4, 16, 21, 22])
    """
    full, rest = np.divmod(np.asarray(n_synapses, np.int64), BLOCK)
    return np.asarray(full * _words(np.int64(BLOCK), bits) + np.where(rest > 0, _words(rest, bits), 0))


def _words(n_synapses: Ints | np.int64, bits: int) -> Ints:
    return np.asarray(-(-(n_synapses * bits + _OVERHEAD) // WORD))


def synapse_bits(chip: Chip, longest_delay: int) -> int:
    """Return the bits of a synapse: weight, index of the target, and a delay as wide as the longest one needs.

    None of the printed rows is known to have delays, so that their bits are an assumption on the safe side.
    """
    return chip.weight_bits.value + chip.index_bits.value + longest_delay.bit_length()
