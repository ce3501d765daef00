"""One step of a program as Brian2 statements, the same for every target and for networks exported to the user.

Brian2 may rearrange a formula and round it differently, so each sum is in a separate statement; the arrivals ``a`` of a step
are added to ``u`` at once, because only sums of weights are exact in any order. All numbers are float64; Loihi's integers are
exact in float64 (|u| * 4096 < 2^43). ``hold`` counts the steps for which v is still held; Brian2's refractoriness is not used,
because it also suppresses the spikes of a held neuron whose threshold is below 0. A held v is 0, because a neuron is held only
after a spike.
"""

from __future__ import annotations

from lsm_sim.dynamics import LIF, Arithmetic
from lsm_sim.program.program import Program

ACCUMULATE = "a_post += w"
"""Statement executed by an arriving spike."""

NAMES = {"refractory": "held_for"}
"""Names in Brian2 of those arrays of a program whose own names are reserved there."""

STATE = (*LIF.state, "a", "hold")

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


def parameters(program: Program) -> dict[str, str]:
    """Return for each parameter in Brian2 the name of the program's array."""
    return {NAMES.get(name, name): name for name in LIF.required(program.arithmetic)}


def fused_model(arithmetic: Arithmetic, phase: str, *, excursions: bool) -> str:
    """Return the variables of the runner's cells, whose spikes and resets are computed in `fused_step`."""
    return "\n".join([model(arithmetic), "fires : boolean", phase, *(["left : 1"] if excursions else [])])


def fused_step(arithmetic: Arithmetic, *, excursions: bool) -> str:
    """Return all statements of a step in one block; ``phase``: 0 begins a sample, 1 runs it, 2 drains spikes in flight."""
    fresh = "going = int(phase > 0.5)\nu = u*going\nv = v*going\nhold = hold*going\n"
    spike = f"fires = ({threshold(arithmetic)}) and (phase < 1.5)\n"
    reset = "v = int(not fires)*v\nhold = int(not fires)*hold + int(fires)*(held_for + 1)\n"
    return fresh + advance(arithmetic, excursions=excursions) + spike + reset
