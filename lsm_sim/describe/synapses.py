"""Projections from one group to others, in SI units."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.plasticity import TsodyksMarkram
from lsm_sim.describe.values import Value, checked_value, value_range
from lsm_sim.describe.wiring import Edges, WiringRule
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.printing import short_repr
from lsm_sim.support.quantities import Dimension
from lsm_sim.support.records import rebuild

Receptor = Literal["exc", "inh"]
RECEPTORS: tuple[Receptor, ...] = ("exc", "inh")  # the numbers of a program's receptors are their indices


def _check_rule(rule: Any, where: str) -> None:
    if not isinstance(rule, WiringRule):
        raise DescriptionError(f"{where} rule: got {rule!r}, expected a wiring rule such as FixedProbability(0.1)")


@dataclass(frozen=True, eq=False, repr=False)
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
    stp
        Short-term plasticity, `TsodyksMarkram`, or None: every spike delivers ``weight``.
    receptor
        Which synaptic current the spikes add to: "exc", of the time constant tau_syn, or "inh", of the time constant
        tau_syn_inh. None: "exc" where ``post`` has no tau_syn_inh, otherwise by the sign of the weights, which must then
        be the same for all of them.
    """

    pre: str
    post: str | tuple[str, ...]
    rule: WiringRule
    weight: Value = 1.0
    delay: Value | None = None
    stp: TsodyksMarkram | None = field(default=None, kw_only=True)
    receptor: Receptor | None = field(default=None, kw_only=True)

    def __post_init__(self) -> None:
        checks.described_name(self.pre, "Synapses pre")
        if not isinstance(self.post, str):
            names = checks.items(self.post, "Synapses post", "the name of a group or several names")
            object.__setattr__(self, "post", tuple(names))
        for target in self.targets:
            checks.described_name(target, "Synapses post")
        where = f"Synapses {self.pre} -> {self.post}"
        if not self.targets or len(set(self.targets)) < len(self.targets):
            raise DescriptionError(f"{where}: expected different target groups, at least one")
        _check_rule(self.rule, where)
        n_edges = len(self.rule.pre) if isinstance(self.rule, Edges) else None
        for part in ("weight", "delay"):
            if getattr(self, part) is None and part == "delay":
                continue
            dimension: Dimension | None = "time" if part == "delay" else None
            value = checked_value(getattr(self, part), n_edges, f"{where} {part}", dimension)
            if isinstance(value, np.ndarray) and n_edges is None:
                msg = f"{where} {part}: got an array, but only Edges fixes the order of synapses; use a distribution or Edges"
                raise DescriptionError(msg)
            object.__setattr__(self, part, value)
        if self.delay is not None and value_range(self.delay)[1] <= 0:
            raise DescriptionError(f"{where} delay: got {value_range(self.delay)[1]:g} s, expected a time > 0")
        if self.stp is not None:
            checks.instance(self.stp, TsodyksMarkram, f"{where} stp", "TsodyksMarkram(...), or None")
        if self.receptor is not None:
            checks.choice(self.receptor, f"{where} receptor", RECEPTORS)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target groups."""
        return (self.post,) if isinstance(self.post, str) else self.post

    def receptor_number(self, post: str, sign: int | None, *, second: bool) -> int:
        """Return 0 for the receptor "exc" and 1 for "inh" of the target group ``post``, or raise `DescriptionError`.

        Parameters
        ----------
        sign
            Of the group ``pre``: the weights have this sign; None: any.
        second
            Whether ``post`` has a second time constant.
        """
        where = f"Synapses {self.pre} -> {post} receptor"
        if not second:
            if self.receptor == "inh":
                raise DescriptionError(
                    f"{where}: got 'inh', a receptor without a second time constant; give {post!r} a tau_syn_inh"
                )
            return 0
        if self.receptor is not None:
            return RECEPTORS.index(self.receptor)
        low, high = value_range(self.weight)
        if sign is None and low < 0 < high:
            msg = (
                f"{where}: got None for weights of both signs, but {post!r} has two time constants; say 'exc' or 'inh'"
            )
            raise DescriptionError(msg)
        return int(sign == -1 or (sign is None and low < 0))

    def __repr__(self) -> str:
        return short_repr(self)

    @staticmethod
    def from_matrix(pre: str, post: str, matrix: Any, delay: Any = None) -> Synapses:
        """Return one synapse for each non-zero entry of a matrix of weights.

        Parameters
        ----------
        matrix
            Weights in units of v, shape (size of pre, size of post), dense or scipy.sparse.
        delay
            In seconds: one number, a distribution, or a matrix of the shape of ``matrix``, dense or scipy.sparse, whose
            entries count where ``matrix`` is not zero. None means one step.

        Examples
        --------
        >>> weight, delay = [[0.0, 0.5], [0.25, 0.0]], [[0.0, 2e-3], [3e-3, 0.0]]
        >>> synapses = Synapses.from_matrix("a", "b", weight, delay)
        >>> synapses.weight, synapses.delay
        (array([0.5 , 0.25]), array([0.002, 0.003]))
        """
        from scipy import sparse

        where = f"Synapses {pre} -> {post}"
        weights = matrix if sparse.issparse(matrix) else checks.real_array(matrix, f"{where} matrix")
        if weights.ndim != 2:
            raise DescriptionError(f"{where} matrix: got shape {weights.shape}, expected (size of pre, size of post)")
        coo = sparse.coo_array(weights)
        coo.sum_duplicates()
        coo.eliminate_zeros()
        if not sparse.issparse(delay) and delay is not None and not isinstance(delay, Distribution):
            delay = checks.real_array(delay, f"{where} delay", "time")
        if getattr(delay, "ndim", 0) == 2:
            delay = _entries(delay, coo, f"{where} delay")
        return Synapses(pre, post, Edges(coo.row, coo.col), weight=coo.data, delay=delay)


def _entries(delay: Any, weights: Any, where: str) -> Any:
    """Return the delay of each entry of ``weights``; one that is missing or not positive is an error."""
    from scipy import sparse

    if delay.shape != weights.shape:
        raise DescriptionError(f"{where}: got shape {delay.shape}, expected {weights.shape}, the shape of the weights")
    out = np.asarray(sparse.csr_array(delay)[weights.row, weights.col], np.float64)
    if (out <= 0).any():
        i = int(np.flatnonzero(out <= 0)[0])
        pair = f"({weights.row[i]}, {weights.col[i]})"
        raise DescriptionError(f"{where}: got {out[i]:g} s at {pair}, which has a weight, expected a time > 0")
    return out
