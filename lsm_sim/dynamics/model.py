"""The records that make up the table of a neuron model; `lsm_sim.dynamics.lif` has the table.

All code that depends on the parameters, arrays or state variables of a neuron reads them here: `Neurons` and description
files, lowering, the checks, save and load of `Program`, recording, summaries, quantisation, the reference engine, and the
equations for Brian2. The compiled kernels are written by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal, TypeAlias

import numpy as np

from lsm_sim.support.checks import Floats, read_only
from lsm_sim.support.printing import short_repr
from lsm_sim.support.records import rebuild

Arithmetic = Literal["float64", "loihi"]
ARITHMETICS: tuple[Arithmetic, ...] = ("float64", "loihi")
Dimension = Literal["time", "potential", "potential per time"]
Arrays: TypeAlias = Mapping[str, Any]
"""Arrays with one number per neuron, by name."""


@dataclass(frozen=True)
class Parameter:
    """A number that a user gives for each neuron, in SI units.

    Parameters
    ----------
    name, doc
        As in `Neurons`.
    dimension
        Dimension that Brian2 quantities must have; potentials may have any unit.
    default
        A number, the name of the parameter whose value it takes, or None: a group need not have it.
    minimum
        The smallest value allowed, None: any.
    exclusive
        Whether ``minimum`` itself is not allowed.
    unusual
        There is a warning about values as large as this: the unit was probably forgotten. None: no warning.
    """

    name: str
    dimension: Dimension
    default: float | str | None
    doc: str
    minimum: float | None = None
    exclusive: bool = False
    unusual: float | None = None

    def outside(self, values: Any) -> Any:
        """Return a mask of the ``values`` that are not allowed."""
        if self.minimum is None:
            return np.zeros(np.shape(values), bool)
        return np.less_equal(values, self.minimum) if self.exclusive else np.less(values, self.minimum)

    @property
    def unit(self) -> str:
        """The unit to print after a value, with a leading space; empty for potentials."""
        return " s" if self.dimension == "time" else ""


@dataclass(frozen=True)
class Array:
    """An array of a `Program` with one number for each neuron, shape (N,).

    Parameters
    ----------
    name, doc
        As in `Program`, .npz files and case files.
    low, high
        The range allowed, both ends included.
    whole
        Whether the numbers are integers.
    need
        None: the array is required. Otherwise the array is optional, and a program that has it needs an engine that declares
        this name in `Backend.supports`. A program has either all arrays of a need or none, except those with a ``default``.
    default
        What a missing array means, for each neuron; an array that is this everywhere counts as missing. None: nothing.
    """

    name: str
    doc: str
    low: float = -np.inf
    high: float = np.inf
    whole: bool = False
    need: str | None = None
    default: float | None = None


@dataclass(frozen=True)
class Variable:
    """A state variable.

    Parameters
    ----------
    name
        As in `Program`, recordings and case files.
    unit
        The user's unit, in words.
    need
        None: every program has it. Otherwise only programs with this need.
    """

    name: str
    unit: str
    need: str | None = None


@dataclass(frozen=True, eq=False, repr=False)
class Units:
    """Conversion from the numbers of a program to the user's units.

    v = v_offset + (v of the program) / v_scale, u = (u of the program) / u_scale, and the weight of a synapse onto neuron i
    = (weight of the program) / weight_scale[i]. In the user's units v and weights are in units of v, u in units of v per
    second.

    Parameters
    ----------
    v_scale
        v of the program per unit of v: 1 in float64 arithmetic.
    v_offset
        v_reset, relative to which a program stores v, shape (N,).
    u_scale, weight_scale
        Shape (N,); weights by target neuron.
    u2_scale, weight2_scale
        The same for the second synaptic current, None without one.
    """

    v_scale: float
    v_offset: Floats
    u_scale: Floats
    weight_scale: Floats
    u2_scale: Floats | None = None
    weight2_scale: Floats | None = None

    def __post_init__(self) -> None:
        for name, values in self.per_neuron().items():
            object.__setattr__(self, name, read_only(np.array(values, order="C")))

    def per_neuron(self) -> dict[str, Floats]:
        """Return the arrays by name, (N,) each; without a second current two fewer."""
        names = [field.name for field in fields(self) if field.name != "v_scale"]
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value is not None}

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    def scaled(self, factor: float, state_factor: float) -> Units:
        """Return the units of a program whose weights are ``factor`` times larger, and u and v ``state_factor`` times."""
        factors = {"v_offset": 1.0, "u_scale": state_factor, "u2_scale": state_factor}
        scaled = {name: values * factors.get(name, factor) for name, values in self.per_neuron().items()}
        return Units(self.v_scale * state_factor, **scaled)

    def to_user(self, variable: str, values: Any, neurons: Any) -> Any:
        """Return ``values`` (..., P) of the state variable of ``neurons`` (P,) in the user's units."""
        if variable in ("v", "w"):
            scaled = values if self.v_scale == 1 else values / self.v_scale
            return scaled + self.v_offset[neurons] if variable == "v" else scaled
        scale = self.u2_scale if variable == "u2" else self.u_scale
        assert scale is not None  # a program with u2 has the scales of its second current
        return values / scale[neurons]

    def weight_scale_of(self, receptor: int) -> Floats:
        """Return the scale of the weights of a receptor, by target neuron (N,)."""
        scale = self.weight2_scale if receptor else self.weight_scale
        assert scale is not None
        return scale

    def __repr__(self) -> str:
        return short_repr(self)


