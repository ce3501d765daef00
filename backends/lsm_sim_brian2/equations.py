"""One step of a program as Brian2 statements, the same for every target and for networks exported to the user.

Brian2 may rearrange a formula and round it differently, so each sum is in a separate statement; the arrivals ``a`` of a step
are added to ``u`` at once, because only sums of weights are exact in any order. All numbers are float64; Loihi's integers are
exact in float64 (|u| * 4096 < 2^43). ``hold`` counts the steps for which v is still held; Brian2's refractoriness is not used,
because it also suppresses the spikes of a held neuron whose threshold is below 0. A held v is 0, because a neuron is held only
after a spike. A second current has its own arrivals ``a2``; an adaptive threshold is higher by ``theta``, which is w of a
program.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lsm_sim.dynamics import LIF, Arithmetic
from lsm_sim.program.program import Program

NAMES = {"refractory": "held_for", "w": "theta"}
"""Names in Brian2 of what has another name in a program: one is reserved, and w is the weight of a synapse."""

_HOLD = "hold = int(hold > 0)*(hold - 1)\n"

_FLOAT64_U = """\
u = decay_u*u
u = u + a
a = 0
"""
_FLOAT64_U2 = """\
u2 = decay_u2*u2
u2 = u2 + a2
a2 = 0
"""
_FLOAT64_V = """\
v = decay_v*v
v = v + drive
v = int(hold == 0)*v
"""
_FLOAT64_W = "theta = decay_w*theta\n"

_LOIHI_U = """\
kept = u*(4095 - du)
u = sign(kept)*floor(abs(kept)/4096) + 64*a
u = u - 4294967296.0*floor((u + 2147483648.0)/4294967296.0)
"""
_LOIHI_U2 = """\
kept = u2*(4095 - du2)
u2 = sign(kept)*floor(abs(kept)/4096) + 64*a2
u2 = u2 - 4294967296.0*floor((u2 + 2147483648.0)/4294967296.0)
"""
_LOIHI_WRAP = """\
u = u - 16777216*int(u > 8388608) + 16777216*int(u <= -8388608)
a = 0
"""
_LOIHI_WRAP2 = """\
u2 = u2 - 16777216*int(u2 > 8388608) + 16777216*int(u2 <= -8388608)
a2 = 0
"""
_LOIHI_KEPT_V = "kept = v*(4096 - dv)\n"
_LOIHI_V = """\
v = sign(kept)*floor(abs(kept)/4096) + drive
v = int(hold == 0)*clip(v, -8388607, 8388607)
"""
_LOIHI_W = """\
kept = theta*(4096 - dw)
theta = sign(kept)*floor(abs(kept)/4096)
"""
_DRIVE = "drive = u + bias\n"
_DRIVE_OF_BOTH = """\
drive = u + u2
drive = drive + bias
"""
_LEFT_A_AND_U = "left = int(abs(a) >= 32768) + 2*int(abs(u) >= 8388608)\n"
_LEFT_A_AND_U_OF_BOTH = """\
left = int((abs(a) >= 32768) or (abs(a2) >= 32768))
left = left + 2*int((abs(u) >= 8388608) or (abs(u2) >= 8388608))
"""
_LEFT_DRIVE = "left = left + 4*int(abs(drive) >= 8388608)\n"

_RESET = """\
v = 0
hold = held_for + 1"""
_RAISE = {"float64": "theta = theta + jump", "loihi": "theta = clip(theta + jump, 0, 8388607)"}


@dataclass(frozen=True)
class Neuron:
    """The statements of a neuron.

    Parameters
    ----------
    arithmetic
        Of the program.
    parameters
        Names of the arrays of the program that are parameters of a neuron.
    second
        Whether it has a second synaptic current.
    adaptive
        Whether its threshold is adaptive.
    """

    arithmetic: Arithmetic
    parameters: tuple[str, ...]
    second: bool = False
    adaptive: bool = False

    @staticmethod
    def of(program: Program) -> Neuron:
        """Return the neuron of a program; the values at the start are no parameters."""
        names = [array.name for array in LIF.arrays[program.arithmetic] if array.default is None]
        own = tuple(name for name in names if name in program.arrays)
        needs = program.needs
        return Neuron(program.arithmetic, own, "two-currents" in needs, "adaptive-threshold" in needs)

    @property
    def state(self) -> tuple[str, ...]:
        """The state variables that a program records, by their names in Brian2."""
        needs = (*(["two-currents"] * self.second), *(["adaptive-threshold"] * self.adaptive))
        return tuple(NAMES.get(name, name) for name in LIF.variables(needs))

    @property
    def accumulators(self) -> tuple[str, ...]:
        """The variables to which arriving spikes add, one for each receptor."""
        return ("a", "a2") if self.second else ("a",)

    def model(self) -> str:
        """Return the declarations of the variables."""
        parameters = [NAMES.get(name, name) for name in self.parameters]
        return "\n".join(f"{name} : 1" for name in (*self.state, *self.accumulators, "hold", *parameters))

    def advance(self, *, excursions: bool = False) -> str:
        """Return the statements that advance all variables, before the reset.

        With ``excursions``, ``left`` is the sum of 1, 2 and 4 for the kinds of `lsm_sim.backend.Excursions`.
        """
        drive = _DRIVE_OF_BOTH if self.second else _DRIVE
        if self.arithmetic == "float64":
            currents = _FLOAT64_U + (_FLOAT64_U2 if self.second else "")
            return currents + _HOLD + drive + _FLOAT64_V + (_FLOAT64_W if self.adaptive else "")
        left, left_drive = "", ""
        if excursions:
            left, left_drive = _LEFT_A_AND_U_OF_BOTH if self.second else _LEFT_A_AND_U, _LEFT_DRIVE
        currents = (
            _LOIHI_U + (_LOIHI_U2 if self.second else "") + left + _LOIHI_WRAP + (_LOIHI_WRAP2 if self.second else "")
        )
        v = _LOIHI_KEPT_V + drive + _LOIHI_V
        return _HOLD + currents + v + left_drive + (_LOIHI_W if self.adaptive else "")

    def threshold(self) -> str:
        """Return the condition for a spike."""
        condition = "v > threshold" if self.arithmetic == "float64" else "v > 64*threshold"
        return f"{condition} + theta" if self.adaptive else condition

    def reset(self) -> str:
        """Return the statements executed after a spike."""
        return f"{_RESET}\n{_RAISE[self.arithmetic]}" if self.adaptive else _RESET


def parameters(program: Program) -> dict[str, Any]:
    """Return the parameters by their names in Brian2, (N,) each."""
    return {NAMES.get(name, name): program.arrays[name] for name in Neuron.of(program).parameters}


def start(program: Program) -> dict[str, Any]:
    """Return the state variables that do not start at 0, (N,) each."""
    return {name: values for name, values in program.start().items() if values.any()}


@dataclass(frozen=True)
class Fused:
    """The runner's cells: a step in one block of statements, with spikes, resets and the start of samples.

    Parameters
    ----------
    neuron
        Of the program.
    excursions
        Whether to count them.
    starts
        State variables that do not start at 0; variable x starts at the parameter start_x.
    """

    neuron: Neuron
    excursions: bool
    starts: tuple[str, ...]

    @staticmethod
    def of(program: Program, *, excursions: bool) -> Fused:
        """Return what the program needs."""
        return Fused(Neuron.of(program), excursions, tuple(start(program)))

    def parameters(self, program: Program) -> dict[str, Any]:
        """Return the parameters by name, (N,) each."""
        return parameters(program) | {f"start_{name}": start(program)[name] for name in self.starts}

    def model(self, phase: str, *more: str) -> str:
        """Return the declarations of all variables; ``phase`` is that of the phase, see `step`, ``more`` are others."""
        more = (*(f"start_{name} : 1" for name in self.starts), *(["left : 1"] if self.excursions else []), *more)
        return "\n".join([self.neuron.model(), "fires : boolean", phase, *more])

    def step(self) -> str:
        """Return the statements; ``phase``: 0 begins a sample, 1 runs it, 2 drains spikes in flight."""
        fresh = "going = int(phase > 0.5)\n"
        for name in self.neuron.state:
            begun = f" + start_{name}*(1 - going)" if name in self.starts else ""
            fresh += f"{name} = {name}*going{begun}\n"
        spike = f"fires = ({self.neuron.threshold()}) and (phase < 1.5)\n"
        reset = "v = int(not fires)*v\nhold = int(not fires)*hold + int(fires)*(held_for + 1)\n"
        if self.neuron.adaptive:
            reset += "theta = theta + int(fires)*jump\n"
            reset += "theta = clip(theta, 0, 8388607)\n" if self.neuron.arithmetic == "loihi" else ""
        return f"{fresh}hold = hold*going\n" + self.neuron.advance(excursions=self.excursions) + spike + reset
