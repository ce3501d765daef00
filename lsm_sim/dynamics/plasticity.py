"""Rules of synapses as tables: static synapses, and short-term plasticity of Tsodyks and Markram, one state for each source.

The rule ``"stp"`` (Markram, Wang, Tsodyks, PNAS 95, 1998; Maass, Natschlaeger, Markram, Neural Computation 14, 2002) gives a
source the resources r, at first 1, and the facilitation f, at first 0. In each step, before anything is sent::

    r = 1 - decay_rec (1 - r)          f = decay_facil f             with decay = exp(-dt/tau)

and a source that sends uses the fraction x of its resources::

    x = f + U (1 - f)       e = x r       amount = rint(weight 2^g e) 2^-g       r = r - e       f = x

where g is the exponent of the grid of the block's weights, so that amounts lie on the grid and sums of them are exact in any
order. In Loihi's integers Q = 2^20 takes the place of 1, decays and U are 4096ths, and all quotients are rounded toward zero.
There is no exponential at a spike: its last bit differs between mathematical libraries.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from lsm_sim.dynamics import loihi
from lsm_sim.dynamics.model import Arithmetic, Array, Arrays
from lsm_sim.support.checks import Floats

Rule = Literal["static", "stp"]
Q = 2**20  # of r and f in loihi arithmetic


@dataclass(frozen=True)
class SynapseRule:
    """The table of a rule.

    Parameters
    ----------
    name
        Name of the rule; also what a program needs that uses it, unless the rule is static.
    arrays
        What a block of synapses holds for each source, by arithmetic.
    invert
        (arrays, arithmetic, dt) -> U, tau_rec and tau_facil in seconds, as far as the arrays determine them.
    start
        (number of sources, arithmetic) -> the state of all sources at the start of a sample.
    rest
        By arithmetic: (arrays, state) -> the state after a step without spikes. The given state is not changed.
    send
        By arithmetic: (arrays, state, sources) -> (the state after these sources sent, the efficacy of each).
    amount
        By arithmetic: (weights, efficacies, exponent of the grid) -> what each synapse delivers.
    """

    name: Rule
    arrays: Mapping[Arithmetic, tuple[Array, ...]]
    invert: Callable[[Arrays, Arithmetic, float], dict[str, Floats]]
    start: Callable[[int, Arithmetic], dict[str, Any]]
    rest: Mapping[Arithmetic, Callable[[Arrays, Arrays], dict[str, Any]]]
    send: Mapping[Arithmetic, Callable[[Arrays, Arrays, Any], tuple[dict[str, Any], Any]]]
    amount: Mapping[Arithmetic, Callable[[Any, Any, int], Any]]


def lower(parameters: Arrays, dt: float) -> dict[str, Floats]:
    """Return the arrays of a float64 block from U, tau_rec and tau_facil of each source; a time of 0 keeps nothing."""
    out = {"stp_U": np.asarray(parameters["U"], np.float64)}
    for name in ("rec", "facil"):
        tau = np.asarray(parameters[f"tau_{name}"], np.float64)
        kept = np.exp(np.divide(-dt, tau, out=np.zeros_like(tau), where=tau > 0))
        out[f"stp_decay_{name}"] = np.where(tau > 0, kept, 0.0)
    return out


def invert(arrays: Arrays, arithmetic: Arithmetic, dt: float) -> dict[str, Floats]:
    """Return U, tau_rec and tau_facil of each source, computed from the arrays of a block; 0 where nothing is kept."""
    on_chip = arithmetic == "loihi"
    out = {"U": arrays["stp_U"] / (loihi.ONE if on_chip else 1)}
    for name in ("rec", "facil"):
        kept = 1 - arrays[f"stp_d{name}"] / loihi.ONE if on_chip else arrays[f"stp_decay_{name}"]
        with np.errstate(divide="ignore"):  # nothing kept: a time of 0; everything kept: an infinite one
            out[f"tau_{name}"] = np.asarray(np.abs(dt / np.log(kept)))
    return out


def start(n_sources: int, arithmetic: Arithmetic) -> dict[str, Any]:
    """Return full resources and no facilitation."""
    if arithmetic == "loihi":
        return {"r": np.full(n_sources, Q, np.int64), "f": np.zeros(n_sources, np.int64)}
    return {"r": np.ones(n_sources), "f": np.zeros(n_sources)}


def float64_rest(p: Arrays, state: Arrays) -> dict[str, Any]:
    """Recover and forget for one step of float64 arithmetic."""
    return {"r": 1 - p["stp_decay_rec"] * (1 - state["r"]), "f": p["stp_decay_facil"] * state["f"]}


def float64_send(p: Arrays, state: Arrays, sources: Any) -> tuple[dict[str, Any], Floats]:
    """Use resources in float64 arithmetic; ``sources`` are different from each other."""
    r, f = state["r"].copy(), state["f"].copy()
    x = f[sources] + p["stp_U"][sources] * (1 - f[sources])
    efficacy = x * r[sources]
    r[sources] -= efficacy
    f[sources] = x
    return {"r": r, "f": f}, efficacy


def float64_amount(weight: Any, efficacy: Any, exponent: int) -> Any:
    """Return weight * efficacy, rounded to the grid."""
    return np.ldexp(np.rint(np.ldexp(weight, exponent) * efficacy), -exponent)


def loihi_rest(p: Arrays, state: Arrays) -> dict[str, Any]:
    """Recover and forget for one step of integers."""
    return {"r": Q - loihi.decay(Q - state["r"], p["stp_drec"]), "f": loihi.decay(state["f"], p["stp_dfacil"])}


def loihi_send(p: Arrays, state: Arrays, sources: Any) -> tuple[dict[str, Any], Any]:
    """Use resources in integers; ``sources`` are different from each other."""
    r, f = state["r"].copy(), state["f"].copy()
    x = f[sources] + p["stp_U"][sources] * (Q - f[sources]) // loihi.ONE
    efficacy = x * r[sources] // Q
    r[sources] -= efficacy
    f[sources] = x
    return {"r": r, "f": f}, efficacy


def loihi_amount(weight: Any, efficacy: Any, _exponent: int) -> Any:
    """Return weight * efficacy / Q, rounded toward zero; the efficacy counts in 4096ths."""
    product = weight * (efficacy // (Q // loihi.ONE))
    return np.sign(product) * (np.abs(product) // loihi.ONE)


def quantise(arrays: Arrays) -> dict[str, Any]:
    """Return the arrays of a block of the rule "stp" in Loihi's integers."""
    return {
        "stp_U": np.rint(loihi.ONE * arrays["stp_U"]),
        "stp_drec": np.rint(loihi.ONE * (1 - arrays["stp_decay_rec"])),
        "stp_dfacil": np.rint(loihi.ONE * (1 - arrays["stp_decay_facil"])),
    }


STP = SynapseRule(
    name="stp",
    arrays={
        "float64": (
            Array("stp_U", "fraction of the resources that a first spike uses", 0, 1),
            Array("stp_decay_rec", "factor of 1 - r kept per step", 0, 1),
            Array("stp_decay_facil", "factor of f kept per step", 0, 1),
        ),
        "loihi": (
            Array("stp_U", "fraction of the resources that a first spike uses, in 1/4096", 0, loihi.ONE, whole=True),
            Array("stp_drec", "decay of 1 - r per step in 1/4096", 0, loihi.ONE, whole=True),
            Array("stp_dfacil", "decay of f per step in 1/4096", 0, loihi.ONE, whole=True),
        ),
    },
    invert=invert,
    start=start,
    rest={"float64": float64_rest, "loihi": loihi_rest},
    send={"float64": float64_send, "loihi": loihi_send},
    amount={"float64": float64_amount, "loihi": loihi_amount},
)
