"""Packing the synapses of a program into rows of whole vectors, a part at a time, so that it takes little memory beside them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import UnsupportedError
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned
from lsm_sim_fast.tables import Table, chunks


def pack(tables: Sequence[Table], rank: Ints, edges: Ints, slots: int, width: int, second: int, line: int) -> Packed:
    """Return packed synapses, those of one table after the other, with rows in vectors of ``line`` bytes.

    ``rank`` (N,) are the places of the program's neurons in the order of the layout; rows stay in the order of the program.
    ``second`` is the place in a slot, of ``width`` places, where arrivals of the second current begin.
    """
    shape = _Shape(rank, edges, width, slots * width, second)
    most = 64 - max(1, (shape.size - 1).bit_length())
    for kind, shift in (("uint32", 16), ("uint64", 32), ("uint64", most)):
        if shape.size <= 2 ** (8 * np.dtype(kind).itemsize - shift):
            try:
                return _packed(tables, shape, kind, shift, line // np.dtype(kind).itemsize)
            except OverflowError as error:
                needed = error
    raise UnsupportedError(
        f"fast: weights of {needed} bits do not fit beside the numbers of {shape.size} places; use shorter delays, or a "
        "coarser grid of weights (lower(..., weight_bits=16))"
    )


class Packed(NamedTuple):
    """Packed synapses, the bits of their mantissas, and rows in vectors, (tables, blocks, C+N+1)."""

    synapses: npt.NDArray[Any]
    shift: int
    indptr: Ints


class _Shape(NamedTuple):
    """Where neurons are: see `pack`; ``size`` is the number of places of all slots."""

    rank: Ints
    edges: Ints
    width: int
    size: int
    second: int


def _packed(tables: Sequence[Table], shape: _Shape, kind: str, shift: int, lanes: int) -> Packed:
    """Pack into this type; `OverflowError` tells how many bits the first mantissa that does not fit needs."""
    pieces, vectors = [], []
    for table in tables:
        for first, last in itertools.pairwise(shape.edges.tolist()):
            for rows in chunks(table.indptr):
                place, mantissa, starts = _rows(table, rows, (first, last), shape)
                largest = int(np.abs(mantissa).max(initial=0))
                if largest >= 2 ** (shift - 1):
                    raise OverflowError(largest.bit_length() + 1)
                place, mantissa, n_vectors = _filled_up(place, mantissa, starts, shape.size, lanes)
                low = mantissa.astype(np.uint64) & np.uint64(2**shift - 1)
                pieces.append((place.astype(np.uint64) << np.uint64(shift) | low).astype(kind))
                vectors.append(n_vectors)
    n_blocks, n_rows = shape.edges.size - 1, tables[0].indptr.size - 1
    ends = np.concatenate([[0], np.cumsum(np.concatenate(vectors))])
    begins = np.arange(len(tables) * n_blocks).reshape(len(tables), n_blocks, 1) * n_rows
    return Packed(_joined(pieces, kind), shift, ends[begins + np.arange(n_rows + 1)].astype("u4"))


def _rows(table: Table, rows: tuple[int, int], block: tuple[int, int], shape: _Shape) -> tuple[Ints, Ints, Ints]:
    """Return place and mantissa of the synapses from some rows to a block, sorted by row and place, and where rows start."""
    bounds = table.indptr[rows[0] : rows[1] + 1]
    part = slice(bounds[0], bounds[-1])
    row, post = np.repeat(np.arange(bounds.size - 1), np.diff(bounds)), shape.rank[table.post[part]]
    here = np.flatnonzero((post >= block[0]) & (post < block[1]))
    index = here + bounds[0]
    mantissa, delay, post, row = table.mantissa(index), table.delay[index], post[here], row[here]
    offset = shape.second * (table.receptor if np.ndim(table.receptor) == 0 else table.receptor[index])
    key = row * shape.size + delay * shape.width + offset + post - block[0]
    order = np.argsort(key, kind="stable")
    key, mantissa = key[order], mantissa[order]
    if table.merged:  # synapses of one row and place are one
        begins = np.flatnonzero(np.diff(key, prepend=-1))
        key = key[begins]
        mantissa = np.add.reduceat(mantissa, begins) if begins.size else mantissa
    return key % shape.size, mantissa, np.searchsorted(key, np.arange(bounds.size) * shape.size)


def _filled_up(place: Ints, mantissa: Ints, starts: Ints, size: int, lanes: int) -> tuple[Ints, Ints, Ints]:
    """Return the synapses with rows of whole vectors, and how many each row has.

    A row has at least one. What is added has weight 0 and places that its vector lacks.
    """
    length = np.diff(starts)
    vectors = np.maximum(1, -(-length // lanes))
    first = np.concatenate([[0], np.cumsum(vectors)]) * lanes
    old = np.repeat(first[:-1] - starts[:-1], length) + np.arange(place.size)
    filled_place, filled_mantissa = np.zeros(first[-1], np.int64), np.zeros(first[-1], np.int64)
    filled_place[old], filled_mantissa[old] = place, mantissa
    for row in np.flatnonzero(vectors * lanes > length):
        begin, end = first[row] + length[row], first[row + 1]
        taken = set(filled_place[end - lanes : begin].tolist())
        missing = (p for p in range(size) if p not in taken)
        filled_place[begin:end] = list(itertools.islice(missing, int(end - begin)))
    return filled_place, filled_mantissa, vectors


def _joined(pieces: list[npt.NDArray[Any]], kind: str) -> npt.NDArray[Any]:
    """Return one aligned array, so that no vector lies across two cache lines; empties the list."""
    out = aligned.empty(sum(piece.size for piece in pieces), kind)
    first = 0
    while pieces:
        piece = pieces.pop(0)
        out[first : first + piece.size] = piece
        first += piece.size
    return out
