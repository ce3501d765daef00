"""What each core of a partition uses, counted from all synapses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.deploy.chips import Chip
from lsm_sim.deploy.mapping.network import Network, summed
from lsm_sim.support.checks import Ints


@dataclass(frozen=True, eq=False)
class Usage:
    """What each of K cores uses.

    Parameters
    ----------
    measures
        By limit, (K,).
    words
        64-bit words by kind, (K,).
    synapses
        Number of synapses, (K,).
    messages
        Distinct pairs of a neuron and another core that it sends to.
    input_messages
        Distinct pairs of an input channel and a core.
    """

    measures: Mapping[str, Ints]
    words: Mapping[str, Ints]
    synapses: Ints
    messages: int
    input_messages: int


def words_by_kind(kinds: tuple[str, ...], counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return the words of each kind, of one core or of many.

    A core needs one word for each neuron, neuron group, input axon, and pair of a neuron and a core that it sends to. Axon
    memory was used only by shared convolution kernels in all printed rows.
    """
    every = {
        "input axons": counts["input axons"],
        "neuron groups": counts["neuron groups"],
        "neurons": counts["neurons"],
        "synapses": counts["synapse words"],
        "axon map": counts["output axons"],
        "axon memory": 0 * counts["neurons"],
    }
    return {kind: every[kind] for kind in kinds}


def complete(kinds: tuple[str, ...], accumulators: int, counts: Mapping[str, Any]) -> dict[str, Any]:
    """Return every measure from those that are counted, of one core or of many."""
    return {
        **counts,
        "axon map words": counts["output axons"],
        "axon memory words": 0 * counts["neurons"],
        "words": sum(words_by_kind(kinds, counts).values(), 0 * counts["neurons"]),
        "dendritic accumulators": accumulators * counts["neurons"],
    }


def usage(net: Network, chip: Chip, core: Ints, n_cores: int) -> Usage:
    """Count what each core uses, with ``core`` the core of each neuron."""
    row, to, synapses = summed(net.row, core[net.post], net.count, (net.n_inputs + net.n_neurons, n_cores))
    from_neuron = row >= net.n_inputs
    sender = core[row[from_neuron] - net.n_inputs]

    def total(at: Ints, weights: Any = None) -> Ints:
        return np.bincount(at, weights, minlength=n_cores).astype(np.int64)

    counts = {
        "neurons": total(core),
        "input axons": total(to),
        "output axons": total(sender),
        "synapse words": total(to, net.words[synapses]),
        "synapse formats": _formats(net, core, n_cores),
    }
    for name, number in net.settings.items():
        counts[name] = total(np.unique(core * net.n_neurons + number) // max(net.n_neurons, 1))
    measures = complete(chip.word_kinds, net.accumulators, counts)
    words = words_by_kind(chip.word_kinds, counts)
    messages = int(np.count_nonzero(sender != to[from_neuron]))
    return Usage(measures, words, total(to, synapses), messages, int(np.count_nonzero(~from_neuron)))


def _formats(net: Network, core: Ints, n_cores: int) -> Ints:
    joined = np.zeros(n_cores, np.int64)
    np.bitwise_or.at(joined, core, net.formats)
    return np.array([int(bits).bit_count() for bits in joined], np.int64)
