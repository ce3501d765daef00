"""Neurons and connections in space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lsm_sim.describe.drawing import draw_positions, draw_synapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats


def column(
    liquid: Liquid,
    ax: Axes | None = None,
    *,
    max_connections: int = 300,
    seed: int = 0,
    colours: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the neurons of a liquid at their positions, and some of its connections, in 3-D.

    Groups without positions are omitted. Connections with positive weights are blue, those with negative weights vermilion.

    Parameters
    ----------
    ax
        3-D Axes (``projection="3d"``).
    max_connections
        Maximum number of connections to draw, chosen at random.
    seed
        Seed of that choice.
    colours
        Colours by group name, instead of the default ones.
    """
    if not isinstance(liquid, Liquid):
        raise DescriptionError(f"column: got {type(liquid).__name__}, expected a Liquid")
    drawn = {group.name: draw_positions(group, liquid.seed) for group in liquid.neurons}
    positions = {name: points for name, points in drawn.items() if points is not None}
    if not positions:
        raise DescriptionError("column: no group has positions; give Neurons positions=lsm_sim.grid(...)")
    wanted = checks.whole(max_connections, "column max_connections")
    paint = figures.group_colours(list(positions), colours)
    ends, weight = _connections(liquid, positions, wanted, seed)
    space = figures.axes(ax, height=3.0, projection="3d")
    drawn_signs = _draw_connections(space, ends, weight)
    size = float(np.clip(1500 / sum(map(len, positions.values())), 2.5, 14))
    for name, place in positions.items():
        space.scatter(
            *place.T, s=size, color=paint[name], label=name, linewidths=0.2, edgecolors="white", depthshade=False
        )
    points = np.concatenate(list(positions.values()))
    margin = 0.04 * np.ptp(points, axis=0).max() or 0.5  # a single neuron has no extent
    figures.frame_3d(space, points.min(axis=0) - margin, points.max(axis=0) + margin, "xyz", same_unit=True)
    figures.legend(space, paint, above=True, lines=drawn_signs)
    return space  # type: ignore[no-any-return]


def _connections(liquid: Liquid, positions: Mapping[str, Floats], most: int, seed: int) -> tuple[Floats, Floats]:
    """Return the ends, shape (n, 2, 3), and weights, shape (n,), of connections chosen at random."""
    parts = [p for p in draw_synapses(liquid) if p.pre in positions and p.post in positions]
    starts = np.concatenate([[0], np.cumsum([len(p.source) for p in parts])]).astype(np.int64)
    total = int(starts[-1])
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(total, min(most, total), replace=False))
    ends, weight = [np.empty((0, 2, 3))], [np.empty(0)]
    for part, start, stop in zip(parts, starts, starts[1:], strict=False):
        mine = chosen[(chosen >= start) & (chosen < stop)] - start
        pre, post = positions[part.pre][part.source[mine]], positions[part.post][part.target[mine]]
        ends.append(np.stack([pre, post], axis=1))
        weight.append(part.weight[mine])
    return np.concatenate(ends), np.concatenate(weight)


def _draw_connections(ax: Any, ends: Floats, weight: Floats) -> dict[str, str]:
    """Draw the connections of each sign, and return the colours used, by name."""
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    used = {}
    for sign, label, colour in ((1, "excitatory", figures.BLUE), (-1, "inhibitory", figures.VERMILION)):
        mine = ends[np.sign(weight) == sign]
        if len(mine):
            used[label] = colour
            ax.add_collection3d(Line3DCollection(mine, colors=colour, linewidths=0.4, alpha=0.35, label=label))
    return used
