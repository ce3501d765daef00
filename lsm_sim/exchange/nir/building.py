"""The graph of NIR for a program, as nested dictionaries, in the form of ``to_dict`` of the package nir.

    input -> w_in -> neurons -> output          neurons -> w_rec -> neurons

A synapse of the shortest delay needs no node for it, because a spike of one step takes effect in the next anyway. For each
longer delay there is a pair of further nodes, such as w_rec_d3 -> delay_rec_d3, in parallel. The edge into the output is the
last one, because norse takes the last.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np

from lsm_sim.exchange.nir.constants import Mode, to_nir
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory

Tree = dict[str, Any]
NEURONS = "neurons"


def graph(program: Program, mode: Mode) -> Tree:
    """Return the graph of a program that NIR can say; what it cannot say is left out."""
    parameters, scales = to_nir(program, mode)
    nodes: Tree = {"input": {"type": "Input", "shape": np.array([program.n_inputs])}}
    edges: list[tuple[str, str]] = []
    ends = {"in": ("input", range(program.n_inputs)), "rec": (NEURONS, range(program.n_inputs, _rows(program)))}
    synapses = _synapses(program, scales)
    check_memory(3 * dense_bytes(program), "export to NIR")  # nir copies them
    for label, (source, rows) in ends.items():
        for steps, weight in _matrices(program, synapses, rows):
            ending = f"{label}_d{steps}" if steps else label
            nodes[f"w_{ending}"] = {"type": "Linear", "weight": weight}
            chain = [source, f"w_{ending}", NEURONS]
            if steps:
                nodes[f"delay_{ending}"] = _delay(program, mode, steps)
                chain.insert(2, f"delay_{ending}")
            edges += pairwise(chain)
    nodes[NEURONS] = {"type": "CubaLIF", **parameters}
    nodes["output"] = {"type": "Output", "shape": np.array([program.n_neurons])}
    return {"type": "NIRGraph", "nodes": nodes, "edges": [*edges, (NEURONS, "output")]}


def matrix_shapes(program: Program) -> list[tuple[int, int]]:
    """Return the shape of each matrix of weights: one for each distinct delay, of input channels and of neurons."""
    source = np.concatenate([block.sources() for block in program.blocks])
    delay = np.concatenate([block.delay for block in program.blocks])
    shapes = []
    for rows in (range(program.n_inputs), range(program.n_inputs, _rows(program))):
        own = (source >= rows.start) & (source < rows.stop)
        shapes += [(program.n_neurons, len(rows))] * len(_delays(delay[own], rows))
    return shapes


def dense_bytes(program: Program) -> int:
    """Return the bytes of all matrices of weights before compression."""
    return sum(8 * rows * columns for rows, columns in matrix_shapes(program))


def _rows(program: Program) -> int:
    return program.n_inputs + program.n_neurons


def _synapses(program: Program, scales: list[Floats]) -> tuple[Any, Any, Any, Any]:
    """Return source, target, weight and delay of the synapses of all blocks; those with plasticity have the weight at rest."""
    columns = []
    for block in program.blocks:
        weight, source = block.weight / scales[block.receptor][block.post], block.sources()
        if block.rule == "stp":
            weight = weight * block.stp_U[source]
        columns.append((source, block.post, weight, block.delay))
    source, post, weight, delay = (np.concatenate(part) for part in zip(*columns, strict=True))
    return source, post, weight, delay


def _matrices(program: Program, synapses: tuple[Any, Any, Any, Any], rows: range) -> list[tuple[int, Floats]]:
    """Return the weights from ``rows`` by delay, shortest first, as matrices (targets, sources); of inputs at least one."""
    source, post, weight, delay = synapses
    own = (source >= rows.start) & (source < rows.stop)
    out = []
    for steps in _delays(delay[own], rows):
        here = own & (delay == steps)
        matrix = np.zeros((program.n_neurons, len(rows)))
        np.add.at(matrix, (post[here], source[here] - rows.start), weight[here])
        out.append((steps, matrix))
    return out


def _delays(delay: Ints, rows: range) -> list[int]:
    """Return the distinct delays; inputs without synapses get a matrix of zeros, so that the graph is in one piece."""
    found: list[int] = np.unique(delay).tolist()
    return found or ([0] if rows.start == 0 else [])


def _delay(program: Program, mode: Mode, steps: int) -> Tree:
    """Return a delay node: in ``euler`` what a reader adds to its own step, in ``exact`` the whole delay."""
    seconds = (steps if mode == "euler" else steps + 1) * program.dt
    return {"type": "Delay", "delay": np.full(program.n_neurons, seconds)}
