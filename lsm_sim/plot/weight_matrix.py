"""All synapses of a program as one matrix."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize

from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.support import figures
from lsm_sim.support.checks import Floats, Ints

Groups = list[tuple[str, range]]  # not a mapping, because an input group may have the name of a neuron group

_CELLS = 240  # per axis; about the resolution of 3.4 inches in print
_MOST_CLIPPED = 0.01  # fraction of the cells whose colour may be clipped at the ends of the scale
_LINE, _CHARACTER = 0.055, 0.028  # height and width of a letter of a group name, as fractions of the axis


def weights(program: Program, ax: Axes | None = None) -> Axes:
    """Draw the weight matrix, from input channels and neurons (rows) to neurons (columns), with group labels.

    If a network is too large for one cell per pair, a cell contains several neurons and shows the mean weight of
    their pairs (a pair without synapse counts as 0). The colour scale is centred at 0.

    Parameters
    ----------
    program
        From ``lsm_sim.lower(liquid, dt)``, or ``result.program``.
    ax
        Where to draw; None: a new figure.
    """
    if not isinstance(program, Program):
        raise DescriptionError(f"weights: got {type(program).__name__}, expected a Program; see lsm_sim.lower")
    rows = _filled(program.rows())
    columns = _filled(list(program.neuron_groups.items()))
    row_edges, column_edges = _edges(rows), _edges(columns)
    values, binned = _cells(program, row_edges, column_edges)
    ax = figures.axes(ax, height=2.9)
    figures.tidy(ax, "Postsynaptic", "Presynaptic", frame=True)
    limit = _limit(values)
    image = ax.pcolormesh(
        column_edges, row_edges, values, cmap=figures.SIGNED, norm=Normalize(-limit, limit), rasterized=True
    )
    largest = np.abs(values.compressed()).max(initial=0.0)
    unit = "of the program" if program.units is None else "units of v"
    figures.bar(
        ax, image, f"{'Mean weight' if binned else 'Weight'} ({unit})", "both" if largest > limit else "neither"
    )
    ax.set_xlim(0, program.n_neurons)
    ax.set_ylim(program.n_inputs + program.n_neurons, 0)
    _label_groups(ax, ax.xaxis, columns)
    _label_groups(ax, ax.yaxis, rows)
    return ax


def _filled(groups: Groups) -> Groups:
    return [(name, members) for name, members in groups if len(members)]


def _edges(groups: Groups) -> Ints:
    """Return the edges of the cells along one axis; every group starts a new cell."""
    total = groups[-1][1].stop
    width = -(-total // _CELLS)
    starts = [np.arange(members.start, members.stop, width) for _, members in groups]
    return np.append(np.concatenate(starts), total)


def _cells(program: Program, row_edges: Ints, column_edges: Ints) -> tuple[Any, bool]:
    """Return the mean weight of each cell, masked in cells without synapses, and whether cells contain several pairs."""
    shape = (len(row_edges) - 1, len(column_edges) - 1)
    synapses = program.synapses()
    row = np.searchsorted(row_edges, synapses.source, side="right") - 1
    column = np.searchsorted(column_edges, synapses.post, side="right") - 1
    flat = row * shape[1] + column
    total = np.bincount(flat, weights=program.weights(), minlength=shape[0] * shape[1]).reshape(shape)
    present = np.bincount(flat, minlength=shape[0] * shape[1]).reshape(shape)
    pairs = np.outer(np.diff(row_edges), np.diff(column_edges))
    return np.ma.masked_array(total / pairs, present == 0), bool(pairs.max() > 1)


def _limit(values: Any) -> float:
    """Return the end of the colour scale: the largest magnitude, without the outermost 1 %."""
    sizes = np.abs(values.compressed())
    sizes = sizes[sizes > 0]
    return float(np.quantile(sizes, 1 - _MOST_CLIPPED)) if sizes.size else 1.0


def _label_groups(ax: Any, axis: Any, groups: Groups) -> None:
    """Label each group at its middle and draw lines between groups."""
    total = groups[-1][1].stop
    middles = np.array([(members.start + members.stop) / 2 for _, members in groups])
    borders = [members.stop for _, members in groups[:-1]]
    sizes = np.full(len(groups), _LINE)
    lying = np.array([_CHARACTER * (len(name) + 1) for name, _ in groups])
    if axis is ax.xaxis and lying.sum() <= 1:
        sizes = lying
    elif axis is ax.xaxis:
        axis.set_tick_params(rotation=90)
    axis.set_ticks(spread(middles, sizes * total, total), [name for name, _ in groups])
    axis.set_ticks(borders, minor=True)
    axis.set_tick_params(which="major", length=0, pad=6)
    axis.set_tick_params(which="minor", length=4, width=figures.THIN)
    line = ax.axvline if axis is ax.xaxis else ax.axhline
    for border in borders:
        line(border, color="black", linewidth=figures.THIN)


def spread(places: Floats, sizes: Floats, total: float) -> Floats:
    """Move ascending ``places`` apart as little as possible, so that labels of these sizes do not overlap within 0..total."""
    sizes = sizes * min(1.0, total / sizes.sum())
    gaps = (sizes[1:] + sizes[:-1]) / 2
    out = places.astype(np.float64)
    for i, gap in enumerate(gaps):
        out[i + 1] = max(out[i + 1], out[i] + gap)
    ceiling = total - sizes[-1] / 2
    for i in range(len(out) - 1, -1, -1):
        out[i] = min(out[i], ceiling)
        ceiling = out[i] - (gaps[i - 1] if i else 0)
    return out
