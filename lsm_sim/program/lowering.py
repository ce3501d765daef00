"""Lowering: from a liquid in seconds to a program in steps, by exact integration of the linear equations.

`lsm_sim.dynamics.lif` lowers the parameters of neurons; this module lowers weights and delays and builds the program.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.describe.drawing import DrawnSynapses, draw_parameters, draw_synapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import LIF, Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program.grid import round_to_grid
from lsm_sim.program.program import Program
from lsm_sim.program.slips import warn_of_slips
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.consecutive import consecutive
from lsm_sim.support.memory import check_memory

BYTES_PER_NEURON = 400  # drawn parameters, positions, the program's arrays and their copies
_STEP_TOLERANCE = 1e-9  # 0.003 s / 0.001 s is 2.9999999999999996 steps


def lower(liquid: Liquid, dt: float, weight_bits: int | None = 16) -> Program:
    """Discretise a liquid: return its program in steps of ``dt``.

    Parameters
    ----------
    dt
        Step, in seconds; no larger than any time constant or delay.
    weight_bits
        Weights are rounded to the nearest multiple of one power of two. With a number of bits it is the finest for which
        the largest magnitude fits into a signed integer of that many bits, but at least 2^-30. None: 2^-30, |weight| < 2^12.

    Raises
    ------
    LsmWarning
        If a time is so long that a unit was probably forgotten.
    DescriptionError
        If a time does not fit dt, a drawn value is out of range, or the network does not fit into memory.
    """
    if not isinstance(liquid, Liquid):
        raise DescriptionError(f"lower: got {type(liquid).__name__}, expected a Liquid")
    dt = checks.positive(dt, "dt", "time")
    check_memory(liquid.n_neurons * BYTES_PER_NEURON + liquid.n_inputs * 16, "Liquid")
    parameters = [draw_parameters(group, liquid.seed) for group in liquid.neurons]
    for group, drawn in zip(liquid.neurons, parameters, strict=True):
        _check_times(group.name, drawn, dt)
    units = _joined_units([LIF.units(drawn, dt) for drawn in parameters])
    projections = draw_synapses(liquid)
    warn_of_slips(liquid, parameters, projections, dt)
    indptr, post, weight, delay = _rows(liquid, projections, dt)
    return Program(
        arithmetic="float64",
        dt=dt,
        n_inputs=liquid.n_inputs,
        n_neurons=liquid.n_neurons,
        indptr=indptr,
        post=post,
        weight=round_to_grid(weight * units.weight_scale[post], weight_bits),
        delay=delay,
        input_groups=_ranges(liquid.inputs),
        neuron_groups=_ranges(liquid.neurons),
        units=units,
        **_joined([LIF.lower(drawn, dt) for drawn in parameters]),
    )


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Concatenate the arrays of all groups."""
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def _joined_units(parts: list[Units]) -> Units:
    per_neuron = ("v_offset", "u_scale", "weight_scale")
    return Units(parts[0].v_scale, *(np.concatenate([getattr(part, name) for part in parts]) for name in per_neuron))


def _ranges(groups: Any) -> dict[str, range]:
    return consecutive({group.name: group.size for group in groups})


def _check_times(name: str, drawn: dict[str, Floats], dt: float) -> None:
    for tau in (p.name for p in LIF.parameters if p.dimension == "time" and p.exclusive and p.name in drawn):
        if dt > drawn[tau].min() * (1 + _STEP_TOLERANCE):
            msg = f"dt: got {dt:g} s, but {tau} in {name!r} is {drawn[tau].min():g} s; expected dt no larger than any time constant"
            raise DescriptionError(msg)


def _delay_steps(projection: DrawnSynapses, dt: float) -> Ints:
    """Return the delays in steps, less 1; raise if an explicit delay is shorter than dt."""
    if projection.delay is None:
        return np.zeros(projection.source.size, np.int64)
    where = f"Synapses {projection.pre} -> {projection.post} delay"
    shortest = projection.delay.min(initial=np.inf)
    if shortest < dt * (1 - _STEP_TOLERANCE):
        msg = f"{where}: got {shortest:g} s, expected at least one step of {dt:g} s; use a longer delay, a smaller dt, or None"
        raise DescriptionError(msg)
    return checks.steps(np.rint(projection.delay / dt), where, dt) - 1


def _rows(liquid: Liquid, projections: list[DrawnSynapses], dt: float) -> tuple[Ints, Ints, Floats, Ints]:
    """Sort all synapses into rows by source (input channels first), within a row by target, then delay."""
    starts = {name: members.start for name, members in _ranges(liquid.inputs).items()}
    starts |= {name: liquid.n_inputs + members.start for name, members in _ranges(liquid.neurons).items()}
    posts = _ranges(liquid.neurons)
    none = np.empty(0, np.int64)
    row = np.concatenate([none, *(p.source + starts[p.pre] for p in projections)])
    post = np.concatenate([none, *(p.target + posts[p.post].start for p in projections)])
    delay = np.concatenate([none, *(_delay_steps(p, dt) for p in projections)])
    weight = np.concatenate([np.empty(0), *(p.weight for p in projections)])
    n_rows = liquid.n_inputs + liquid.n_neurons
    order = np.argsort((row * liquid.n_neurons + post) * (delay.max(initial=0) + 1) + delay, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_rows))])
    return indptr, post[order], weight[order], delay[order]
