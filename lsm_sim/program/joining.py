"""Joining drawn projections into blocks of synapses, as few as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.drawing import DrawnSynapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import Units, plasticity
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.grid import round_to_grid
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.consecutive import consecutive

STEP_TOLERANCE = 1e-9  # 0.003 s / 0.001 s is 2.9999999999999996 steps


def ranges(groups: Any) -> dict[str, range]:
    """Return the members of each group."""
    return consecutive({group.name: group.size for group in groups})


def blocks_of(
    liquid: Liquid, projections: Sequence[DrawnSynapses], units: Units, dt: float, weight_bits: int | None
) -> list[SynapseBlock]:
    """Return the blocks of a program: static ones by receptor, the first even if it is empty, then plastic ones."""
    for projection in projections:
        _check_plasticity(projection, dt)
    used = [p for p in projections if p.source.size]
    static = [[p for p in used if p.stp is None and p.receptor == receptor] for receptor in (0, 1)]
    rows = _first_rows(liquid)
    parts: list[tuple[list[DrawnSynapses], dict[str, Floats]]] = [(static[0], {})]
    parts += [(static[1], {})] if static[1] else []
    parts += [
        (members, arrays) for receptor in (0, 1) for members, arrays in _plastic(used, receptor, rows, liquid, dt)
    ]
    out = []
    for members, arrays in parts:
        receptor = members[0].receptor if members else 0
        indptr, post, weight, delay = _rows(liquid, members, rows, dt)
        weight = round_to_grid(weight * units.weight_scale_of(receptor)[post], weight_bits)
        out.append(SynapseBlock(indptr, post, weight, delay, receptor, "stp" if arrays else "static", **arrays))
    return out


def _first_rows(liquid: Liquid) -> dict[str, int]:
    """Return the row of the first member of each group that sends spikes."""
    starts = {name: members.start for name, members in ranges(liquid.inputs).items()}
    return starts | {name: liquid.n_inputs + members.start for name, members in ranges(liquid.neurons).items()}


def _plastic(
    projections: Sequence[DrawnSynapses], receptor: int, rows: dict[str, int], liquid: Liquid, dt: float
) -> list[tuple[list[DrawnSynapses], dict[str, Floats]]]:
    """Return the projections of each plastic block of a receptor, with its arrays.

    A projection joins the first block in which its sources have no parameters yet, or the same. Sources without synapses in a
    block get parameters that change nothing: U and both decays are 0.
    """
    n_rows = liquid.n_inputs + liquid.n_neurons
    out: list[tuple[list[DrawnSynapses], dict[str, Floats], Bools]] = []
    for projection in projections:
        if projection.stp is None or projection.receptor != receptor:
            continue
        own = plasticity.lower(projection.stp, dt)
        at = slice(rows[projection.pre], rows[projection.pre] + own["stp_U"].size)
        for block in out:
            if not block[2][at].any() or all(np.array_equal(block[1][name][at], own[name]) for name in own):
                break
        else:
            block = ([], {name: np.zeros(n_rows) for name in own}, np.zeros(n_rows, bool))
            out.append(block)
        members, arrays, taken = block
        members.append(projection)
        taken[at] = True
        for name, values in own.items():
            arrays[name][at] = values
    return [(members, arrays) for members, arrays, _ in out]


def _check_plasticity(projection: DrawnSynapses, dt: float) -> None:
    """Raise if a time constant is not 0 and shorter than dt."""
    for name, values in (projection.stp or {}).items():
        shortest = values[values > 0].min(initial=np.inf) if name != "U" else np.inf
        if shortest < dt * (1 - STEP_TOLERANCE):
            msg = (
                f"Synapses {projection.pre} -> {projection.post} stp {name}: got {shortest:g} s, expected 0 or at least one "
                f"step of {dt:g} s; use a longer time, a smaller dt, or None"
            )
            raise DescriptionError(msg)


def _delay_steps(projection: DrawnSynapses, dt: float) -> Ints:
    """Return the delays in steps, less 1; raise if an explicit delay is shorter than dt."""
    if projection.delay is None:
        return np.zeros(projection.source.size, np.int64)
    where = f"Synapses {projection.pre} -> {projection.post} delay"
    shortest = projection.delay.min(initial=np.inf)
    if shortest < dt * (1 - STEP_TOLERANCE):
        msg = f"{where}: got {shortest:g} s, expected at least one step of {dt:g} s; use a longer delay, a smaller dt, or None"
        raise DescriptionError(msg)
    return checks.steps(np.rint(projection.delay / dt), where, dt) - 1


def _rows(
    liquid: Liquid, projections: Sequence[DrawnSynapses], starts: dict[str, int], dt: float
) -> tuple[Ints, Ints, Floats, Ints]:
    """Sort synapses into rows by source (input channels first), within a row by target, then delay."""
    posts = ranges(liquid.neurons)
    none = np.empty(0, np.int64)
    row = np.concatenate([none, *(p.source + starts[p.pre] for p in projections)])
    post = np.concatenate([none, *(p.target + posts[p.post].start for p in projections)])
    delay = np.concatenate([none, *(_delay_steps(p, dt) for p in projections)])
    weight = np.concatenate([np.empty(0), *(p.weight for p in projections)])
    n_rows = liquid.n_inputs + liquid.n_neurons
    order = np.argsort((row * liquid.n_neurons + post) * (delay.max(initial=0) + 1) + delay, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_rows))])
    return indptr, post[order], weight[order], delay[order]
