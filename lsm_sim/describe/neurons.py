"""Groups of neurons, in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.positions import Box, Grid
from lsm_sim.describe.values import Value, checked_value, value_range
from lsm_sim.dynamics import LIF, Parameter
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.printing import short_repr
from lsm_sim.support.records import rebuild


@dataclass(frozen=True, eq=False, repr=False)
class Neurons:
    """A named group of ``size`` current-based LIF neurons.

    Parameters
    ----------
    name, size
        What `Synapses` and results refer to, and the number of neurons.
    tau_m, tau_syn
        Membrane and synaptic time constant, in seconds.
    v_rest, v_thresh, v_reset
        Resting potential, threshold and reset potential, in units of v (dimensionless, or in any unit).
    t_ref
        Refractory period, in seconds: v is held at v_reset for round(t_ref/dt) steps.
    i_bias
        Constant input, in units of v per second; v settles at v_rest + i_bias * tau_m.
    v_init
        Potential at the start of each sample, in units of v; None: v_reset.
    tau_syn_inh
        Time constant of a second synaptic current, in seconds, for synapses with the receptor "inh"; None: there is one
        current for all synapses.
    tau_adapt, adapt_step
        Adaptive threshold: each spike raises it by ``adapt_step``, in units of v, and it falls back to v_thresh with the time
        constant ``tau_adapt``, in seconds. None: the threshold is constant.
    positions
        `grid`, `random_in_box`, or an array of shape (size, 3).
    sign
        +1 (excitatory) or -1 (inhibitory): every outgoing synapse has this sign (Dale's law). A weight
        distribution of both signs is then folded, sign * |draw|; one of only the other sign is an error. None: any sign.

    Each number may also be an array of shape (size,) or a distribution (`Normal`, `Gamma`, `LogNormal`, `Uniform`).
    """

    name: str
    size: int
    tau_m: Value = 20e-3
    tau_syn: Value = 5e-3
    v_rest: Value = 0.0
    v_thresh: Value = 1.0
    v_reset: Value = 0.0
    t_ref: Value = 0.0
    i_bias: Value = 0.0
    v_init: Value | None = None
    positions: Grid | Box | Floats | None = None
    sign: int | None = None
    tau_syn_inh: Value | None = None
    tau_adapt: Value | None = None
    adapt_step: Value | None = None

    def __post_init__(self) -> None:
        where = f"Neurons {checks.described_name(self.name, 'Neurons name')!r}"
        object.__setattr__(self, "size", checks.whole(self.size, f"{where} size", minimum=1, maximum=checks.MOST))
        for parameter in LIF.parameters:
            value = getattr(self, parameter.name)
            if value is not None or isinstance(parameter.default, float):
                value = _checked(parameter, value, self.size, f"{where} {parameter.name}")
                object.__setattr__(self, parameter.name, value)
        object.__setattr__(self, "positions", _positions(self.positions, self.size, f"{where} positions"))
        for upper, lower in LIF.above:
            _check_above(where, upper, lower, getattr(self, upper), getattr(self, lower))
        for names in LIF.together:
            given = [name for name in names if getattr(self, name) is not None]
            if given and len(given) < len(names):
                missing = " and ".join(name for name in names if name not in given)
                raise DescriptionError(f"{where}: got {' and '.join(given)} without {missing}; give both, or neither")
        sign: Any = self.sign
        if sign is not None and not (isinstance(sign, int | float | np.number) and sign in (1, -1)):
            raise DescriptionError(f"{where} sign: got {self.sign!r}, expected +1, -1 or None")

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __repr__(self) -> str:
        return short_repr(self)


def _checked(parameter: Parameter, value: Any, size: int, where: str) -> Value:
    """Return the value in its final type; raise if no draw can be valid. `drawing` checks the draws themselves."""
    out = checked_value(value, size, where, "time" if parameter.dimension == "time" else None)
    if not isinstance(out, Distribution) and parameter.outside(value_range(out)[0]):
        sign = ">" if parameter.exclusive else ">="
        kind = "a time" if parameter.dimension == "time" else "a number"
        msg = f"{where}: got {value_range(out)[0]:g}{parameter.unit}, expected {kind} {sign} {parameter.minimum:g}"
        raise DescriptionError(msg)
    return out


def _check_above(where: str, upper: str, lower: str, high: Value, low: Value) -> None:
    if isinstance(high, Distribution) or isinstance(low, Distribution):
        return
    gap = np.atleast_1d(np.subtract(high, low))
    if gap.min() <= 0:
        raise DescriptionError(f"{where}: got {upper} - {lower} = {gap.min():g}, expected {upper} > {lower}")


def _positions(value: Any, size: int, where: str) -> Grid | Box | Floats | None:
    if value is None or isinstance(value, Box):
        return value
    if isinstance(value, Grid):
        if value.n_points < size:
            msg = f"{where}: got a grid of {value.n_points} points, expected at least the {size} neurons"
            raise DescriptionError(msg)
        return value
    array = checks.real_array(value, where)
    if array.shape != (size, 3):
        raise DescriptionError(f"{where}: got an array of shape {array.shape}, expected ({size}, 3)")
    return checks.read_only(array)
