"""The leaky integrate-and-fire neuron with exponential synaptic currents, as a table.

What a user describes, in seconds::

    tau_syn * du/dt = -u + weight * (arriving spikes, as unit impulses)
    dv/dt = -(v - v_rest)/tau_m + u + i_bias        spike when v > v_thresh; then v := v_reset, held for t_ref

What a program holds comes from exact integration over a step dt (Rotter and Diesmann, Biol. Cybern. 81, 1999). With
a_u = exp(-dt/tau_syn) and a_v = exp(-dt/tau_m), between two spikes

    u[k+1] = a_u u[k],     v[k+1] = a_v v[k] + K u[k],     K = (a_u - a_v) / (1/tau_m - 1/tau_syn)

An arriving spike adds weight/tau_syn to u. The program stores K u, which v adds as it is, and v relative to v_reset.

With ``tau_syn_inh`` there is a second current u2 of this time constant, with its own K, for synapses of the receptor "inh";
then dv/dt has u + u2 in place of u. With ``tau_adapt`` and ``adapt_step`` the threshold is v_thresh + w::

    tau_adapt * dw/dt = -w          w := w + adapt_step at each spike

The steps in both arithmetics are in the docstring of `lsm_sim.program.program`, and executable below.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.dynamics import loihi
from lsm_sim.dynamics.model import Arithmetic, Array, Arrays, NeuronModel, Parameter, Units, Variable
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints

_MAX_STEPS = 2**31 - 1
TWO_CURRENTS, ADAPTIVE = "two-currents", "adaptive-threshold"

PARAMETERS = (
    Parameter("tau_m", "time", 20e-3, "membrane time constant", minimum=0, exclusive=True, unusual=2.0),
    Parameter("tau_syn", "time", 5e-3, "synaptic time constant", minimum=0, exclusive=True, unusual=2.0),
    Parameter("v_rest", "potential", 0.0, "resting potential"),
    Parameter("v_thresh", "potential", 1.0, "threshold"),
    Parameter("v_reset", "potential", 0.0, "potential after a spike"),
    Parameter("t_ref", "time", 0.0, "refractory period", minimum=0, unusual=0.5),
    Parameter("i_bias", "potential per time", 0.0, "constant input"),
    Parameter("v_init", "potential", "v_reset", "potential at the start of a sample"),
    Parameter(
        "tau_syn_inh", "time", None, "time constant of the second current", minimum=0, exclusive=True, unusual=2.0
    ),
    Parameter("tau_adapt", "time", None, "time constant of the adaptive threshold", minimum=0, exclusive=True),
    Parameter("adapt_step", "potential", None, "rise of the threshold at a spike", minimum=0),
)
TOGETHER = (("tau_adapt", "adapt_step"),)

_REFRACTORY = Array("refractory", "steps held after the spike step", 0, _MAX_STEPS, whole=True)
_ARRAYS: dict[Arithmetic, tuple[Array, ...]] = {
    "float64": (
        Array("decay_u", "factor of u kept per step", 0, 1),
        Array("decay_v", "factor of v kept per step", 0, 1),
        Array("threshold", "of v"),
        Array("bias", "added to v per step"),
        _REFRACTORY,
        Array("u0", "u at the start", need="initial-state", default=0),
        Array("v0", "v at the start", need="initial-state", default=0),
        Array("decay_u2", "factor of u2 kept per step", 0, 1, need=TWO_CURRENTS),
        Array("decay_w", "factor of w kept per step", 0, 1, need=ADAPTIVE),
        Array("jump", "added to w at a spike", need=ADAPTIVE),
    ),
    # Lava accepts dv = 4096 (no memory of v); the Lava backend checks the chip's own limits
    "loihi": (
        Array("du", "decay of u per step in 1/4096, less 1", -1, loihi.ONE - 1, whole=True),
        Array("dv", "decay of v per step in 1/4096", 0, loihi.ONE, whole=True),
        Array("threshold", "of v / 64", 0, loihi.MAX_THRESHOLD, whole=True),
        Array("bias", "added to v per step", -(2**31), 2**31 - 1, whole=True),
        _REFRACTORY,
        Array("u0", "u at the start", 1 - loihi.UV_LIMIT, loihi.UV_LIMIT, whole=True, need="initial-state", default=0),
        Array(
            "v0", "v at the start", 1 - loihi.UV_LIMIT, loihi.UV_LIMIT - 1, whole=True, need="initial-state", default=0
        ),
        Array("du2", "decay of u2 per step in 1/4096, less 1", -1, loihi.ONE - 1, whole=True, need=TWO_CURRENTS),
        Array("dw", "decay of w per step in 1/4096", 0, loihi.ONE, whole=True, need=ADAPTIVE),
        Array("jump", "added to w at a spike", 0, loihi.UV_LIMIT - 1, whole=True, need=ADAPTIVE),
    ),
}


def lower(p: Arrays, dt: float) -> dict[str, Any]:
    """Return the arrays of a float64 program."""
    out = {
        "decay_u": np.exp(-dt / p["tau_syn"]),
        "decay_v": np.exp(-dt / p["tau_m"]),
        "threshold": p["v_thresh"] - p["v_reset"],
        "bias": (p["v_rest"] - p["v_reset"] + p["i_bias"] * p["tau_m"]) * -np.expm1(-dt / p["tau_m"]),
        "refractory": checks.steps(np.rint(p["t_ref"] / dt), "t_ref", dt),
        "v0": p["v_init"] - p["v_reset"],
    }
    if "tau_syn_inh" in p:
        out["decay_u2"] = np.exp(-dt / p["tau_syn_inh"])
    if "tau_adapt" in p:
        out |= {"decay_w": np.exp(-dt / p["tau_adapt"]), "jump": p["adapt_step"]}
    return out


def units(p: Arrays, dt: float) -> Units:
    """Return the conversion to the user's units: a program stores K u and weight * K/tau_syn."""
    gain = _gain_per_second(p["tau_m"], p["tau_syn"], dt)
    second: dict[str, Floats] = {}
    if "tau_syn_inh" in p:
        gain2 = _gain_per_second(p["tau_m"], p["tau_syn_inh"], dt)
        second = {"u2_scale": gain2, "weight2_scale": gain2 / p["tau_syn_inh"]}
    return Units(v_scale=1.0, v_offset=p["v_reset"], u_scale=gain, weight_scale=gain / p["tau_syn"], **second)


