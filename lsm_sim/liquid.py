"""What a user describes: input channels, groups of LIF neurons and the synapses between them, in SI units.

    tau_syn * du/dt = -u + weight * (arriving spikes, as unit impulses)
    dv/dt = -(v - v_rest)/tau_m + u + i_bias        spike when v > v_thresh; then v := v_reset, held for t_ref

``weight`` is in units of v: what one spike would add to v if the membrane did not leak. It does not depend on tau_syn.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from lsm_sim import checks
from lsm_sim.checks import Floats
from lsm_sim.distributions import Distribution
from lsm_sim.errors import DescriptionError
from lsm_sim.files import PathLike
from lsm_sim.positions import Box, Grid
from lsm_sim.wiring import Edges, WiringRule

Value: TypeAlias = "float | Floats | Distribution"
"""One number for all, one for each, or a distribution to draw them from."""


def _value(value: Any, size: int | None, where: str) -> Value:
    """Return ``value`` as a float, a read-only array of shape (size,) or a distribution."""
    if isinstance(value, Distribution):
        return value
    array = checks.real_array(value, where)
    if array.ndim == 0:
        return float(array)
    if array.ndim != 1 or (size is not None and len(array) != size):
        expected = f"one number, {size} of them" if size is not None else "one number, a list of them"
        raise DescriptionError(f"{where}: got an array of shape {array.shape}, expected {expected} or a distribution")
    return checks.read_only(array)


def _range(value: Any) -> tuple[float, float]:
    """Return the smallest and the largest value that can come out."""
    if isinstance(value, Distribution):
        return value.bounds
    array = np.atleast_1d(value)
    return (float(array.min()), float(array.max())) if array.size else (0.0, 0.0)


@dataclass(frozen=True)
class Inputs:
    """A named group of ``size`` input channels, through which a stimulus enters."""

    name: str
    size: int

    def __post_init__(self) -> None:
        checks.name(self.name, "Inputs name")
        object.__setattr__(self, "size", checks.whole(self.size, f"Inputs {self.name!r} size", minimum=1))


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
        object.__setattr__(self, "size", checks.whole(self.size, f"{where} size", minimum=1))
        for parameter in self.PARAMETERS:
            object.__setattr__(self, parameter, _value(getattr(self, parameter), self.size, f"{where} {parameter}"))
        object.__setattr__(self, "positions", _positions(self.positions, self.size, f"{where} positions"))
        self._check_ranges(where)

    def _check_ranges(self, where: str) -> None:
        """Say what cannot be right for any draw; `lower` checks the draws themselves."""
        for tau in ("tau_m", "tau_syn"):
            value = getattr(self, tau)
            if not isinstance(value, Distribution) and _range(value)[0] <= 0:
                raise DescriptionError(f"{where} {tau}: got {_range(value)[0]:g} s, expected a time > 0")
        if not isinstance(self.t_ref, Distribution) and _range(self.t_ref)[0] < 0:
            raise DescriptionError(f"{where} t_ref: got {_range(self.t_ref)[0]:g} s, expected a time >= 0")
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


def _check_rule(rule: Any, where: str) -> None:
    if not isinstance(rule, WiringRule):
        raise DescriptionError(f"{where} rule: got {rule!r}, expected a wiring rule such as FixedProbability(0.1)")


@dataclass(frozen=True, eq=False)
class Synapses:
    """Synapses from group ``pre`` to group ``post`` (or to each of several groups).

    Parameters
    ----------
    rule
        Which pairs are connected: `FixedProbability`, `FixedInDegree`, `DistanceRule`, `SmallWorld`, `OneToOne`,
        `AllToAll` or `Edges`; `from_matrix` builds the last one from a matrix.
    weight
        In units of v; one number, one for each synapse in the order of `Edges`, or a distribution.
    delay
        In seconds, at least one step; None means one step.
    """

    pre: str
    post: str | tuple[str, ...]
    rule: WiringRule
    weight: Value = 1.0
    delay: Value | None = None

    def __post_init__(self) -> None:
        checks.name(self.pre, "Synapses pre")
        if not isinstance(self.post, str):
            if not isinstance(self.post, Iterable):
                raise DescriptionError(
                    f"Synapses post: got {self.post!r}, expected the name of a group or several names"
                )
            object.__setattr__(self, "post", tuple(self.post))
        for target in self.targets:
            checks.name(target, "Synapses post")
        where = f"Synapses {self.pre} -> {self.post}"
        if not self.targets or len(set(self.targets)) < len(self.targets):
            raise DescriptionError(f"{where}: expected different target groups, at least one")
        _check_rule(self.rule, where)
        n_edges = len(self.rule.pre) if isinstance(self.rule, Edges) else None
        for part in ("weight", "delay"):
            if getattr(self, part) is None and part == "delay":
                continue
            value = _value(getattr(self, part), n_edges, f"{where} {part}")
            if isinstance(value, np.ndarray) and n_edges is None:
                msg = f"{where} {part}: got an array, but only Edges fixes the order of synapses; use a distribution or Edges"
                raise DescriptionError(msg)
            object.__setattr__(self, part, value)
        if self.delay is not None and _range(self.delay)[1] <= 0:
            raise DescriptionError(f"{where} delay: got {_range(self.delay)[1]:g} s, expected a time > 0")

    @property
    def targets(self) -> tuple[str, ...]:
        """The target groups."""
        return (self.post,) if isinstance(self.post, str) else self.post

    @staticmethod
    def from_matrix(pre: str, post: str, matrix: Any, delay: Value | None = None) -> Synapses:
        """Return one synapse for each non-zero of ``matrix``, shape (size of pre, size of post), dense or scipy.sparse."""
        from scipy import sparse

        where = f"Synapses {pre} -> {post}"
        dense_or_sparse = matrix if sparse.issparse(matrix) else checks.real_array(matrix, f"{where} matrix")
        if dense_or_sparse.ndim != 2:
            raise DescriptionError(
                f"{where} matrix: got shape {dense_or_sparse.shape}, expected (size of pre, size of post)"
            )
        coo = sparse.coo_array(dense_or_sparse)
        coo.sum_duplicates()
        coo.eliminate_zeros()
        return Synapses(pre, post, Edges(coo.row, coo.col), weight=coo.data, delay=delay)


@dataclass(frozen=True, eq=False)
class Liquid:
    """A spiking network: input channels, neuron groups, synapses, and the one seed that fixes every draw."""

    inputs: Sequence[Inputs]
    neurons: Sequence[Neurons]
    synapses: Sequence[Synapses] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        for part, kind in (("inputs", Inputs), ("neurons", Neurons), ("synapses", Synapses)):
            object.__setattr__(self, part, _records(getattr(self, part), kind, f"Liquid {part}"))
        object.__setattr__(self, "seed", checks.whole(self.seed, "Liquid seed"))
        if not self.neurons:
            raise DescriptionError("Liquid: got no neurons, expected at least one group")
        names = [group.name for group in self.inputs] + [group.name for group in self.neurons]
        for name in names:
            if names.count(name) > 1:
                raise DescriptionError(f"Liquid: the group name {name!r} stands twice; give each group its own name")
        for synapses in self.synapses:
            self._check_ends(synapses, names)

    def _check_ends(self, synapses: Synapses, names: list[str]) -> None:
        own = [group.name for group in self.neurons]
        where = f"Synapses {synapses.pre} -> {synapses.post}"
        if synapses.pre not in names:
            raise DescriptionError(f"{where}: no group {synapses.pre!r}; known: {', '.join(names)}")
        for target in synapses.targets:
            if target not in own:
                raise DescriptionError(f"{where}: no neuron group {target!r}; known: {', '.join(own)}")
        sign = next((group.sign for group in self.neurons if group.name == synapses.pre), None)
        if sign is not None and _breaks_dale(synapses.weight, sign):
            kind, want = ("excitatory", ">= 0") if sign == 1 else ("inhibitory", "<= 0")
            msg = f"{where} weight: got {synapses.weight!r}, but {synapses.pre!r} is {kind}; expected weights {want}"
            raise DescriptionError(msg)

    @property
    def n_inputs(self) -> int:
        """Number of input channels, all groups together."""
        return sum(group.size for group in self.inputs)

    @property
    def n_neurons(self) -> int:
        """Number of neurons, all groups together."""
        return sum(group.size for group in self.neurons)

    def save(self, path: PathLike) -> None:
        """Write the description to a .toml or .json file; an unfinished file is never left behind."""
        from lsm_sim import description_file

        description_file.save(self, path)

    @staticmethod
    def load(path: PathLike) -> Liquid:
        """Return the liquid in a .toml or .json file."""
        from lsm_sim import description_file

        return description_file.load(path)

    def __repr__(self) -> str:
        inputs, neurons = (
            ", ".join(f"{group.name} {group.size}" for group in part) or "none" for part in (self.inputs, self.neurons)
        )
        return f"Liquid(inputs: {inputs}; neurons: {neurons}; {len(self.synapses)} kinds of synapses; seed={self.seed})"

    def __eq__(self, other: object) -> bool:
        from lsm_sim.description_file import to_dict

        return to_dict(self) == to_dict(other) if isinstance(other, Liquid) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def _breaks_dale(weight: Value, sign: int) -> bool:
    """Return whether a number has the wrong sign, or a distribution cannot give any of the right one.

    A distribution on both sides of zero is folded when it is drawn.
    """
    low, high = sorted(sign * end for end in _range(weight))  # now the right side is the positive one
    return low < 0 and (high <= 0 or not isinstance(weight, Distribution))


def _records(value: Any, kind: type, where: str) -> tuple[Any, ...]:
    if isinstance(value, kind):
        return (value,)
    if not isinstance(value, Iterable):
        raise DescriptionError(f"{where}: got {value!r}, expected a list of {kind.__name__}(...)")
    items = tuple(value)
    for item in items:
        if not isinstance(item, kind):
            msg = f"{where}: got {item!r}, expected {kind.__name__}(...)"
            raise DescriptionError(msg)
    return items
