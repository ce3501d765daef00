"""What each neuron gets: the synapses along all paths of matrices and delays between neurons."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.nir.sizes import Sizes
from lsm_sim.exchange.nir.tree import INTEGRATOR, MATRICES, NEURONS, Flat, Node
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory

ENDS = ("Input", "Output", INTEGRATOR, *NEURONS)
CONSTANT = ""  # the source of biases: no node has this name
_BYTES = 64  # of a synapse while it is computed


class Terms(NamedTuple):
    """Synapses from one source, (S,) each: target, source, weight, and delay in seconds."""

    post: Ints
    pre: Ints
    weight: Floats
    delay: Floats


def inputs_of(flat: Flat, sizes: Sizes, where: str) -> dict[str, dict[str, Terms]]:
    """Return, for each node of neurons, its synapses by source: an input, a node of neurons, or `CONSTANT`."""
    before: dict[str, list[str]] = {name: [] for name in flat.nodes}
    for start, stop in flat.edges:
        before[stop].append(start)
    signals: dict[str, dict[str, Terms]] = {}
    for name in _in_order(flat, before, where):
        arriving = _sum([_signal(flat, start, sizes, signals) for start in before[name]])
        signals[name] = _through(flat.nodes[name], arriving, where)
    return {
        name: _sum([_signal(flat, start, sizes, signals) for start in before[name]]) for name in flat.of_kind(*NEURONS)
    }


def _in_order(flat: Flat, before: dict[str, list[str]], where: str) -> list[str]:
    """Return the nodes between neurons, each after those that lead to it; a loop of such nodes is an error."""
    left = {
        name: {start for start in before[name] if flat.nodes[start].kind not in ENDS}
        for name, node in flat.nodes.items()
        if node.kind not in ENDS
    }
    out: list[str] = []
    while left:
        ready = [name for name, starts in left.items() if not starts]
        if not ready:
            loop = ", ".join(repr(name) for name in _loop(left))
            raise DescriptionError(
                f"{where}: the nodes {loop} form a loop without neurons, which has no delay and no state; expected neurons in every loop"
            )
        out += ready
        left = {name: starts.difference(ready) for name, starts in left.items() if starts}
    return out


def _loop(left: dict[str, set[str]]) -> list[str]:
    """Return the nodes of one loop."""
    path = [min(left)]
    while path[-1] not in path[:-1]:
        path.append(min(left[path[-1]]))
    return path[path.index(path[-1]) + 1 :][::-1]


def _signal(flat: Flat, start: str, sizes: Sizes, signals: dict[str, dict[str, Terms]]) -> dict[str, Terms]:
    """Return what a node sends, by source."""
    if flat.nodes[start].kind not in ENDS:
        return signals[start]
    every = np.arange(sizes[start][1])
    return {start: Terms(every, every, np.ones(every.size), np.zeros(every.size))}


def _sum(parts: list[dict[str, Terms]]) -> dict[str, Terms]:
    sources = dict.fromkeys(source for part in parts for source in part)
    joined = {source: [part[source] for part in parts if source in part] for source in sources}
    return {source: _joined(terms) for source, terms in joined.items()}


def _joined(terms: list[Terms]) -> Terms:
    return terms[0] if len(terms) == 1 else Terms(*(np.concatenate(column) for column in zip(*terms, strict=True)))


def _through(node: Node, arriving: dict[str, Terms], where: str) -> dict[str, Terms]:
    if node.kind == "Delay":
        delay = np.ravel(node.values["delay"]).astype(np.float64)
        if (delay < 0).any():
            raise DescriptionError(f"{where}: got a delay of {delay.min():g} s, expected delays >= 0")
        return {source: _delayed(terms, delay) for source, terms in arriving.items()}
    if node.kind not in MATRICES:
        return arriving
    weight = node.values["weight"].astype(np.float64)
    out = {source: _multiplied(weight, terms, where) for source, terms in arriving.items()}
    if node.values.get("bias", np.zeros(1)).any():
        bias = np.broadcast_to(np.ravel(node.values["bias"]).astype(np.float64), weight.shape[:1])
        every, zeros = np.arange(bias.size), np.zeros(bias.size, np.int64)
        own = Terms(every, zeros, bias, np.zeros(bias.size))
        out[CONSTANT] = _joined([out[CONSTANT], own]) if CONSTANT in out else own
    return out


def _delayed(terms: Terms, delay: Floats) -> Terms:
    return terms._replace(delay=terms.delay + (delay[0] if delay.size == 1 else delay[terms.post]))


def _multiplied(matrix: Floats, terms: Terms, where: str) -> Terms:
    """Return the synapses behind a matrix (outputs, inputs); sums over paths of equal delay are one synapse."""
    from scipy import sparse

    parts = []
    by_column = sparse.csc_array(matrix)
    lengths = np.diff(by_column.indptr)
    for delay in np.unique(terms.delay):
        own = terms.delay == delay
        check_memory(_BYTES * float(lengths[terms.post[own]].sum()), where)
        n_pre = int(terms.pre.max(initial=0)) + 1
        shape = matrix.shape[1], n_pre
        before = sparse.csr_array((terms.weight[own], (terms.post[own], terms.pre[own])), shape=shape)
        product = (by_column @ before).tocoo()
        post, pre = (index.astype(np.int64) for index in product.coords)
        parts.append(Terms(post, pre, product.data, np.full(product.data.size, delay)))
    return _joined(parts) if parts else terms
