"""What the packed layout cannot hold, found without packing."""

from __future__ import annotations

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim_fast.layout import MAX_PLACES, most_places
from lsm_sim_fast.tables import Table, plastic_tables, static_table
from lsm_sim_fast.tuning import DEFAULT, Tuning


def reasons(program: Program, tuning: Tuning = DEFAULT) -> list[str]:
    """Return why the program cannot be packed, whatever the number of threads; empty if it can.

    A synapse is 64 bits: the number of a place, which is a neuron and a step of delay, and the mantissa of its weight.
    """
    places = most_places(program, tuning)
    if places > MAX_PLACES:
        what = f"{program.n_neurons} neurons with delays up to {program.max_delay + 1} steps need {places} places"
        return [f"{what}, more than {MAX_PLACES}; use shorter delays or a larger dt"]
    room = 64 - max(1, (places - 1).bit_length())
    needed = _bits(program, room)
    if needed > room:
        what = f"weights of {needed} bits do not fit beside the numbers of {places} places"
        return [f"{what}; use shorter delays, or a coarser grid of weights (lower(..., weight_bits=16))"]
    return []


def _bits(program: Program, room: int) -> int:
    """Return the number of bits of the largest mantissa, with its sign; a bound of it where that is at most ``room``."""
    return max(_bits_of(table, room) for table in [static_table(program), *plastic_tables(program)])


def _bits_of(table: Table, room: int) -> int:
    largest = int(np.ldexp(np.abs(table.weight).max(initial=0), max(table.exponents)))
    longest_row = int(np.diff(table.indptr).max(initial=0)) if table.merged else 1
    bound = (largest * max(longest_row, 1)).bit_length() + 1
    return bound if bound <= room else _largest_merged(table).bit_length() + 1


def _largest_merged(table: Table) -> int:
    """Return the largest magnitude of a mantissa after adding up the synapses of a row that may be."""
    mantissa = table.mantissa(slice(None))
    if not table.merged:
        return int(np.abs(mantissa).max())
    sources = np.repeat(np.arange(table.indptr.size - 1), np.diff(table.indptr))
    receptor = np.broadcast_to(table.receptor, sources.shape)
    order = np.lexsort((receptor, table.delay, table.post, sources))
    keys = np.stack([sources, table.post, table.delay, receptor])[:, order]
    begins = np.flatnonzero(np.r_[True, (np.diff(keys) != 0).any(axis=0)])
    return int(np.abs(np.add.reduceat(mantissa[order], begins)).max())
