"""The discrete-time network that every engine runs: flat arrays, steps instead of seconds.

Step k = 0, 1, 2, ... A spike (or stimulus event) at step k on a synapse with delay d arrives at step k + 1 + d. Everything
starts from rest (u = v = 0, nothing in flight). ``arithmetic="float64"``, per neuron::

    a[k] = sum of arrivals at k                       # accumulated separately, added once
    u = decay_u * u + a[k]
    v = decay_v * v + (u + bias)      unless held     # u is never held
    s[k] = v > threshold                              # strict
    v = 0 where s;  a neuron that spiked at k is held at k+1 .. k+refractory

``arithmetic="loihi"``, all integers::

    x = toward_zero(u * (4096 - (du + 1)) / 4096) + (a[k] << 6)      # in int32
    u = x - 2^24 if x > 2^23;  x + 2^24 if x <= -2^23;  else x         # u wraps
    v = clip(toward_zero(v * (4096 - dv) / 4096) + u + bias, -(2^23-1), 2^23-1)   unless held      # v saturates
    s = v > (threshold << 6);  then as above

`lsm_sim.engine.reference` is the executable form.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.program import checks as program_checks
from lsm_sim.support import checks, npz
from lsm_sim.support.checks import Ints

Arithmetic = Literal["float64", "loihi"]
Groups = Mapping[str, range]

NEURON_ARRAYS = {
    "float64": ("decay_u", "decay_v", "threshold", "bias", "refractory"),
    "loihi": ("du", "dv", "threshold", "bias", "refractory"),
}
SYNAPSE_ARRAYS = ("indptr", "post", "weight", "delay")
FORMAT = "lsm_sim.program/1"
CASE_FORMAT = "lsm_sim.case/1"


@dataclass(frozen=True, eq=False, repr=False)
class Program:
    """A discrete-time network: N neurons, C input channels, S synapses in compressed rows by source.

    Parameters
    ----------
    arithmetic
        ``"float64"`` or ``"loihi"``; see the module for what each means.
    dt
        Duration of a step, in seconds.
    n_inputs, n_neurons
        C and N.
    indptr, post, weight, delay
        Synapses: row r < C is input channel r, row C + i is neuron i; ``indptr`` (C+N+1,), the others (S,). ``post`` is
        the target neuron; ``delay`` >= 0 in steps. float64: weights are multiples of 2^-30 and the magnitudes that meet in
        one neuron sum to less than 2^53 of their smallest common grid, so that sums are exact in any order. loihi: integers.
    threshold, bias, refractory
        (N,); ``refractory`` in steps held after the spike step.
    decay_u, decay_v
        float64 only, (N,): factor kept per step.
    du, dv
        loihi only, (N,): decay per step in 1/4096.
    input_groups, neuron_groups
        The user's names, each with the range of channels or neurons it covers.
    """

    arithmetic: Arithmetic
    dt: float
    n_inputs: int
    n_neurons: int
    indptr: Ints
    post: Ints
    weight: Any
    delay: Ints
    threshold: Any
    bias: Any
    refractory: Ints
    decay_u: Any = None
    decay_v: Any = None
    du: Any = None
    dv: Any = None
    input_groups: Groups = field(default_factory=dict)
    neuron_groups: Groups = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name, value in program_checks.checked(self).items():
            object.__setattr__(self, name, value)

    @property
    def n_synapses(self) -> int:
        """S."""
        return len(self.post)

    @property
    def max_delay(self) -> int:
        """The longest stored delay, in steps; a spike arrives at most max_delay + 1 steps after it was sent."""
        return int(self.delay.max(initial=0))

    @property
    def weight_exponent(self) -> int:
        """The smallest e >= 0 for which every weight is a multiple of 2^-e (0 for loihi)."""
        return program_checks.grid_exponent(self.weight) if self.arithmetic == "float64" else 0

    def sources(self) -> Ints:
        """Return the row of each synapse, shape (S,)."""
        return np.repeat(np.arange(self.n_inputs + self.n_neurons), np.diff(self.indptr))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the program to an .npz file; an unfinished file is never left behind."""
        arrays = {name: getattr(self, name) for name in (*SYNAPSE_ARRAYS, *NEURON_ARRAYS[self.arithmetic])}
        scalars = {name: getattr(self, name) for name in ("arithmetic", "dt", "n_inputs", "n_neurons")}
        npz.write(path, {"format": FORMAT, **scalars, **arrays, **_groups_to_arrays(self)})

    @staticmethod
    def load(path: str | os.PathLike[str]) -> Program:
        """Read a program, or the program of a case file, from an .npz file."""
        return from_arrays(npz.read(path), where=str(path))

    def __repr__(self) -> str:
        return (
            f"Program({self.arithmetic}, dt={self.dt:g} s, {self.n_inputs} inputs, {self.n_neurons} neurons, "
            f"{self.n_synapses} synapses, delays 1..{self.max_delay + 1} steps)"
        )

    def summary(self) -> str:
        """Return a table of the program that a person can read."""
        from lsm_sim.program.summary import summarise

        return summarise(self)


def from_arrays(arrays: Mapping[str, Any], where: str) -> Program:
    """Return the program in the arrays of an .npz file, case files included; ``where`` names the file in errors."""
    kind = str(arrays.get("format", ""))
    if kind not in (FORMAT, CASE_FORMAT):
        msg = f"{where}: got format {kind or 'none'!r}, expected {FORMAT!r} or {CASE_FORMAT!r}"
        raise DescriptionError(msg)
    arithmetic = str(arrays.get("arithmetic", ""))
    if arithmetic not in NEURON_ARRAYS:
        raise DescriptionError(f"{where}: got arithmetic {arithmetic!r}, expected 'float64' or 'loihi'")
    names = ("dt", "n_inputs", "n_neurons", *SYNAPSE_ARRAYS, *NEURON_ARRAYS[arithmetic])
    missing = [name for name in names if name not in arrays]
    if missing:
        raise DescriptionError(f"{where}: no {', '.join(missing)} in the file; it is damaged or not a program")
    try:
        fields = {name: arrays[name] for name in names} | _groups_from_arrays(arrays)
        return Program(arithmetic=arithmetic, **fields)  # type: ignore[arg-type]
    except DescriptionError as error:
        raise DescriptionError(f"{where}: {error}") from None


def _groups_to_arrays(program: Program) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind, groups in (("input", program.input_groups), ("neuron", program.neuron_groups)):
        out[f"{kind}_group_name"] = np.array(list(groups), dtype=np.str_)
        out[f"{kind}_group_stop"] = np.array([members.stop for members in groups.values()], dtype=np.int64)
    return out


def _groups_from_arrays(arrays: Mapping[str, Any]) -> dict[str, Groups]:
    out: dict[str, Groups] = {}
    for kind in ("input", "neuron"):
        names = np.ravel(arrays.get(f"{kind}_group_name", []))
        stops = checks.whole_array(np.ravel(arrays.get(f"{kind}_group_stop", [])), f"{kind}_group_stop").tolist()
        out[f"{kind}_groups"] = {
            str(name): range(start, stop) for name, start, stop in zip(names, [0, *stops], stops, strict=False)
        }
    return out
