"""What the mapping needs of a program: which source feeds which neuron, and which settings neurons can share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from lsm_sim.deploy.chips import Chip
from lsm_sim.deploy.mapping.words import synapse_bits, synapse_words
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints

_SETTINGS = ("du", "dv", "du2", "dw", "decay_u", "decay_v", "decay_u2", "decay_w", "jump", "refractory")
_ACCUMULATORS = (8, 16, 32, 64)  # per neuron of Loihi 1; the longest delay is two less


@dataclass(frozen=True, eq=False)
class Network:
    """The distinct pairs of source row and target neuron of a program; rows are those of `Program`.

    Parameters
    ----------
    n_inputs, n_neurons
        C and N.
    row, post, count
        Pairs sorted by target, and the synapses of each, (P,).
    first
        Where the pairs of each neuron begin, (N+1,).
    target, first_target
        The targets of each row, (P,), and where they begin, (C+N+1,).
    words
        The words of an input axon by its number of synapses.
    settings
        By limit, a number for each neuron, (N,): neurons with the same number share a setting.
    formats
        For each neuron a set of bits, one for each exponent of the weights into it, (N,).
    accumulators
        Dendritic accumulators of a neuron.
    longest_delay
        In steps.
    """

    n_inputs: int
    n_neurons: int
    row: Ints
    post: Ints
    count: Ints
    first: Ints
    target: Ints
    first_target: Ints
    words: Ints
    settings: Mapping[str, Ints]
    formats: Ints
    accumulators: int
    longest_delay: int

    @cached_property
    def n_targets(self) -> Ints:
        """The number of targets of each neuron, (N,)."""
        return np.diff(self.first_target[self.n_inputs :])

    def sources(self, neuron: int) -> slice:
        """Return where the pairs are that end at a neuron."""
        return slice(int(self.first[neuron]), int(self.first[neuron + 1]))

    def linked(self, neuron: int) -> Ints:
        """Return the neurons that a neuron sends to, then those that send to it."""
        row = neuron + self.n_inputs
        sources = self.row[self.sources(neuron)] - self.n_inputs
        targets = self.target[self.first_target[row] : self.first_target[row + 1]]
        return np.concatenate([targets, sources[sources >= 0]])

    def links(self) -> tuple[Ints, Ints]:
        """Return the pairs of two different neurons, in both directions."""
        pre = self.row - self.n_inputs
        own = (pre >= 0) & (pre != self.post)
        pre, post = pre[own], self.post[own]
        return np.concatenate([pre, post]), np.concatenate([post, pre])


def network(program: Program, chip: Chip) -> Network:
    """Return what the mapping needs of a program; synapses of weight 0 are left out, as they are on the chip."""
    synapses = program.synapses()
    stored = synapses.weight != 0
    n, rows = program.n_neurons, program.n_inputs + program.n_neurons
    post, row, count = summed(
        synapses.post[stored], synapses.source[stored], np.ones(stored.sum(), np.int64), (n, rows)
    )
    by_row = np.argsort(row, kind="stable")
    longest = int(synapses.delay[stored].max(initial=0))
    most = int(np.bincount(row, count).max(initial=0))
    return Network(
        program.n_inputs,
        n,
        row,
        post,
        count,
        _starts(post, n),
        post[by_row],
        _starts(row, rows),
        synapse_words(np.arange(most + 1), synapse_bits(chip, longest)),
        _settings(program),
        _formats(program),
        next((a for a in _ACCUMULATORS if longest <= a - 2), _ACCUMULATORS[-1]),
        longest,
    )


def summed(row: Ints, column: Ints, value: Ints, shape: tuple[int, int]) -> tuple[Ints, Ints, Ints]:
    """Return the distinct pairs of row and column, sorted, and the sum of the values of each."""
    from scipy import sparse

    matrix = sparse.coo_array((value, (row, column)), shape=shape).tocsr()
    matrix.sort_indices()
    rows = np.repeat(np.arange(shape[0]), np.diff(matrix.indptr))
    return rows, matrix.indices.astype(np.int64), matrix.data


def _starts(sorted_by: Ints, size: int) -> Ints:
    return np.concatenate([[0], np.cumsum(np.bincount(sorted_by, minlength=size))])


def _settings(program: Program) -> dict[str, Ints]:
    """Return a number for each distinct setting of neurons: Lava's LIF has one du, dv and threshold for all neurons of a process."""
    columns = [values for name, values in program.arrays.items() if name in _SETTINGS]
    threshold = program.arrays["threshold"]
    return {
        "neuron configurations": _numbered(columns),
        "thresholds": _numbered([threshold]),
        "neuron groups": _numbered([*columns, threshold]),
    }


def _numbered(columns: list[Ints]) -> Ints:
    table = np.stack([np.unique(column, return_inverse=True)[1].reshape(-1) for column in columns], axis=1)
    return np.unique(table, axis=0, return_inverse=True)[1].reshape(-1)


def _formats(program: Program) -> Ints:
    """Return the exponents of the weights into each neuron, as bits; a projection has the exponent of its largest weight."""
    formats = np.zeros(program.n_neurons, np.int64)
    weight = program.synapses().weight
    for projection in program.projections():
        exponent = 0
        if program.arithmetic == "loihi":
            exponent = max(int(np.abs(weight[projection.index]).max()).bit_length() - 8, 0)
        formats[np.unique(projection.target) + projection.members.start] |= 1 << exponent
    return formats
