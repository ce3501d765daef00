"""Short-term plasticity of synapses, in SI units."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.values import Value, checked_value, value_range
from lsm_sim.errors import DescriptionError
from lsm_sim.support.printing import short_repr
from lsm_sim.support.records import rebuild

TIMES = ("tau_rec", "tau_facil")
_WHERE = "TsodyksMarkram"


@dataclass(frozen=True, eq=False, repr=False)
class TsodyksMarkram:
    """Short-term plasticity of synapses: each spike uses resources, which recover, and makes the next spikes use more of them.

    Each source has the resources r, at first 1, and the facilitation f, at first 0. Between its spikes::

        tau_rec dr/dt = 1 - r          tau_facil df/dt = -f

    and a spike delivers ``weight * x * r`` with ::

        x = f + U (1 - f)       then       r := r - x r       f := x

    so ``weight`` is the absolute efficacy: a first spike, after a long silence, delivers U * weight.

    Parameters
    ----------
    U
        Fraction of the resources that a first spike uses, 0 to 1.
    tau_rec
        Time constant with which the resources recover (depression), in seconds; None or 0: they are full at each spike.
    tau_facil
        Time constant with which facilitation decays, in seconds; None or 0: each spike uses the fraction U.

    Each may be one number, an array with one for each source (neuron or channel of ``pre``) or a distribution, from which each
    source draws once. Times that are not 0 must be at least one step of dt.

    References
    ----------
    Markram, Wang, Tsodyks, PNAS 95, 5323 (1998); used by Maass, Natschlaeger, Markram, Neural Computation 14, 2531 (2002).

    Examples
    --------
    >>> TsodyksMarkram(U=0.5, tau_rec=1.1, tau_facil=0.05)
    TsodyksMarkram(U=0.5, tau_rec=1.1, tau_facil=0.05)
    """

    U: Value
    tau_rec: Value | None = None
    tau_facil: Value | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "U", checked_value(self.U, None, f"{_WHERE} U"))
        for name in TIMES:
            if getattr(self, name) is not None:
                object.__setattr__(self, name, checked_value(getattr(self, name), None, f"{_WHERE} {name}", "time"))
        for name, value in self.given().items():
            if not isinstance(value, Distribution):
                check_values(name, value, _WHERE, "got")

    def given(self) -> dict[str, Value]:
        """Return the parameters that are not None, by name."""
        values = {name: getattr(self, name) for name in ("U", *TIMES)}
        return {name: value for name, value in values.items() if value is not None}

    def check_size(self, size: int, where: str) -> None:
        """Raise unless each array has one value for each of the ``size`` sources."""
        for name, value in self.given().items():
            if isinstance(value, np.ndarray) and value.size != size:
                msg = f"{where} stp {name}: got {value.size} values, expected one for each of the {size} sources"
                raise DescriptionError(msg)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def __repr__(self) -> str:
        return short_repr(self)


def check_values(name: str, value: Any, where: str, verb: str) -> None:
    """Raise if a number is outside the range of the parameter ``name``; ``verb`` says where it comes from."""
    low, high = value_range(value)
    if name == "U" and (low < 0 or high > 1):
        raise DescriptionError(f"{where} U: {verb} {low if low < 0 else high:g}, expected a fraction in [0, 1]")
    if low < 0:
        raise DescriptionError(f"{where} {name}: {verb} {low:g} s, expected a time >= 0")
