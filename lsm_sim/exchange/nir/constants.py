"""The constants of NIR's neurons from those of a program, and back, by three conventions.

NIR describes a neuron in continuous time (CubaLIF)::

    tau_syn * dI/dt = -I + w_in * S          tau_mem * dv/dt = (v_leak - v) + r * I          spike when v > v_threshold

``euler``: what programs for PyTorch compute of it, forward Euler with the step dt, where S is 1 in a step with a spike::

    I = (1 - dt/tau_syn) I + dt/tau_syn * w_in * S          v = (1 - dt/tau_mem) v + dt/tau_mem * (v_leak + r I)

With tau = dt / (1 - decay), w_in = tau_syn / dt and r = tau_mem / dt that is the step of a program, with its weights.

``exact``: the equations as they are, where S is a unit impulse at a spike. With w_in = 1 and r = tau_mem they are those of
`Neurons`, whose weights and potentials are in the user's units. `lsm_sim.lower` integrates them exactly.

``norse``: files that norse itself writes. Their time constants are dt times what norse computes with, and the current has no
factor, I = (1 - dt/tau_syn) I + w_in * S.

A LIF has no current: the limit of tau_syn -> 0, in a program decay_u = 0.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import numpy as np

from lsm_sim.dynamics import Units
from lsm_sim.dynamics.lif import LIF
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Floats

Mode = Literal["euler", "exact"]
MODES: tuple[Mode, ...] = ("euler", "exact")
Convention = Literal["euler", "exact", "norse"]
CONVENTIONS: tuple[Convention, ...] = (*MODES, "norse")
_ROUNDING = 1e-12  # of a factor that is 1 but for rounding
_SINGLE = 1e-5  # the same of constants in single precision


class Constants(NamedTuple):
    """What a program needs of the neurons of a node, (N,) each.

    Parameters
    ----------
    arrays
        Of the program.
    gain
        What a weight of NIR is multiplied by.
    constant, start
        What a constant input of 1 adds to the bias, and to u at the start.
    units
        Conversion to the user's units; None: unknown.
    """

    arrays: dict[str, Floats]
    gain: Floats
    constant: Floats
    start: Floats
    units: Units | None = None


def to_nir(program: Program, mode: Mode) -> tuple[dict[str, Floats], list[Floats]]:
    """Return the parameters of a CubaLIF node, (N,) each, and by receptor what a weight of the program is divided by."""
    n = program.n_neurons
    if mode == "euler":
        kept = program.arrays
        tau_syn, tau_mem = (program.dt / (1 - kept[name]) for name in ("decay_u", "decay_v"))
        leak, threshold, reset = kept["bias"] / (1 - kept["decay_v"]), kept["threshold"], np.zeros(n)
        r, w_in, scales = tau_mem / program.dt, tau_syn / program.dt, [np.ones(n), np.ones(n)]
    else:
        p = program.parameters()
        tau_syn, tau_mem, leak, threshold = p["tau_syn"], p["tau_m"], p["v_rest"], p["v_thresh"]
        units = program.units or LIF.units({**p, "v_reset": np.zeros(n)}, program.dt)
        reset, r, w_in = units.v_offset, tau_mem, np.ones(n)
        scales = [units.weight_scale_of(receptor) for receptor in range(program.n_receptors)]
    values = {"tau_syn": tau_syn, "tau_mem": tau_mem, "r": r, "w_in": w_in, "v_leak": leak}
    values |= {"v_threshold": threshold, "v_reset": reset}
    return {name: np.array(value, dtype=np.float64) for name, value in values.items()}, scales


def from_cuba(given: dict[str, Any], dt: float, convention: Convention, where: str) -> Constants:
    """Return the constants of a CubaLIF node; ``given`` has its parameters, (N,) each."""
    p, one = _prepared(given, ("tau_syn", "tau_mem"), dt, convention, where)
    if convention == "exact":
        decay_u, decay_v = np.exp(-dt / p["tau_syn"]), np.exp(-dt / p["tau_mem"])
        units = LIF.units({"tau_m": p["tau_mem"], "tau_syn": p["tau_syn"], "v_reset": p["v_reset"]}, dt)
        input_gain = one(p["r"] / p["tau_mem"]) * p["w_in"]
        constant, start = p["r"] * p["w_in"] * (1 - decay_v), -input_gain * units.u_scale
        return Constants(_arrays(p, decay_u, decay_v), input_gain * units.weight_scale, constant, start, units)
    decay_u, decay_v = (_euler_decay(p[name], dt, given) for name in ("tau_syn", "tau_mem"))
    w_in = p["w_in"] if convention == "norse" else one(p["w_in"] * (dt / p["tau_syn"]))
    gain = w_in * one(p["r"] * (dt / p["tau_mem"]))
    constant = np.divide(gain, 1 - decay_u, out=np.full(gain.size, np.inf), where=decay_u < 1)
    return Constants(_arrays(p, decay_u, decay_v), gain, constant, np.where(decay_u > 0, -constant, 0.0))


def from_lif(given: dict[str, Any], dt: float, convention: Convention, where: str) -> Constants:
    """Return the constants of a LIF node; ``given`` has its parameters, (N,) each."""
    p, one = _prepared(given, ("tau",), dt, convention, where)
    none = np.zeros(p["tau"].size)
    if convention == "exact":  # an impulse at the start of a step, which decays until its end
        decay_v = np.exp(-dt / p["tau"])
        return Constants(_arrays(p, none, decay_v), one(p["r"] / p["tau"]) * decay_v, p["r"] * (1 - decay_v), none)
    decay_v, gain = _euler_decay(p["tau"], dt, given), one(p["r"] * (dt / p["tau"]))
    return Constants(_arrays(p, none, decay_v), gain, gain, none)


def is_single(given: dict[str, Any]) -> bool:
    """Return whether some of the parameters of a node are in single precision."""
    return any(value.dtype == np.float32 for value in given.values())


def _prepared(
    given: dict[str, Any], taus: tuple[str, ...], dt: float, convention: Convention, where: str
) -> tuple[dict[str, Floats], Callable[[Floats], Floats]]:
    """Return the parameters in double precision, and a function that removes the rounding from factors that are 1."""
    p = {name: value.astype(np.float64) for name, value in given.items()}
    for name in taus:
        least = float(p[name].min(initial=np.inf))
        if least <= 0:
            raise DescriptionError(f"{where} {name}: got {least:g} s, expected time constants > 0")
        if convention == "norse":
            p[name], least = p[name] / dt, least / dt
        if convention != "exact" and least < dt * (1 - _SINGLE):
            raise DescriptionError(
                f"{where} {name}: got {least:g} s, expected at least the time step, {dt:g} s, as Euler's method wants; "
                "pass the dt of the tool that wrote the file"
            )
    tolerance = _SINGLE if is_single(given) else _ROUNDING
    return p, lambda factor: np.where(np.abs(factor - 1) <= tolerance, 1.0, factor)


def _arrays(p: dict[str, Floats], decay_u: Floats, decay_v: Floats) -> dict[str, Floats]:
    """Return the arrays of a program, which counts v from v_reset."""
    bias = (p["v_leak"] - p["v_reset"]) * (1 - decay_v)
    return {"decay_u": decay_u, "decay_v": decay_v, "threshold": p["v_threshold"] - p["v_reset"], "bias": bias}


def _euler_decay(tau: Floats, dt: float, given: dict[str, Any]) -> Floats:
    """Return 1 - dt/tau; of a node in single precision the nearest number in single precision."""
    decay = np.maximum(1 - dt / tau, 0.0)
    return decay.astype(np.float32).astype(np.float64) if is_single(given) else decay
