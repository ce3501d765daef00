"""How many values enter and leave each node; a parameter that is one number belongs to all neurons of its node."""

from __future__ import annotations

import math

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.nir.tree import MATRICES, Flat, Node
from lsm_sim.support.memory import check_memory

Sizes = dict[str, tuple[int, int]]
_BYTES = 200  # of a program, per value


def sizes(flat: Flat, where: str) -> Sizes:
    """Return how many values enter and leave each node, or raise `DescriptionError` where edges do not fit."""
    known = {name: _declared(node, f"{where}: node {name!r}") for name, node in flat.nodes.items()}
    changed = True
    while changed:
        changed = False
        for start, stop in flat.edges:
            out, into = known[start][1], known[stop][0]
            if out is None and into is not None:
                known[start], changed = (into, into), True
            elif into is None and out is not None:
                known[stop], changed = (out, out), True
            elif out != into:
                raise DescriptionError(
                    f"{where}: the edge from {start!r} to {stop!r} leads from {out} values to {into}, expected the same number"
                )
    found = {name: (into or 1, out or 1) for name, (into, out) in known.items()}
    check_memory(float(sum(max(pair) for pair in found.values())) * _BYTES, where)
    return found


def _declared(node: Node, where: str) -> tuple[int | None, int | None]:
    """Return the sizes that a node itself has; None: those of its neighbours."""
    if node.kind in MATRICES:
        weight, bias = node.values["weight"], node.values.get("bias")
        if weight.ndim != 2 or 0 in weight.shape:
            raise DescriptionError(f"{where} weight: got shape {weight.shape}, expected (outputs, inputs)")
        if bias is not None and bias.shape not in ((), (weight.shape[0],)):
            raise DescriptionError(f"{where} bias: got shape {bias.shape}, expected ({weight.shape[0]},)")
        return weight.shape[1], weight.shape[0]
    if node.kind in ("Input", "Output"):
        size = _product(node, where)
        return size, size
    widths = {value.size for value in node.values.values()} - {1}
    if len(widths) > 1 or 0 in widths:
        raise DescriptionError(
            f"{where}: got parameters of {sorted(widths)} values, expected one number or the same for all"
        )
    width = widths.pop() if widths else None
    return width, width


def _product(node: Node, where: str) -> int:
    shape = np.ravel(node.values["shape"])
    if not shape.size or (shape < 1).any() or (shape != np.rint(shape)).any() or shape.size > 8:
        raise DescriptionError(f"{where} shape: got {shape[:8].tolist()}, expected whole numbers >= 1")
    return math.prod(int(n) for n in shape)