@dataclass(frozen=True)
class NeuronModel:
    """The table of a neuron model.

    Parameters
    ----------
    name
        Name of the model.
    parameters
        What `Neurons` takes, in SI units.
    above
        Pairs of parameters of which the first must be greater than the second.
    together
        Parameters of which a group has all or none.
    arrays
        What a `Program` holds for each neuron, by arithmetic.
    state
        The state variables, in the order in which a step computes them. All that a program has can be recorded.
    lower
        (parameters in SI units, dt) -> the arrays of a float64 program.
    units
        (parameters in SI units, dt) -> conversion to the user's units.
    invert
        (arrays, arithmetic, dt, units) -> parameters in SI units, as far as the arrays determine them, in both arithmetics.
    start
        (arrays, arithmetic) -> the state at the start of a sample.
    step
        By arithmetic: (arrays, state, arrivals, held) -> (state, spiked, excursions), the definition of a step. ``arrivals``
        has one row for each receptor, (1, N) or (2, N). The given state is not changed; in the returned state, neurons that
        spiked are already reset. ``excursions`` (3, N) says which neurons would exceed Loihi's registers: see
        `lsm_sim.backend.Excursions`.
    quantise
        (float64 arrays, scale) -> loihi arrays.
    """

    name: str
    parameters: tuple[Parameter, ...]
    above: tuple[tuple[str, str], ...]
    together: tuple[tuple[str, ...], ...]
    arrays: Mapping[Arithmetic, tuple[Array, ...]]
    state: tuple[Variable, ...]
    lower: Callable[[Arrays, float], dict[str, Any]]
    units: Callable[[Arrays, float], Units]
    invert: Callable[[Arrays, Arithmetic, float, Units | None], dict[str, Floats]]
    start: Callable[[Arrays, Arithmetic], dict[str, Any]]
    step: Mapping[Arithmetic, Callable[[Arrays, Arrays, Any, Any], tuple[dict[str, Any], Any, Any]]]
    quantise: Callable[[Arrays, float], dict[str, Any]]

    def required(self, arithmetic: Arithmetic) -> tuple[str, ...]:
        """Return the names of the arrays that every program has."""
        return tuple(array.name for array in self.arrays[arithmetic] if array.need is None)

    def optional(self, arithmetic: Arithmetic) -> tuple[str, ...]:
        """Return the names of the arrays that a program may have."""
        return tuple(array.name for array in self.arrays[arithmetic] if array.need is not None)

    def variables(self, needs: Collection[str]) -> tuple[str, ...]:
        """Return the names of the state variables of a program with these needs."""
        return tuple(variable.name for variable in self.state if variable.need is None or variable.need in needs)
