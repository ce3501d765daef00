"""Where neurons are drawn: at their positions in space, or in a plane, group by group, where there are none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lsm_sim.describe.drawing import draw_positions
from lsm_sim.describe.liquid import Liquid
from lsm_sim.support.checks import Floats


@dataclass(frozen=True, eq=False)
class Places:
    """Coordinates of all neurons (N, 3), whether they are positions in space, and what to say about them."""

    points: Floats
    in_space: bool
    remark: str


def places(liquid: Liquid | None, groups: Mapping[str, range]) -> Places:
    """Return the places of the neurons of these groups."""
    if liquid is None:
        return Places(in_plane(groups), False, "The network is a program, which has no positions.")
    drawn = {group.name: draw_positions(group, liquid.seed) for group in liquid.neurons}
    missing = [name for name in groups if drawn.get(name) is None]
    if missing:
        return Places(in_plane(groups), False, f"Without positions: {', '.join(missing)}.")
    points = np.zeros((max(members.stop for members in groups.values()), 3))
    for name, members in groups.items():
        points[members.start : members.stop] = drawn[name]
    return Places(points, True, "")


def in_plane(groups: Mapping[str, range]) -> Floats:
    """Return places in a plane: each group a block of rows, below the one before, in the order of the neurons."""
    n = max((members.stop for members in groups.values()), default=0)
    width = max(1, int(np.ceil(np.sqrt(1.6 * n))))
    points, top = np.zeros((n, 3)), 0.0
    for members in groups.values():
        index = np.arange(len(members))
        points[members.start : members.stop, 0] = index % width
        points[members.start : members.stop, 1] = top - index // width
        top -= -(-len(members) // width) + 1
    return points