def _gain_per_second(tau_m: Floats, tau_syn: Floats, dt: float) -> Floats:
    """Return K; with x = dt (1/tau_m - 1/tau_syn), K = dt a_v expm1(x)/x, which is dt a_v at x = 0."""
    x = dt * (1 / tau_m - 1 / tau_syn)
    ratio = np.divide(np.expm1(x), x, out=np.ones_like(x), where=x != 0)
    return np.asarray(dt * np.exp(-dt / tau_m) * ratio)


def invert(arrays: Arrays, arithmetic: Arithmetic, dt: float, units: Units | None) -> dict[str, Floats]:
    """Return the parameters computed from the arrays; v_rest is v_rest + i_bias * tau_m, where v settles.

    Without ``units``, potentials are those of the program.
    """
    on_chip = arithmetic == "loihi"
    # by time constant: the array of a loihi program and what it lacks to the decay, and the array of a float64 program
    names = {"tau_m": ("dv", 0, "decay_v"), "tau_syn": ("du", 1, "decay_u")}
    names |= {"tau_syn_inh": ("du2", 1, "decay_u2"), "tau_adapt": ("dw", 0, "decay_w")}
    kept = {
        tau: (loihi.ONE - less - arrays[whole]) / loihi.ONE if on_chip else arrays[factor]
        for tau, (whole, less, factor) in names.items()
        if (whole if on_chip else factor) in arrays
    }
    threshold = arrays["threshold"] * float(1 << loihi.SHIFT) if on_chip else arrays["threshold"]
    with np.errstate(divide="ignore", invalid="ignore"):  # without decay the time constant is infinite
        settles = np.where(arrays["bias"] == 0, 0.0, arrays["bias"] / (1 - kept["tau_m"]))
        taus = {tau: np.abs(dt / np.log(factor)) for tau, factor in kept.items()}
    everyone = np.arange(threshold.size)
    potentials = {"v_thresh": threshold, "v_rest": settles, "v_init": arrays.get("v0", np.zeros(threshold.size))}
    if units is not None:
        potentials = {name: units.to_user("v", values, everyone) for name, values in potentials.items()}
    if "jump" in arrays:
        jump = arrays["jump"].astype(np.float64)
        potentials["adapt_step"] = jump if units is None else units.to_user("w", jump, everyone)
    return taus | potentials | {"t_ref": arrays["refractory"] * dt}


def start(arrays: Arrays, arithmetic: Arithmetic) -> dict[str, Any]:
    """Return the state variables at the start of a sample."""
    number = np.int64 if arithmetic == "loihi" else np.float64
    zeros = np.zeros(arrays["threshold"].size, number)
    out = {"u": arrays.get("u0", zeros), "v": arrays.get("v0", zeros)}
    if "decay_u2" in arrays or "du2" in arrays:
        out["u2"] = zeros
    if "jump" in arrays:
        out["w"] = zeros
    return out


