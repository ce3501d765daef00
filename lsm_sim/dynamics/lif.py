"""The leaky integrate-and-fire neuron with one exponential synaptic current, as a table.

What a user describes, in seconds::

    tau_syn * du/dt = -u + weight * (arriving spikes, as unit impulses)
    dv/dt = -(v - v_rest)/tau_m + u + i_bias        spike when v > v_thresh; then v := v_reset, held for t_ref

What a program holds comes from exact integration over a step dt (Rotter and Diesmann, Biol. Cybern. 81, 1999). With
a_u = exp(-dt/tau_syn) and a_v = exp(-dt/tau_m), between two spikes

    u[k+1] = a_u u[k],     v[k+1] = a_v v[k] + K u[k],     K = (a_u - a_v) / (1/tau_m - 1/tau_syn)

An arriving spike adds weight/tau_syn to u. The program stores K u, which v adds as it is, and v relative to v_reset.
The steps in both arithmetics are in the docstring of `lsm_sim.program.program`, and executable below.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.dynamics import loihi
from lsm_sim.dynamics.model import Arithmetic, Array, Arrays, NeuronModel, Parameter, Units
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats

_MAX_STEPS = 2**31 - 1

PARAMETERS = (
    Parameter("tau_m", "time", 20e-3, "membrane time constant", minimum=0, exclusive=True, unusual=2.0),
    Parameter("tau_syn", "time", 5e-3, "synaptic time constant", minimum=0, exclusive=True, unusual=2.0),
    Parameter("v_rest", "potential", 0.0, "resting potential"),
    Parameter("v_thresh", "potential", 1.0, "threshold"),
    Parameter("v_reset", "potential", 0.0, "potential after a spike"),
    Parameter("t_ref", "time", 0.0, "refractory period", minimum=0, unusual=0.5),
    Parameter("i_bias", "potential per time", 0.0, "constant input"),
    Parameter("v_init", "potential", "v_reset", "potential at the start of a sample"),
)

_REFRACTORY = Array("refractory", "steps held after the spike step", 0, _MAX_STEPS, whole=True)
_ARRAYS: dict[Arithmetic, tuple[Array, ...]] = {
    "float64": (
        Array("decay_u", "factor of u kept per step", 0, 1),
        Array("decay_v", "factor of v kept per step", 0, 1),
        Array("threshold", "of v"),
        Array("bias", "added to v per step"),
        _REFRACTORY,
        Array("u0", "u at the start", need="initial-state"),
        Array("v0", "v at the start", need="initial-state"),
    ),
    # Lava accepts dv = 4096 (no memory of v); the Lava backend checks the chip's own limits
    "loihi": (
        Array("du", "decay of u per step in 1/4096, less 1", -1, loihi.ONE - 1, whole=True),
        Array("dv", "decay of v per step in 1/4096", 0, loihi.ONE, whole=True),
        Array("threshold", "of v / 64", 0, loihi.MAX_THRESHOLD, whole=True),
        Array("bias", "added to v per step", -(2**31), 2**31 - 1, whole=True),
        _REFRACTORY,
        Array("u0", "u at the start", 1 - loihi.UV_LIMIT, loihi.UV_LIMIT, whole=True, need="initial-state"),
        Array("v0", "v at the start", 1 - loihi.UV_LIMIT, loihi.UV_LIMIT - 1, whole=True, need="initial-state"),
    ),
}


def lower(p: Arrays, dt: float) -> dict[str, Any]:
    """Return the arrays of a float64 program."""
    return {
        "decay_u": np.exp(-dt / p["tau_syn"]),
        "decay_v": np.exp(-dt / p["tau_m"]),
        "threshold": p["v_thresh"] - p["v_reset"],
        "bias": (p["v_rest"] - p["v_reset"] + p["i_bias"] * p["tau_m"]) * -np.expm1(-dt / p["tau_m"]),
        "refractory": checks.steps(np.rint(p["t_ref"] / dt), "t_ref", dt),
        "v0": p["v_init"] - p["v_reset"],
    }


def units(p: Arrays, dt: float) -> Units:
    """Return the conversion to the user's units: a program stores K u and weight * K/tau_syn."""
    gain = _gain_per_second(p, dt)
    return Units(v_scale=1.0, v_offset=p["v_reset"], u_scale=gain, weight_scale=gain / p["tau_syn"])


def _gain_per_second(p: Arrays, dt: float) -> Floats:
    """Return K; with x = dt (1/tau_m - 1/tau_syn), K = dt a_v expm1(x)/x, which is dt a_v at x = 0."""
    x = dt * (1 / p["tau_m"] - 1 / p["tau_syn"])
    ratio = np.divide(np.expm1(x), x, out=np.ones_like(x), where=x != 0)
    return np.asarray(dt * np.exp(-dt / p["tau_m"]) * ratio)


