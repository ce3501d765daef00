"""One step of a program as Brian2 statements, the same for every target and for networks exported to the user.

Brian2 may rearrange a formula and round it differently, so each sum is in a separate statement; the arrivals ``a`` of a step
are added to ``u`` at once, because only sums of weights are exact in any order. All numbers are float64; Loihi's integers are
exact in float64 (|u| * 4096 < 2^43). ``hold`` counts the steps for which v is still held; Brian2's refractoriness is not used,
because it also suppresses the spikes of a held neuron whose threshold is below 0. A held v is 0, because a neuron is held only
after a spike.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsm_sim.dynamics import LIF, Arithmetic
from lsm_sim.program.program import Program

ACCUMULATE = "a_post += w"
"""Statement executed by an arriving spike."""

NAMES = {"refractory": "held_for"}
"""Names in Brian2 of those arrays of a program whose own names are reserved there."""

STATE = (*LIF.variables(()), "a", "hold")

_HOLD = "hold = int(hold > 0)*(hold - 1)\n"

_FLOAT64 = (
    """\
u = decay_u*u
u = u + a
a = 0
"""
    + _HOLD
    + """\
drive = u + bias
v = decay_v*v
v = v + drive
v = int(hold == 0)*v
"""
)

_LOIHI_U = """\
kept = u*(4095 - du)
u = sign(kept)*floor(abs(kept)/4096) + 64*a
u = u - 4294967296.0*floor((u + 2147483648.0)/4294967296.0)
"""
_LOIHI_V = """\
u = u - 16777216*int(u > 8388608) + 16777216*int(u <= -8388608)
a = 0
kept = v*(4096 - dv)
drive = u + bias
v = sign(kept)*floor(abs(kept)/4096) + drive
v = int(hold == 0)*clip(v, -8388607, 8388607)
"""
_LEFT_A_AND_U = "left = int(abs(a) >= 32768) + 2*int(abs(u) >= 8388608)\n"
_LEFT_DRIVE = "left = left + 4*int(abs(drive) >= 8388608)\n"


def advance(arithmetic: Arithmetic, *, excursions: bool = False) -> str:
    """Return the statements that advance ``hold``, ``u`` and ``v``, before the reset.

    With ``excursions``, ``left`` is the sum of 1, 2 and 4 for the kinds of `lsm_sim.backend.Excursions`.
    """
    if arithmetic == "float64":
        return _FLOAT64
    left_a_and_u, left_drive = (_LEFT_A_AND_U, _LEFT_DRIVE) if excursions else ("", "")
    return _HOLD + _LOIHI_U + left_a_and_u + _LOIHI_V + left_drive


def threshold(arithmetic: Arithmetic) -> str:
    """Return the condition for a spike."""
    return "v > threshold" if arithmetic == "float64" else "v > 64*threshold"


RESET = """\
v = 0
hold = held_for + 1"""


def model(arithmetic: Arithmetic) -> str:
    """Return the declarations of the variables of a neuron."""
    parameters = [NAMES.get(name, name) for name in LIF.required(arithmetic)]
    return "\n".join(f"{name} : 1" for name in (*STATE, *parameters))


def parameters(program: Program) -> dict[str, Any]:
    """Return the parameters by their names in Brian2, (N,) each."""
    return {NAMES.get(name, name): program.arrays[name] for name in LIF.required(program.arithmetic)}


def start(program: Program) -> dict[str, Any]:
    """Return the state variables that do not start at 0, (N,) each."""
    return {name: values for name, values in program.start().items() if values.any()}


@dataclass(frozen=True)
class Fused:
    """The runner's cells: a step in one block of statements, with spikes, resets and the start of samples.

    Parameters
    ----------
    arithmetic
        Of the program.
    excursions
        Whether to count them.
    starts
        State variables that do not start at 0; variable x starts at the parameter start_x.
    """

    arithmetic: Arithmetic
    excursions: bool
    starts: tuple[str, ...]

    @staticmethod
    def of(program: Program, *, excursions: bool) -> Fused:
        """Return what the program needs."""
        return Fused(program.arithmetic, excursions, tuple(start(program)))

    def parameters(self, program: Program) -> dict[str, Any]:
        """Return the parameters by name, (N,) each."""
        return parameters(program) | {f"start_{name}": start(program)[name] for name in self.starts}

    def model(self, phase: str) -> str:
        """Return the declarations of all variables; ``phase`` is that of the phase, see `step`."""
        more = [*(f"start_{name} : 1" for name in self.starts), *(["left : 1"] if self.excursions else [])]
        return "\n".join([model(self.arithmetic), "fires : boolean", phase, *more])

    def step(self) -> str:
        """Return the statements; ``phase``: 0 begins a sample, 1 runs it, 2 drains spikes in flight."""
        fresh = "going = int(phase > 0.5)\n"
        for name in LIF.variables(()):
            begun = f" + start_{name}*(1 - going)" if name in self.starts else ""
            fresh += f"{name} = {name}*going{begun}\n"
        spike = f"fires = ({threshold(self.arithmetic)}) and (phase < 1.5)\n"
        reset = "v = int(not fires)*v\nhold = int(not fires)*hold + int(fires)*(held_for + 1)\n"
        return f"{fresh}hold = hold*going\n" + advance(self.arithmetic, excursions=self.excursions) + spike + reset
