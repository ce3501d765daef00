"""The layout in which the push kernel reads a program: blocks of target neurons, synapses packed by source.

A weight is an integer mantissa times 2^-e, so arrivals are sums of integers: exact, in any order, whoever adds them. They
wait in slots, one per step of delay, slot-major. The slots in use move through a strip of memory that is several times as
long, one slot further in each step; at its end, what still waits is carried back to its beginning. So adding to it needs no
wrapping around.

Slots that outgrow the cache are cut into blocks of target neurons, each with a strip and rows of its own. Threads that
share one sample get a run of blocks each. Rows are sorted by place, which makes the scatter run forward through memory,
and synapses of a row that share a place are merged, which lets it handle many at a time.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import RunError, UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints
from lsm_sim_fast import aligned
from lsm_sim_fast.bounds import largest_sum, wide
from lsm_sim_fast.compiled.rows import UNROLLED, VECTOR
from lsm_sim_fast.packing import Packed, pack
from lsm_sim_fast.tables import exponents, plastic_tables, static_table
from lsm_sim_fast.tuning import DEFAULT, Tuning

LINE = 16  # neurons; keeps every slot and every block aligned to vectors and, int32, to cache lines
MAX_PLACES = 2**31


@dataclass(frozen=True, eq=False)
class Layout:
    """A program as the push kernel reads it, for ``n_parts`` threads per sample.

    Parameters
    ----------
    order
        The program's number of each neuron, (N,); edges and places count neurons in this order.
    edges
        First neuron of each block, and N, (blocks + 1,).
    parts
        First block of each thread, and the number of blocks, (n_parts + 1,).
    indptr
        Rows by block and source, input channels first, in vectors, (blocks, C+N+1).
    packed
        Synapses: place relative to the next slot above ``shift`` bits of mantissa. uint32 with a shift of 16 where both
        fit, else uint64, with a shift of 32 where that is enough, as it always is beside a strip of int32. Every row is whole
        vectors, at least one, filled up with synapses of weight 0. Vectors have the 64 bytes that are scattered at a time,
        or the 32 whose loop is written out.
    shift
        As above.
    scales
        2^-e, the unit of mantissas (1.0 for loihi), by receptor.
    plastic
        Synapses of the blocks with short-term plasticity, packed in the same way by their own grids, rows in 32 bytes; None
        without such blocks.
    slots, width
        Shape of a block's slots: longest delay in steps, and neurons of the largest block, rounded up to vectors of 16; twice
        as many places with two synaptic currents.
    second
        Place in a slot where arrivals of the second current begin.
    span
        Slots of a block's strip.
    strip_type
        int32 where every possible sum of arrivals fits, else int64.
    wide
        See `lsm_sim_fast.bounds.wide`.
    ahead, lines
        So many rows ahead synapses are asked for (0: not at all), and so many cache lines of each: those of a mean row.
    rows
        Which form delivers synapses, as in `lsm_sim_fast.form.Form`.
    sortable
        Whether neurons are sorted where that is asked for: `lay_out` says why one would.
    """

    order: Ints
    edges: Ints
    parts: Ints
    indptr: Ints
    packed: npt.NDArray[Any]
    shift: int
    scales: tuple[float, ...]
    plastic: Packed | None
    slots: int
    width: int
    second: int
    span: int
    strip_type: type
    wide: bool
    ahead: int
    lines: int
    rows: int | None
    sortable: bool

    def check_indices(self) -> None:
        """Raise `RunError` if a kernel would read or write outside its arrays; takes 10 microseconds for 100 000 synapses."""
        size = self.slots * self.width
        line = VECTOR if self.rows is not None else UNROLLED
        valid = (
            _valid(self.packed, self.shift, self.indptr, size, line)
            and (self.plastic is None or _valid(*self.plastic, size, UNROLLED))
            and 0 <= self.order.min() <= self.order.max() < self.order.size == self.edges[-1]
            and bool((np.diff(self.edges) > 0).all())
            and int(np.diff(self.edges).max()) <= self.width
        )
        if not valid:
            raise RunError("fast: the packed synapses were changed in memory; lower the program again")

    @property
    def strip_bytes(self) -> int:
        """Size of all strips."""
        return (self.edges.size - 1) * self.span * self.width * np.dtype(self.strip_type).itemsize

    def describe(self) -> str:
        """Return what was chosen, in words."""
        bits = 8 * self.packed.itemsize
        return f"{bits}-bit synapses, {self.edges.size - 1} block(s) of up to {self.width} neurons, {self.slots} slots"


def _valid(packed: npt.NDArray[Any], shift: int, ends: Ints, size: int, line: int) -> bool:
    """Return whether all places and rows are inside their arrays."""
    return (
        int(packed.max(initial=0)) >> shift < size
        and bool((ends[..., 1:] >= ends[..., :-1]).all())
        and int(ends.max(initial=0)) <= packed.size * packed.itemsize // line
    )


def lay_out(
    program: Program,
    n_parts: int = 1,
    rows: int | None = None,
    *,
    sort: bool = False,
    tuning: Tuning = DEFAULT,
    largest: float | None = None,
) -> Layout:
    """Return the layout of ``program`` for ``n_parts`` threads per sample; ``rows`` says which form delivers its synapses.

    ``largest`` is the largest sum of arrivals, where payloads make it larger than the weights alone.
    ``sort`` sorts neurons by the length of their rows, in a network of one block whose synapses are delivered in a loop. Then
    rows that are sent one after the other are about equally long, and a processor guesses where they end. But spikes of a
    step come in this order, so it suits counts alone.
    """
    slots = program.max_delay + 1
    edges, parts = _blocks(program, n_parts, tuning)
    second = whole_lines(int(np.diff(edges).max()))
    width = second * program.n_receptors
    if slots * width > MAX_PLACES:
        raise UnsupportedError(
            f"fast: {program.n_neurons} neurons with delays up to {program.max_delay + 1} steps need "
            f"{slots * width} places, more than {MAX_PLACES}; use shorter delays or a larger dt"
        )
    sortable = edges.size == 2 and rows is None
    order = _order(program, sort=sort and sortable)
    largest = largest_sum(program) if largest is None else largest
    form = np.argsort(order), edges, slots, width, second
    packed, shift, indptr = pack([static_table(program)], *form, UNROLLED if rows is None else VECTOR)
    plastic = plastic_tables(program)
    n_rows = (program.n_inputs + program.n_neurons) * (edges.size - 1)
    return Layout(
        order=order,
        edges=edges,
        parts=parts,
        indptr=indptr[0],
        packed=packed,
        shift=shift,
        scales=tuple(2.0**-exponent for exponent in exponents(program)),
        plastic=pack(plastic, *form, UNROLLED) if plastic else None,
        slots=slots,
        width=width,
        second=second,
        span=_span(slots, width, tuning),
        strip_type=np.int32 if largest < 2.0**31 else np.int64,
        wide=wide(program, largest),
        ahead=_ahead(program, rows, tuning),
        lines=-(-packed.nbytes // (aligned.LINE * n_rows)),
        rows=rows,
        sortable=sortable,
    )


def power_of_two(n: int) -> int:
    """Return the smallest power of two >= n."""
    return 1 << (n - 1).bit_length()


def whole_lines(n: int) -> int:
    """Return n rounded up to whole vectors of neurons."""
    return -(-n // LINE) * LINE


def _order(program: Program, *, sort: bool) -> Ints:
    length = np.diff(program.indptr)[program.n_inputs :]
    return (np.argsort(-length, kind="stable") if sort else np.arange(length.size)).astype(np.int32)


def _ahead(program: Program, rows: int | None, tuning: Tuning) -> int:
    """Return how many rows ahead synapses are asked for.

    A loop always asks for the next row, which is then read from the first-level cache; vectors find rows in the second-level
    cache soon enough. Where synapses come from farther away, both ask sooner.
    """
    near, far = (1, 2) if rows is None else (0, 4)
    return far if program.n_synapses > tuning.large else near


def _span(slots: int, width: int, tuning: Tuning) -> int:
    """Return the slots of a strip: at least twice those in use, so that what is carried back does not overlap itself.

    Where that is not large, four times as many: then a slot is carried in every third step and not in each.
    """
    return slots * (4 if slots * width <= tuning.block else 2)


def most_places(program: Program, tuning: Tuning) -> int:
    """Return the largest number of places that a block may have, whatever the number of threads."""
    width = whole_lines(min(program.n_neurons, _widest_block(program, tuning)))
    return (program.max_delay + 1) * width * program.n_receptors


def _widest_block(program: Program, tuning: Tuning) -> int:
    """Return the largest number of neurons of a block."""
    n, rows = program.n_neurons, program.n_inputs + program.n_neurons
    row = program.n_synapses / rows
    within = np.cumsum(np.bincount(program.synapses().delay, minlength=1))
    busy = (int(np.searchsorted(within, 0.99 * within[-1])) + 1) * program.n_receptors
    return max(LINE, tuning.block // busy, int(n * tuning.short_row / max(row, tuning.short_row)))


def _blocks(program: Program, n_parts: int, tuning: Tuning) -> tuple[Ints, Ints]:
    """Return the edges of blocks and of parts; all parts have equally many neurons and all blocks of a part nearly so.

    A block holds ``tuning.block`` places, or more where rows would get shorter than ``tuning.short_row``. A few long delays
    make a strip long but not busy: what counts is the part of it that 99 % of the synapses write to.
    """
    most = _widest_block(program, tuning)
    part_edges = np.linspace(0, program.n_neurons, n_parts + 1).astype(np.int64)
    edges, parts = [np.zeros(1, np.int64)], [0]
    for first, last in itertools.pairwise(part_edges):
        n_blocks = max(1, -(-int(last - first) // most))
        block = max(LINE, whole_lines(-(-int(last - first) // n_blocks)))
        edges.append(np.append(np.arange(first + block, last, block), last))
        parts.append(parts[-1] + edges[-1].size)
    return np.concatenate(edges), np.array(parts)