def invert(arrays: Arrays, arithmetic: Arithmetic, dt: float, units: Units | None) -> dict[str, Floats]:
    """Return the parameters computed from the arrays; v_rest is v_rest + i_bias * tau_m, where v settles.

    Without ``units``, potentials are those of the program.
    """
    on_chip = arithmetic == "loihi"
    kept_u = (loihi.ONE - 1 - arrays["du"]) / loihi.ONE if on_chip else arrays["decay_u"]
    kept_v = (loihi.ONE - arrays["dv"]) / loihi.ONE if on_chip else arrays["decay_v"]
    threshold = arrays["threshold"] * float(1 << loihi.SHIFT) if on_chip else arrays["threshold"]
    with np.errstate(divide="ignore", invalid="ignore"):  # without decay the time constant is infinite
        settles = np.where(arrays["bias"] == 0, 0.0, arrays["bias"] / (1 - kept_v))
        taus = {"tau_m": np.abs(dt / np.log(kept_v)), "tau_syn": np.abs(dt / np.log(kept_u))}
    everyone = np.arange(threshold.size)
    potentials = {"v_thresh": threshold, "v_rest": settles, "v_init": arrays.get("v0", np.zeros(threshold.size))}
    if units is not None:
        potentials = {name: units.to_user("v", values, everyone) for name, values in potentials.items()}
    return taus | potentials | {"t_ref": arrays["refractory"] * dt}


def start(arrays: Arrays, arithmetic: Arithmetic) -> dict[str, Any]:
    """Return u and v at the start of a sample."""
    number = np.int64 if arithmetic == "loihi" else np.float64
    zeros = np.zeros(arrays["threshold"].size, number)
    return {"u": arrays.get("u0", zeros), "v": arrays.get("v0", zeros)}


def float64_step(p: Arrays, state: Arrays, arrivals: Any, held: Bools) -> tuple[dict[str, Any], Bools, Bools]:
    """Advance the state by one step of float64 arithmetic; return it with the spikes."""
    u = p["decay_u"] * state["u"] + arrivals
    v = np.where(held, state["v"], p["decay_v"] * state["v"] + (u + p["bias"]))
    spiked = v > p["threshold"]
    return {"u": u, "v": np.where(spiked, 0, v)}, spiked, np.zeros((3, u.size), bool)


def loihi_step(p: Arrays, state: Arrays, arrivals: Any, held: Bools) -> tuple[dict[str, Any], Bools, Bools]:
    """Advance the state by one step of Loihi's integer arithmetic (lava-nc 0.10.0, ``fixed_pt``)."""
    x = loihi.wrap32(loihi.decay(state["u"], p["du"] + 1) + (arrivals << loihi.SHIFT))
    u = loihi.wrap_u(x)
    drive = u + p["bias"]
    v = np.where(held, state["v"], np.clip(loihi.decay(state["v"], p["dv"]) + drive, -(2**23 - 1), 2**23 - 1))
    spiked = v > (p["threshold"] << loihi.SHIFT)
    excursions = np.stack(
        [np.abs(arrivals) >= loihi.A_LIMIT, np.abs(x) >= loihi.UV_LIMIT, np.abs(drive) >= loihi.UV_LIMIT]
    )
    return {"u": u, "v": np.where(spiked, 0, v)}, spiked, excursions


def quantise(arrays: Arrays, scale: float) -> dict[str, Any]:
    """Return the arrays in Loihi's integers; ``scale`` is a unit of v in units of the chip's weights."""
    state_scale = (1 << loihi.SHIFT) * scale
    return {
        "du": np.clip(np.rint(loihi.ONE * (1 - arrays["decay_u"])) - 1, 0, loihi.ONE - 1),
        "dv": np.clip(np.rint(loihi.ONE * (1 - arrays["decay_v"])), 0, loihi.ONE - 1),
        "threshold": np.clip(np.rint(scale * arrays["threshold"]), 1, loihi.MAX_THRESHOLD),
        "bias": loihi.nearest_bias(state_scale * arrays["bias"]),
        "refractory": arrays["refractory"],
    } | {name: np.rint(state_scale * arrays[name]) for name in ("u0", "v0") if name in arrays}


LIF = NeuronModel(
    name="lif",
    parameters=PARAMETERS,
    above=(("v_thresh", "v_reset"),),
    arrays=_ARRAYS,
    state=("u", "v"),
    state_units={"u": "v per second", "v": "units of v"},
    lower=lower,
    units=units,
    invert=invert,
    start=start,
    step={"float64": float64_step, "loihi": loihi_step},
    quantise=quantise,
)
