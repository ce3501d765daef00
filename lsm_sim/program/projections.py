"""The synapses of a program by pair of groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lsm_sim.support.checks import Ints
from lsm_sim.support.printing import short_repr


@dataclass(frozen=True, eq=False, repr=False)
class Projection:
    """All synapses from one group to another, at least one.

    Parameters
    ----------
    pre, post
        Names of the groups.
    rows
        Rows of the program that ``pre`` covers: input channels as they are, neurons after them.
    members
        Neurons of ``post``.
    index
        Indices of these synapses in the program, ascending, shape (S,).
    source, target
        Indices within ``pre`` and ``post`` of each synapse's neurons, shape (S,).
    """

    pre: str
    post: str
    rows: range
    members: range
    index: Ints
    source: Ints
    target: Ints

    def __repr__(self) -> str:
        return short_repr(self)

    @property
    def label(self) -> str:
        """Both names, for printing."""
        return f"{self.pre} -> {self.post}"


def rows_of_groups(n_inputs: int, inputs: Mapping[str, range], neurons: Mapping[str, range]) -> list[tuple[str, range]]:
    """Return the rows of each source group, in order; not a mapping, because both kinds may use the same name."""
    shifted = [(name, range(n_inputs + m.start, n_inputs + m.stop)) for name, m in neurons.items()]
    return [*inputs.items(), *shifted]


def split(indptr: Ints, post: Ints, sources: list[tuple[str, range]], neurons: Mapping[str, range]) -> list[Projection]:
    """Return a projection for each pair of groups with synapses, ordered by source group, then target group."""
    stops = np.array([members.stop for members in neurons.values()])
    out = []
    for pre, rows in sources:
        first, last = int(indptr[rows.start]), int(indptr[rows.stop])
        own = post[first:last]
        group = np.searchsorted(stops, own, side="right")
        source = np.repeat(np.arange(len(rows)), np.diff(indptr[rows.start : rows.stop + 1]))
        for number, (name, members) in enumerate(neurons.items()):
            inside = np.flatnonzero(group == number)
            if inside.size:
                target = own[inside] - members.start
                out.append(Projection(pre, name, rows, members, first + inside, source[inside], target))
    return out
