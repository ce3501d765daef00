"""The program of a flat graph: neurons with their constants, synapses in steps, and what is not the same as in the file."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lsm_sim.dynamics import Units
from lsm_sim.errors import DescriptionError
from lsm_sim.exchange.nir.constants import Constants, Convention, from_cuba, from_lif, is_single
from lsm_sim.exchange.nir.paths import CONSTANT, Terms, inputs_of
from lsm_sim.exchange.nir.sizes import sizes
from lsm_sim.exchange.nir.tree import INTEGRATOR, NEURONS, Flat, Node
from lsm_sim.program.grid import FINEST_EXPONENT, round_to_grid
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.consecutive import consecutive

_ROUNDING = 1e-6  # of a delay in steps, and of a weight relative to the largest: not worth a sentence


class _Synapses(NamedTuple):
    """Rows of sources, targets, weights in units of the program, delays in seconds, (S,) each."""

    row: Any
    post: Any
    weight: Any
    delay: Any


def program_of(
    flat: Flat, dt: float, convention: Convention, bits: int | None, where: str, *, own: bool
) -> tuple[Program, list[str]]:
    """Return the program of a flat graph, and in sentences what is only approximately as in the file.

    ``own``: lsm_sim wrote the file by this convention, so that constant inputs and synapses without a delay are as meant.
    """
    size = sizes(flat, where)
    names = _from_inputs(flat)
    if not names or not flat.of_kind("Input"):
        missing = "neurons (CubaLIF or LIF)" if not names else "an Input"
        raise DescriptionError(f"{where}: got a graph without {missing}, expected at least one node of them")
    inputs = consecutive({name: size[name][1] for name in flat.of_kind("Input")})
    neurons = consecutive({name: size[name][1] for name in names})
    arriving = inputs_of(flat, size, where)
    constants = {
        name: _constants(flat.nodes[name], size[name][1], dt, convention, f"{where}: node {name!r}") for name in names
    }
    notes = _notes(flat, arriving, constants, convention, own=own)
    rows = {name: members.start for name, members in inputs.items()}
    n_inputs = sum(map(len, inputs.values()))
    rows |= {name: n_inputs + members.start for name, members in neurons.items()}
    parts = [
        _Synapses(
            rows[source] + terms.pre,
            neurons[name].start + terms.post,
            terms.weight * constants[name].gain[terms.post],
            terms.delay,
        )
        for name in names
        for source, terms in arriving[name].items()
        if source != CONSTANT
    ]
    synapses = _merged(parts, dt, convention, notes, own=own)
    arrays = _arrays(names, arriving, constants, where)
    n_neurons = arrays["threshold"].size
    program = Program(
        arithmetic="float64",
        dt=dt,
        n_inputs=n_inputs,
        n_neurons=n_neurons,
        **_compressed(synapses, n_inputs + n_neurons, bits, notes, where),
        **arrays,
        refractory=np.zeros(n_neurons, np.int64),
        input_groups=inputs,
        neuron_groups=neurons,
        units=_units([constants[name].units for name in names]),
    )
    return program, notes


def _from_inputs(flat: Flat) -> list[str]:
    """Return the nodes of neurons in the order in which edges lead to them from the inputs."""
    after: dict[str, list[str]] = {name: [] for name in flat.nodes}
    for start, stop in flat.edges:
        after[start].append(stop)
    queue = [*flat.of_kind("Input")]
    seen = dict.fromkeys(queue)
    for name in queue:  # it grows
        new = [one for one in after[name] if one not in seen]
        seen |= dict.fromkeys(new)
        queue += dict.fromkeys(new)
    every = dict.fromkeys([*seen, *flat.nodes])
    return [name for name in every if flat.nodes[name].kind in NEURONS]


def _constants(node: Node, n: int, dt: float, convention: Convention, where: str) -> Constants:
    given = {name: np.array(np.broadcast_to(np.ravel(value), (n,))) for name, value in node.values.items()}
    return (from_cuba if node.kind == "CubaLIF" else from_lif)(given, dt, convention, where)


def _arrays(
    names: list[str], arriving: dict[str, dict[str, Terms]], constants: dict[str, Constants], where: str
) -> dict[str, Any]:
    """Return the arrays of all neurons; a constant input becomes a bias, less a u at the start that it would build up."""
    parts = []
    for name in names:
        own, terms = constants[name], arriving[name].get(CONSTANT)
        arrays = {**own.arrays, "u0": np.zeros(own.gain.size)}
        if terms is not None:
            given = np.bincount(terms.post, terms.weight, minlength=own.gain.size)
            if not np.isfinite(own.constant[given != 0]).all():
                raise DescriptionError(
                    f"{where}: node {name!r} gets a constant input and keeps all of its current, so that it would grow for ever"
                )
            with np.errstate(invalid="ignore"):  # 0 * inf
                arrays["bias"] = arrays["bias"] + np.where(given != 0, given * own.constant, 0.0)
                arrays["u0"] = np.where(given != 0, given * own.start, 0.0)
        parts.append(arrays)
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _merged(parts: list[_Synapses], dt: float, convention: Convention, notes: list[str], *, own: bool) -> _Synapses:
    """Return the synapses with delays in the steps that a program stores, sorted, those of one pair and delay added up."""
    empty = _Synapses(*(np.zeros(0, kind) for kind in (np.int64, np.int64, np.float64, np.float64)))
    joined = _Synapses(*(np.concatenate(column) for column in zip(*[*parts, empty], strict=True)))
    exact = joined.delay / dt
    stored = np.rint(exact)
    checks.steps(stored, "delay", dt)
    worst = float(np.abs(exact - stored).max(initial=0.0))
    if worst > _ROUNDING:
        notes.append(f"delays are rounded to whole steps of {dt:g} s, by at most {worst * dt:g} s")
    if convention == "exact":
        short = int((stored < 1).sum())
        if short and not own:
            notes.append(f"{short} synapses without a delay take one step")
        stored = np.maximum(stored, 1) - 1
    delay = stored.astype(np.int64)
    order = np.lexsort((delay, joined.post, joined.row))
    row, post, weight, delay = (column[order] for column in (joined.row, joined.post, joined.weight, delay))
    new = np.ones(row.size, bool)
    new[1:] = (np.diff(row) != 0) | (np.diff(post) != 0) | (np.diff(delay) != 0)
    total = np.bincount(np.cumsum(new) - 1, weight) if row.size else weight
    return _Synapses(row[new], post[new], total, delay[new])


def _compressed(synapses: _Synapses, n_rows: int, bits: int | None, notes: list[str], where: str) -> dict[str, Any]:
    try:
        weight = _on_grid(synapses, bits)
    except DescriptionError as error:
        raise DescriptionError(f"{where}: {error}") from None
    worst = float(np.abs(weight - synapses.weight).max(initial=0.0))
    if worst > _ROUNDING**2 * float(np.abs(weight).max(initial=0.0)):
        notes.append(f"weights are rounded to multiples of one power of two, by at most {worst:.2g}")
    kept = weight != 0
    lengths = np.bincount(synapses.row[kept], minlength=n_rows)
    indptr = np.concatenate([[0], np.cumsum(lengths)])
    return {"indptr": indptr, "post": synapses.post[kept], "weight": weight[kept], "delay": synapses.delay[kept]}


def _on_grid(synapses: _Synapses, bits: int | None) -> Floats:
    """Return the rounded weights; without ``bits`` on the finest grid on which sums are exact, multiples of 2^-30 at most."""
    weight = synapses.weight
    if bits is not None or np.abs(weight).max(initial=0.0) < 2.0 ** -(FINEST_EXPONENT + 1):  # an error, or all are 0
        return round_to_grid(weight, bits)
    total = np.bincount(synapses.post, np.abs(weight)).max()
    exponent = min(FINEST_EXPONENT, 52 - int(np.frexp(total)[1]))
    rounded: Floats = np.ldexp(np.rint(np.ldexp(weight, exponent)), -exponent)
    return rounded


def _notes(
    flat: Flat,
    arriving: dict[str, dict[str, Terms]],
    constants: dict[str, Constants],
    convention: Convention,
    *,
    own: bool,
) -> list[str]:
    """Return what the graph says that a program says differently."""
    out = [
        f"the edge from {start!r} to {stop!r} appears more than once and counts once" for start, stop in flat.repeated
    ]
    readout = flat.of_kind(INTEGRATOR)
    if readout:
        out.append(f"the integrators {', '.join(map(repr, readout))} are a readout, which is left out")
    layers = [
        (source, name) for name, terms in arriving.items() for source in terms if source in arriving and source != name
    ]
    if layers:
        out.append(
            f"a spike takes one step from {layers[0][0]!r} to {layers[0][1]!r}"
            + (f" and along {len(layers) - 1} more paths between nodes of neurons" if len(layers) > 1 else "")
            + ", where programs for PyTorch take none if there is no loop"
        )
    biased = [name for name, terms in arriving.items() if CONSTANT in terms]
    if biased:
        out.append(
            f"the constant input of {', '.join(map(repr, biased))} is a bias, and a u at the start that makes it build up as in the file, equal but for rounding"
        )
    if biased or (not own and any((one.arrays["bias"] != 0).any() for one in constants.values())):
        out.append("constant inputs act from step 0 on, one step before the first events of a stimulus arrive")
    single = [name for name, node in flat.nodes.items() if node.kind in NEURONS and is_single(node.values)]
    if single and convention != "exact":
        out.append(
            f"the constants of {', '.join(map(repr, single))} are in single precision; their decays per step are, too"
        )
    return out


def _units(parts: list[Units | None]) -> Units | None:
    known = [part for part in parts if part is not None]
    if len(known) < len(parts):
        return None
    columns = [part.per_neuron() for part in known]
    return Units(1.0, **{name: np.concatenate([column[name] for column in columns]) for name in columns[0]})
