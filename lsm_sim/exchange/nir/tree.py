"""A graph of NIR as flat nodes and edges, after checking that it is one: subgraphs are replaced by their nodes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.brief import brief

PARAMETERS = {  # by kind of node: what it must have, and what it may have with its default
    "CubaLIF": (("tau_syn", "tau_mem", "r", "v_leak", "v_threshold"), {"v_reset": 0.0, "w_in": 1.0}),
    "LIF": (("tau", "r", "v_leak", "v_threshold"), {"v_reset": 0.0}),
    "Linear": (("weight",), {}),
    "Affine": (("weight", "bias"), {}),
    "Delay": (("delay",), {}),
    "I": (("r",), {}),
    "Input": (("shape",), {}),
    "Output": (("shape",), {}),
}
NEURONS, MATRICES = ("CubaLIF", "LIF"), ("Linear", "Affine")
INTEGRATOR = "I"
GRAPH, PASS = "NIRGraph", "pass"  # ends of a subgraph become nodes that pass everything on
_MOST_NODES, _DEEPEST = 10_000, 16


class Node(NamedTuple):
    """A node: its kind, and its parameters as arrays of float64 or float32."""

    kind: str
    values: dict[str, Any]


@dataclass
class Flat:
    """Nodes by name, edges in the order of the file, and edges that appeared more than once."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: list[tuple[str, str]] = field(default_factory=list)
    repeated: list[tuple[str, str]] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> list[str]:
        """Return the names of the nodes of some kinds."""
        return [name for name, node in self.nodes.items() if node.kind in kinds]


def flatten(tree: Any, where: str) -> Flat:
    """Return the nodes and edges of a graph and its subgraphs, or raise `DescriptionError`."""
    if not isinstance(tree, Mapping) or _text(tree.get("type")) != GRAPH:
        raise DescriptionError(f"{where}: got no graph of NIR, expected a node of the type NIRGraph")
    unknown: list[str] = []
    flat = Flat()
    _add(flat, tree, "", where, unknown, depth=0)
    if unknown:
        raise DescriptionError(
            f"{where}: got the nodes {', '.join(unknown[:20])}{' and more' * (len(unknown) > 20)}, which lsm_sim cannot say; "
            f"expected {', '.join(PARAMETERS)} and {GRAPH}"
        )
    seen: dict[tuple[str, str], None] = {}
    for edge in flat.edges:
        if edge in seen:
            flat.repeated.append(edge)
        seen[edge] = None
    flat.edges = [*seen]
    for start, stop in flat.edges:
        if flat.nodes[start].kind == INTEGRATOR and flat.nodes[stop].kind != "Output":
            raise DescriptionError(
                f"{where}: an edge leads from the integrator {brief(start, 60)!r} to {brief(stop, 60)!r}, expected one into an Output, "
                "because lsm_sim has integrators only as a readout"
            )
    return flat


def _add(flat: Flat, tree: Mapping[str, Any], prefix: str, where: str, unknown: list[str], *, depth: int) -> None:
    """Add the nodes of a graph, whose names get a prefix."""
    nodes = tree.get("nodes")
    if not isinstance(nodes, Mapping) or not nodes or "edges" not in tree:
        raise DescriptionError(f"{where}: got a graph without nodes or edges, expected both")
    if depth > _DEEPEST or len(flat.nodes) + len(nodes) > _MOST_NODES:
        raise DescriptionError(
            f"{where}: got more than {_MOST_NODES} nodes or {_DEEPEST} levels of graphs, expected fewer"
        )
    ends: dict[str, tuple[str, str]] = {}
    for name, node in nodes.items():
        full = prefix + str(name)
        kind = _text(node.get("type")) if isinstance(node, Mapping) else "nothing"
        if kind == GRAPH:
            _add(flat, node, f"{full}.", where, unknown, depth=depth + 1)
            ends[name] = _ends(full, node, where)
        elif kind not in PARAMETERS:
            unknown.append(f"{brief(full, 60)!r} ({brief(kind, 40)})")
        else:
            flat.nodes[full] = _node(kind, node, f"{where}: node {brief(full, 60)!r}", inner=depth > 0)
    for start, stop in _edges(tree["edges"], where):
        for name in (start, stop):
            if name not in nodes:
                raise DescriptionError(
                    f"{where}: an edge leads from {brief(start, 60)!r} to {brief(stop, 60)!r}, but there is no node {brief(name, 60)!r}"
                )
        source = ends[start][1] if start in ends else prefix + start
        flat.edges.append((source, ends[stop][0] if stop in ends else prefix + stop))


def _ends(full: str, node: Mapping[str, Any], where: str) -> tuple[str, str]:
    """Return the names of the input and the output of a subgraph."""
    found = []
    for kind in ("Input", "Output"):
        own = [
            name for name, one in node["nodes"].items() if isinstance(one, Mapping) and _text(one.get("type")) == kind
        ]
        if len(own) != 1:
            raise DescriptionError(
                f"{where}: the graph {brief(full, 60)!r} has {len(own)} nodes {kind}, expected one, so that edges from outside have an end"
            )
        found.append(f"{full}.{own[0]}")
    return found[0], found[1]


def _node(kind: str, node: Mapping[str, Any], where: str, *, inner: bool) -> Node:
    if inner and kind in ("Input", "Output"):
        return Node(PASS, {})
    required, optional = PARAMETERS[kind]
    missing = [name for name in required if node.get(name) is None]
    if missing:
        raise DescriptionError(f"{where}: got no {', '.join(missing)}, expected the parameters of a {kind}")
    values = {name: _values(node[name], f"{where} {name}") for name in required}
    for name, default in optional.items():
        given = node.get(name)
        values[name] = np.array(default) if given is None else _values(given, f"{where} {name}")
    return Node(kind, values)


def _values(given: Any, where: str) -> Any:
    """Return finite numbers, in single precision if they are."""
    array = np.asarray(given)
    checked = checks.real_array(array, where)
    return checked.astype(np.float32) if array.dtype == np.float32 else checked


def _edges(edges: Any, where: str) -> list[tuple[str, str]]:
    try:
        pairs = [(_text(start), _text(stop)) for start, stop in edges]
    except (TypeError, ValueError):
        raise DescriptionError(f"{where}: edges: got something else than pairs of names") from None
    return pairs


def _text(value: Any) -> str:
    value = value.item() if isinstance(value, np.ndarray) and value.ndim == 0 else value
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)
