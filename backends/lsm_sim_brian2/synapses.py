"""Synapses as Brian2 statements: static, with short-term plasticity, and with payloads of events.

Resources r and facilitation f of `lsm_sim.dynamics.plasticity` belong to a source there, and to each synapse here, as Brian2's
own examples have it. A synapse changes them when a spike arrives, which is later than at the source by its delay; between
spikes as many steps pass as at the source, and before the first spike neither changes, so all values are the same. As in
`lsm_sim_brian2.equations`, each sum is in a separate statement. An amount is rounded to a multiple
of the grid of its block's weights, and w counts in units of that grid.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.dynamics import Arithmetic, Rule
from lsm_sim.program.blocks import rule_arrays
from lsm_sim.program.program import Program

_VARIABLES = {
    "float64": ("w", "grid", "U", "decay_rec", "decay_facil", "r", "f"),
    "loihi": ("w", "U", "drec", "dfacil", "r", "f"),
}
_START: dict[Arithmetic, int] = {"float64": 1, "loihi": 2**20}

_REST = {
    "float64": """\
used = 1 - r
used = decay_rec*used
r = 1 - used
f = decay_facil*f
""",
    "loihi": """\
used = (1048576 - r)*(4096 - drec)
r = 1048576 - floor(used/4096)
f = f*(4096 - dfacil)
f = floor(f/4096)
""",
}

_USE = {
    "float64": """\
x = 1 - f
x = U*x
x = f + x
e = x*r
amount = rint(w*e)*grid
r = r - e
f = x
""",
    "loihi": """\
x = U*(1048576 - f)
x = f + floor(x/4096)
e = floor(x*r/1048576)
amount = w*floor(e/256)
amount = sign(amount)*floor(abs(amount)/4096)
r = r - e
f = x
""",
}


@dataclass(frozen=True)
class Synapse:
    """The statements of the synapses of one receptor and rule.

    Parameters
    ----------
    arithmetic
        Of the program.
    receptor, rule
        Of their blocks.
    payload
        Expression for the payload of the arriving event; None: there is none.
    """

    arithmetic: Arithmetic
    receptor: int = 0
    rule: Rule = "static"
    payload: str | None = None

    @property
    def suffix(self) -> str:
        """What distinguishes it in a name; empty for static synapses of receptor 0."""
        return ("" if self.rule == "static" else f"_{self.rule}") + ("_2" if self.receptor else "")

    @property
    def variables(self) -> tuple[str, ...]:
        """The names of the parameters, then of the state."""
        return ("w",) if self.rule == "static" else _VARIABLES[self.arithmetic]

    def model(self) -> str:
        """Return the declarations of the variables."""
        return "\n".join(f"{name} : 1" for name in self.variables)

    def on_pre(self) -> str:
        """Return the statements executed by an arriving spike."""
        return self.use() + self.effect()

    def use(self) -> str:
        """Return those that compute the amount and use the resources; none for static synapses."""
        return "" if self.rule == "static" else _USE[self.arithmetic]

    def effect(self) -> str:
        """Return that which delivers the amount."""
        amount = "w" if self.rule == "static" else "amount"
        times = "" if self.payload is None else f"*{self.payload}"
        return f"{'a2_post' if self.receptor else 'a_post'} += {amount}{times}"

    @property
    def calls_rint(self) -> bool:
        """Whether a statement calls `rint`, which Brian2 does not have."""
        return self.rule != "static" and self.arithmetic == "float64"

    def rest(self, phase: str | None = None) -> str | None:
        """Return the statements of each step; with ``phase``, see `equations.Fused.step`, a sample begins from rest.

        None: static synapses have none.
        """
        if self.rule == "static":
            return None
        if phase is None:
            return _REST[self.arithmetic]
        fresh = f"going = int({phase} > 0.5)\nr = r*going + {_START[self.arithmetic]}*(1 - going)\nf = f*going\n"
        return fresh + _REST[self.arithmetic]

    def start(self) -> dict[str, int]:
        """Return the variables that do not start at 0."""
        return {} if self.rule == "static" else {"r": _START[self.arithmetic]}


def kinds(program: Program, payload: str | None = None) -> dict[Synapse, Any]:
    """Return the kinds of synapses of a program, with the indices of theirs in `Program.synapses`; no empty ones.

    If there is one block, the indices are a slice, because a copy of large arrays costs memory.
    """
    if len(program.blocks) == 1:
        only = Synapse(program.arithmetic, program.receptor, program.rule, payload)
        return {only: slice(None)} if program.n_synapses else {}
    number, out = program.synapses().block, {}
    for receptor, rule in sorted({(block.receptor, block.rule) for block in program.blocks}):
        own = [b for b, block in enumerate(program.blocks) if (block.receptor, block.rule) == (receptor, rule)]
        index = np.flatnonzero(np.isin(number, own))
        if index.size:
            out[Synapse(program.arithmetic, receptor, rule, payload)] = index
    return out


def parameters(program: Program, synapse: Synapse, index: Any) -> dict[str, Any]:
    """Return the parameters of synapses of this kind by name; ``index`` is that in `Program.synapses`."""
    if synapse.rule == "static" and len(program.blocks) == 1:
        return {"w": program.weight[index].astype(np.float64)}
    every = program.synapses()
    weight = every.weight[index].astype(np.float64)
    if synapse.rule == "static":
        return {"w": weight}
    number, source = every.block[index], every.source[index]
    out = {"w": weight} | {
        name.removeprefix("stp_"): np.zeros(weight.size) for name in rule_arrays(synapse.rule, synapse.arithmetic)
    }
    for b in np.unique(number):
        for name, values in program.blocks[b].arrays.items():
            out[name.removeprefix("stp_")][number == b] = values[source[number == b]]
    if synapse.arithmetic == "float64":
        exponent = np.array([block.exponent for block in program.blocks])[number]
        out |= {"w": np.ldexp(weight, exponent), "grid": np.ldexp(1.0, -exponent)}
    return out


def rint(b2: Any) -> Any:
    """Return the function that rounds to the nearest integer, half to even, for all of Brian2's targets."""
    function = b2.Function(np.rint, arg_units=[1], return_unit=1)
    function.implementations.add_implementation("cpp", "", name="rint")
    function.implementations.add_implementation("cython", "from libc.math cimport rint", name="rint")
    return function


def group(
    b2: Any, synapse: Synapse, pre: Any, post: Any, clock: Any, name: str, phase: str | None = None, **names: Any
) -> Any:
    """Return a `brian2.Synapses` of this kind, not yet connected; ``names`` is what its statements use beside variables."""
    if synapse.calls_rint:
        names = {"rint": rint(b2)} | names
    out = b2.Synapses(pre, post, synapse.model(), on_pre=synapse.on_pre(), clock=clock, namespace=names, name=name)
    rest = synapse.rest(phase)
    if rest is not None:
        out.run_regularly(rest, when="groups", order=1, name=f"{name}_rest")
    return out


def set_parameters(group: Any, program: Program, synapse: Synapse, index: Any, replicas: int = 1) -> None:
    """Set the parameters and the state of connected synapses, those of one replica after the other."""
    for name, values in parameters(program, synapse, index).items():
        getattr(group, name)[:] = np.tile(values, replicas)
    for name, value in synapse.start().items():
        getattr(group, name)[:] = value
