"""Lowering: from a liquid in seconds to a program in steps, by exact integration of the linear equations.

`lsm_sim.dynamics.lif` lowers the parameters of neurons; this module lowers weights and delays and builds the program.
"""

from __future__ import annotations

from itertools import chain
from typing import Any

import numpy as np

from lsm_sim.describe.drawing import draw_parameters, draw_synapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import LIF, Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program.joining import STEP_TOLERANCE, blocks_of, ranges
from lsm_sim.program.program import Program
from lsm_sim.program.slips import warn_of_slips
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory

BYTES_PER_NEURON = 400  # drawn parameters, positions, the program's arrays and their copies


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
    dt, liquid = checks.positive(dt, "dt", "time"), liquid.with_noise_channels()
    check_memory(liquid.n_neurons * BYTES_PER_NEURON + liquid.n_inputs * 16, "Liquid")
    parameters = [draw_parameters(group, liquid.seed) for group in liquid.neurons]
    for group, drawn in zip(liquid.neurons, parameters, strict=True):
        _check_times(group.name, drawn, dt)
    units = _joined_units([LIF.units(drawn, dt) for drawn in parameters])
    projections = draw_synapses(liquid)
    warn_of_slips(liquid, parameters, projections, dt)
    first, *more = blocks_of(liquid, projections, units, dt, weight_bits)
    return Program(
        arithmetic="float64",
        dt=dt,
        n_inputs=liquid.n_inputs,
        n_neurons=liquid.n_neurons,
        indptr=first.indptr,
        post=first.post,
        weight=first.weight,
        delay=first.delay,
        more_blocks=more,
        input_groups=ranges(liquid.inputs),
        neuron_groups=ranges(liquid.neurons),
        units=units,
        **_joined([LIF.lower(drawn, dt) for drawn in parameters]),
    )


def _joined(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """Concatenate the arrays of all groups; one that only some groups have does nothing in the others."""
    return {name: np.concatenate([_array(part, name) for part in parts]) for name in dict.fromkeys(chain(*parts))}


def _array(part: dict[str, Any], name: str) -> Any:
    """Return an array of a group; without one of its own u2 decays like u, and w stays 0."""
    return part.get(name, part["decay_u"] if name == "decay_u2" else np.zeros(part["decay_u"].size))


def _joined_units(parts: list[Units]) -> Units:
    columns = [part.per_neuron() for part in parts]
    if any("u2_scale" in column for column in columns):  # a group without a second current has the scales of its first
        columns = [{"u2_scale": c["u_scale"], "weight2_scale": c["weight_scale"]} | c for c in columns]
    return Units(parts[0].v_scale, **{name: np.concatenate([c[name] for c in columns]) for name in columns[0]})


def _check_times(name: str, drawn: dict[str, Floats], dt: float) -> None:
    for tau in (p.name for p in LIF.parameters if p.dimension == "time" and p.exclusive and p.name in drawn):
        if dt > drawn[tau].min() * (1 + STEP_TOLERANCE):
            msg = f"dt: got {dt:g} s, but {tau} in {name!r} is {drawn[tau].min():g} s; expected dt no larger than any time constant"
            raise DescriptionError(msg)
