"""Warnings about likely slips in a liquid: a forgotten unit, weight and delay swapped.

Each limit is about ten times the largest value in use in models of cortex and in liquids for speech, and far below the
number of milliseconds that a user would write for a usual value.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from lsm_sim.describe.drawing import DrawnSynapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import LIF
from lsm_sim.support.checks import Floats
from lsm_sim.support.warn import warn, warn_if_long

_LONG_STEP = 0.5  # s
_LONG_DELAY = 0.2  # s
_LONG_PLASTICITY = 10.0  # s


def warn_of_slips(
    liquid: Liquid, parameters: Sequence[dict[str, Floats]], projections: Sequence[DrawnSynapses], dt: float
) -> None:
    """Warn once about each likely slip in the drawn ``parameters`` of each group and the drawn ``projections``."""
    warn_if_long(dt, _LONG_STEP, "dt")
    for group, drawn in zip(liquid.neurons, parameters, strict=True):
        for parameter in LIF.parameters:
            if parameter.unusual is not None and parameter.name in drawn:
                where = f"Neurons {group.name!r} {parameter.name}"
                warn_if_long(float(np.median(drawn[parameter.name])), parameter.unusual, where)
    for projection in projections:
        _check_delay(projection)
        _check_plasticity(projection)


def _check_delay(projection: DrawnSynapses) -> None:
    if projection.delay is None or not projection.delay.size:
        return
    typical = float(np.median(projection.delay))
    where = f"Synapses {projection.pre} -> {projection.post} delay"
    if typical >= 1:
        warn_if_long(typical, _LONG_DELAY, where)
    elif typical >= _LONG_DELAY:
        warn(
            f"{where}: got {typical:g} s, which is unusually long; are weight and delay swapped, or is it in other units?"
        )


def _check_plasticity(projection: DrawnSynapses) -> None:
    for name, values in (projection.stp or {}).items():
        if name != "U":
            where = f"Synapses {projection.pre} -> {projection.post} stp {name}"
            warn_if_long(float(np.median(values)), _LONG_PLASTICITY, where)
