"""Packing the synapses of a program into rows of whole vectors, a part at a time, so that it takes little memory beside them."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned

_CHUNK = 2**14  # synapses that are sorted at a time


def pack(
    program: Program, rank: Ints, edges: Ints, slots: int, width: int, line: int
) -> tuple[npt.NDArray[Any], int, Ints]:
    """Return packed synapses, the bits of their mantissas, and rows in vectors of ``line`` bytes; see `Layout`.

    ``rank`` (N,) are the places of the program's neurons in the order of the layout; rows stay in the order of the program.
    """
    size = slots * width
    most = 64 - max(1, (size - 1).bit_length())
    for kind, shift in (("uint32", 16), ("uint64", 32), ("uint64", most)):
        if size <= 2 ** (8 * np.dtype(kind).itemsize - shift):
            try:
                return _packed(program, rank, edges, (width, size), kind, shift, line // np.dtype(kind).itemsize)
            except OverflowError as error:
                needed = error
    raise UnsupportedError(
        f"fast: weights of {needed} bits do not fit beside the numbers of {size} places; use shorter delays, or a "
        "coarser grid of weights (lower(..., weight_bits=16))"
    )


def chunks(program: Program) -> Iterator[tuple[int, int]]:
    """Yield ranges of rows with about `_CHUNK` synapses each, at least one row."""
    steps = np.searchsorted(program.indptr, np.arange(0, program.n_synapses, _CHUNK), side="right") - 1
    bounds = np.unique(np.concatenate([[0], steps, [program.n_inputs + program.n_neurons]]))
    yield from itertools.pairwise(bounds.tolist())


def _packed(
    program: Program, rank: Ints, edges: Ints, shape: tuple[int, int], kind: str, shift: int, lanes: int
) -> tuple[npt.NDArray[Any], int, Ints]:
    """Pack into this type; ``shape`` is width and places of the slots. `OverflowError` tells how many bits the first mantissa that does not fit needs."""
    pieces, vectors = [], []
    exponent = program.weight_exponent
    for first, last in itertools.pairwise(edges.tolist()):
        for rows in chunks(program):
            place, mantissa, starts = _rows(program, rank, rows, (first, last), shape, exponent)
            largest = int(np.abs(mantissa).max(initial=0))
            if largest >= 2 ** (shift - 1):
                raise OverflowError(largest.bit_length() + 1)
            place, mantissa, n_vectors = _filled_up(place, mantissa, starts, shape[1], lanes)
            low = mantissa.astype(np.uint64) & np.uint64(2**shift - 1)
            pieces.append((place.astype(np.uint64) << np.uint64(shift) | low).astype(kind))
            vectors.append(n_vectors)
    n_blocks, n_rows = edges.size - 1, program.n_inputs + program.n_neurons
    ends = np.concatenate([[0], np.cumsum(np.concatenate(vectors))])
    return (
        _joined(pieces, kind),
        shift,
        ends[np.arange(n_blocks)[:, None] * n_rows + np.arange(n_rows + 1)].astype("u4"),
    )


def _rows(
    program: Program,
    rank: Ints,
    rows: tuple[int, int],
    block: tuple[int, int],
    shape: tuple[int, int],
    exponent: int,
) -> tuple[Ints, Ints, Ints]:
    """Return place and mantissa of the synapses from some rows to a block, sorted by row and place, and where rows start."""
    bounds = program.indptr[rows[0] : rows[1] + 1]
    part = slice(bounds[0], bounds[-1])
    row, post = np.repeat(np.arange(bounds.size - 1), np.diff(bounds)), rank[program.post[part]]
    here = np.flatnonzero((post >= block[0]) & (post < block[1]))
    weight, delay, post, row = program.weight[part][here], program.delay[part][here], post[here], row[here]
    mantissa = weight if program.arithmetic == "loihi" else np.ldexp(weight, exponent).astype(np.int64)
    width, size = shape
    key = row * size + delay * width + post - block[0]
    order = np.argsort(key, kind="stable")
    key, mantissa = key[order], mantissa[order]
    begins = np.flatnonzero(np.diff(key, prepend=-1))  # synapses of one row and place are one
    key = key[begins]
    mantissa = np.add.reduceat(mantissa, begins) if begins.size else mantissa
    return key % size, mantissa, np.searchsorted(key, np.arange(bounds.size) * size)


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
