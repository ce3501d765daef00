"""A program in the metadata of a graph, which other tools ignore, so that what NIR cannot say comes back."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.exchange.nir.building import Tree, dense_bytes, graph
from lsm_sim.exchange.nir.constants import MODES, Mode
from lsm_sim.exchange.nir.losses import losses
from lsm_sim.exchange.nir.readout import NODES as READOUT
from lsm_sim.program.program import Program
from lsm_sim.support.brief import brief

KEY, FORMAT = "lsm_sim", "lsm_sim.nir/1"


def metadata(program: Program, mode: Mode) -> Tree:
    """Return the metadata of a graph: the mode, the time step, and the whole program."""
    arrays = {name: np.asarray(value) for name, value in program.to_arrays().items()}
    texts = {name: value.tolist() for name, value in arrays.items() if value.dtype.kind == "U"}
    numbers = {name: np.atleast_1d(value) for name, value in arrays.items() if name not in texts}
    return {KEY: {"format": FORMAT, "mode": mode, "dt": program.dt, "texts": json.dumps(texts), "program": numbers}}


def recorded(tree: Mapping[str, Any]) -> tuple[Mode | None, float | None]:
    """Return the mode and the time step that lsm_sim wrote into a graph, None where there are none."""
    found = _own(tree)
    mode, dt = found.get("mode"), found.get("dt")
    known = next((one for one in MODES if one == mode), None)
    number = np.asarray(dt) if dt is not None else np.zeros(2)
    valid = number.ndim == 0 and number.dtype.kind == "f" and bool(number > 0) and bool(np.isfinite(number))
    return known, float(number) if valid else None


def kept(tree: Mapping[str, Any], mode: Mode, dt: float) -> Program | str | None:
    """Return the program in the metadata if the nodes say what the export of it says; else why not; None: there is none."""
    found = _own(tree)
    if "program" not in found or recorded(tree) != (mode, dt):
        return None
    try:
        program = Program.from_arrays(_arrays(found), "metadata")
    except (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError) as error:
        return f"the program in the metadata is damaged and was not used ({brief(error)})"
    if program.arithmetic != "float64" or losses(program, mode).impossible or not _same(program, mode, tree):
        return "the nodes were changed after lsm_sim wrote the file, so that its metadata was not used"
    return program


def _own(tree: Mapping[str, Any]) -> Mapping[str, Any]:
    every = tree.get("metadata")
    found = every.get(KEY) if isinstance(every, Mapping) else None
    return found if isinstance(found, Mapping) and found.get("format") == FORMAT else {}


def _arrays(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arrays as in an .npz file."""
    texts = json.loads(str(np.asarray(found["texts"])))
    numbers = {name: np.asarray(value) for name, value in found["program"].items()}
    scalars = {"dt", "n_inputs", "n_neurons", "unit_v_scale"} | {name for name in numbers if name.endswith("receptor")}
    out = {name: value[0].item() if name in scalars else value for name, value in numbers.items()}
    return out | {
        name: value if isinstance(value, str) else np.array(value, dtype=np.str_) for name, value in texts.items()
    }


def _same(program: Program, mode: Mode, tree: Mapping[str, Any]) -> bool:
    """Return whether a graph has exactly the nodes and edges of a program, apart from a readout."""
    nodes = tree.get("nodes")
    matrices = [node.get("weight", ()) for node in nodes.values()] if isinstance(nodes, Mapping) else []
    if dense_bytes(program) > 8 * sum(map(np.size, matrices)):  # before matrices of this size are made
        return False
    expected = graph(program, mode)
    edges = [(str(a), str(b)) for a, b in tree.get("edges", ()) if str(b) not in READOUT]
    if (
        not isinstance(nodes, Mapping)
        or set(nodes).difference(READOUT) != set(expected["nodes"])
        or edges != expected["edges"]
    ):
        return False
    return all(_same_node(node, nodes[name]) for name, node in expected["nodes"].items())


def _same_node(expected: Tree, node: Any) -> bool:
    if not isinstance(node, Mapping) or node.get("type") != expected["type"]:
        return False
    return all(
        name in node and np.array_equal(np.asarray(node[name]), value)
        for name, value in expected.items()
        if name != "type"
    )
