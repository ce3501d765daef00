"""Groups of neurons, in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.positions import Box, Grid
from lsm_sim.describe.values import Value, checked_value, value_range
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats


@dataclass(frozen=True, eq=False)
class Neurons:
    """A named group of ``size`` current-based LIF neurons.

    Parameters
    ----------
    tau_m, tau_syn
        Membrane and synaptic time constant, in seconds.
    v_rest, v_thresh, v_reset
        Resting potential, threshold and reset potential, in units of v (dimensionless, or whatever unit you choose).
    t_ref
        Refractory period, in seconds: v is held at v_reset for round(t_ref/dt) steps.
    i_bias
        Constant input, in units of v per second; v settles at v_rest + i_bias * tau_m.
    positions
        `grid`, `random_in_box`, or an array of shape (size, 3).
    sign
        +1 (excitatory) or -1 (inhibitory): every outgoing synapse has this sign (Dale's law). A two-sided weight
        distribution is then folded, sign * |draw|; a one-sided one of the other sign is an error. None: no law.

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
    positions: Grid | Box | Floats | None = None
    sign: int | None = None

    PARAMETERS = ("tau_m", "tau_syn", "v_rest", "v_thresh", "v_reset", "t_ref", "i_bias")

    def __post_init__(self) -> None:
        where = f"Neurons {checks.name(self.name, 'Neurons name')!r}"
        object.__setattr__(self, "size", checks.whole(self.size, f"{where} size", minimum=1, maximum=checks.MOST))
        for parameter in self.PARAMETERS:
            object.__setattr__(
                self, parameter, checked_value(getattr(self, parameter), self.size, f"{where} {parameter}")
            )
        object.__setattr__(self, "positions", _positions(self.positions, self.size, f"{where} positions"))
        self._check_ranges(where)

    def _check_ranges(self, where: str) -> None:
        """Say what cannot be right for any draw; `lower` checks the draws themselves."""
        for tau in ("tau_m", "tau_syn"):
            value = getattr(self, tau)
            if not isinstance(value, Distribution) and value_range(value)[0] <= 0:
                raise DescriptionError(f"{where} {tau}: got {value_range(value)[0]:g} s, expected a time > 0")
        if not isinstance(self.t_ref, Distribution) and value_range(self.t_ref)[0] < 0:
            raise DescriptionError(f"{where} t_ref: got {value_range(self.t_ref)[0]:g} s, expected a time >= 0")
        if not isinstance(self.v_thresh, Distribution) and not isinstance(self.v_reset, Distribution):
            gap = np.atleast_1d(np.subtract(self.v_thresh, self.v_reset))
            if gap.min() <= 0:
                msg = f"{where}: got v_thresh - v_reset = {gap.min():g}, expected v_thresh > v_reset"
                raise DescriptionError(msg)
        if self.sign not in (None, 1, -1):
            raise DescriptionError(f"{where} sign: got {self.sign!r}, expected +1, -1 or None")


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
