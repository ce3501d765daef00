"""Spikes as an image, where single marks would overlap: the more spikes of a group in a cell, the stronger its colour."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb

from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

_CELL = 0.5  # points: width and least height of a cell
_PALEST = 0.15  # of a cell with a spike, so that no spike is invisible
_FULL = 0.99  # this share of the cells with spikes is paler than the full colour


def draw(
    ax: Any, one: Spikes, members: Mapping[str, Ints], paint: Mapping[str, Any], left: float, right: float
) -> None:
    """Draw the spikes of one sample, one image for each group, between the positions ``left`` and ``right`` of the x axis."""
    box = ax.get_window_extent()
    width, height = (72 / ax.figure.dpi * size for size in (box.width, box.height))
    n_columns = int(np.clip(width / _CELL, 1, one.n_steps[0]))
    edges = {name: _rows(index, height / one.n_channels) for name, index in members.items()}
    density = {name: _density(one, index, edges[name], n_columns) for name, index in members.items()}
    filled = np.concatenate([values[values > 0] for values in density.values()])
    full = float(np.quantile(filled, _FULL))
    for name, values in density.items():
        image = np.empty((*values.shape, 4))
        image[..., :3] = to_rgb(paint[name])
        image[..., 3] = np.where(values > 0, np.clip(values / full, _PALEST, 1), 0)
        low, high = edges[name][0] - 0.5, edges[name][-1] - 0.5
        ax.imshow(
            image, extent=(left, right, low, high), origin="lower", aspect="auto", interpolation="nearest", label=name
        )


def _rows(index: Ints, pitch: float) -> Ints:
    """Return the first neuron of each row of cells, and the end of the last; ``pitch`` is the height of a neuron in points."""
    first, last = int(index.min()), int(index.max()) + 1
    n = int(np.clip((last - first) * pitch / _CELL, 1, last - first))
    return np.linspace(first, last, n + 1).round().astype(np.int64)


def _density(one: Spikes, index: Ints, edges: Ints, n_columns: int) -> Floats:
    """Return spikes per neuron in each cell, shape (rows, columns)."""
    row_of = np.full(one.n_channels, -1)
    row_of[index] = np.searchsorted(edges, index, side="right") - 1
    row = row_of[one.channel]
    column = one.step.astype(np.int64) * n_columns // int(one.n_steps[0])
    mine = row >= 0
    n_rows = len(edges) - 1
    count = np.bincount(row[mine] * n_columns + column[mine], minlength=n_rows * n_columns)
    return np.asarray(count.reshape(n_rows, n_columns) / np.diff(edges)[:, None])