def float64_step(p: Arrays, state: Arrays, arrivals: Any, held: Bools) -> tuple[dict[str, Any], Bools, Bools]:
    """Advance the state by one step of float64 arithmetic; return it with the spikes."""
    out = {"u": p["decay_u"] * state["u"] + arrivals[0]}
    current, threshold = out["u"], p["threshold"]
    if "decay_u2" in p:
        out["u2"] = p["decay_u2"] * state["u2"] + arrivals[1]
        current = current + out["u2"]
    v = np.where(held, state["v"], p["decay_v"] * state["v"] + (current + p["bias"]))
    if "jump" in p:
        w = p["decay_w"] * state["w"]
        threshold = threshold + w
    spiked = v > threshold
    out["v"] = np.where(spiked, 0, v)
    if "jump" in p:
        out["w"] = np.where(spiked, w + p["jump"], w)
    return out, spiked, np.zeros((3, spiked.size), bool)


def loihi_step(p: Arrays, state: Arrays, arrivals: Any, held: Bools) -> tuple[dict[str, Any], Bools, Bools]:
    """Advance the state by one step of Loihi's integer arithmetic (lava-nc 0.10.0, ``fixed_pt``)."""
    x = _loihi_current(state["u"], p["du"], arrivals[0])
    out = {"u": loihi.wrap_u(x)}
    drive, threshold = out["u"] + p["bias"], p["threshold"] << loihi.SHIFT
    too_large = [np.abs(arrivals[0]) >= loihi.A_LIMIT, np.abs(x) >= loihi.UV_LIMIT]
    if "du2" in p:
        x2 = _loihi_current(state["u2"], p["du2"], arrivals[1])
        out["u2"] = loihi.wrap_u(x2)
        drive = drive + out["u2"]
        too_large = [
            too_large[0] | (np.abs(arrivals[1]) >= loihi.A_LIMIT),
            too_large[1] | (np.abs(x2) >= loihi.UV_LIMIT),
        ]
    v = np.where(held, state["v"], np.clip(loihi.decay(state["v"], p["dv"]) + drive, -loihi.MAX_STATE, loihi.MAX_STATE))
    if "jump" in p:
        w = loihi.decay(state["w"], p["dw"])
        threshold = threshold + w
    spiked = v > threshold
    out["v"] = np.where(spiked, 0, v)
    if "jump" in p:
        out["w"] = np.where(spiked, np.minimum(w + p["jump"], loihi.MAX_STATE), w)
    return out, spiked, np.stack([*too_large, np.abs(drive) >= loihi.UV_LIMIT])


def _loihi_current(u: Ints, du: Ints, arrivals: Ints) -> Ints:
    """Return a synaptic current before it wraps."""
    return loihi.wrap32(loihi.decay(u, du + 1) + (arrivals << loihi.SHIFT))


def quantise(arrays: Arrays, scale: float) -> dict[str, Any]:
    """Return the arrays in Loihi's integers; ``scale`` is a unit of v in units of the chip's weights."""
    state_scale = (1 << loihi.SHIFT) * scale
    out = {
        "du": _current_decay(arrays["decay_u"]),
        "dv": np.clip(np.rint(loihi.ONE * (1 - arrays["decay_v"])), 0, loihi.ONE - 1),
        "threshold": np.clip(np.rint(scale * arrays["threshold"]), 1, loihi.MAX_THRESHOLD),
        "bias": loihi.nearest_bias(state_scale * arrays["bias"]),
        "refractory": arrays["refractory"],
    }
    if "decay_u2" in arrays:
        out["du2"] = _current_decay(arrays["decay_u2"])
    if "jump" in arrays:
        out["dw"] = np.clip(np.rint(loihi.ONE * (1 - arrays["decay_w"])), 0, loihi.ONE)
        out["jump"] = np.clip(np.rint(state_scale * arrays["jump"]), 0, loihi.MAX_STATE)
    return out | {name: np.rint(state_scale * arrays[name]) for name in ("u0", "v0") if name in arrays}


def _current_decay(kept: Floats) -> Floats:
    """Return the decay of a synaptic current, to which the chip adds 1."""
    return np.asarray(np.clip(np.rint(loihi.ONE * (1 - kept)) - 1, 0, loihi.ONE - 1))


LIF = NeuronModel(
    name="lif",
    parameters=PARAMETERS,
    above=(("v_thresh", "v_reset"),),
    together=TOGETHER,
    arrays=_ARRAYS,
    state=(
        Variable("u", "v per second"),
        Variable("u2", "v per second", TWO_CURRENTS),
        Variable("v", "units of v"),
        Variable("w", "units of v", ADAPTIVE),
    ),
    lower=lower,
    units=units,
    invert=invert,
    start=start,
    step={"float64": float64_step, "loihi": loihi_step},
    quantise=quantise,
)
