"""What keeps a float64 program from fitting into Loihi's integers: at any scale, or above which scale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.dynamics.loihi import A_LIMIT, MAX_BIAS, MAX_DELAY, MAX_EXPONENT, MAX_THRESHOLD, MAX_WEIGHT, ONE, UV_LIMIT
from lsm_sim.dynamics.plasticity import quantise as quantise_stp
from lsm_sim.errors import UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.quantisation.groups import adapts, groups, has_second_current, plastic
from lsm_sim.quantisation.registers import SUMS_LIMIT, THRESHOLD, Peaks

_SUMS_ROUNDED = SUMS_LIMIT / 2  # rounding at most doubles a weight
_SLOWEST = -np.log1p(-0.5 / ONE)  # steps per time constant below which a decay rounds to 0


def refuse(program: Program) -> None:
    """Raise with every reason why no scale can make the program fit."""
    reasons = _delays(program)
    for name, members in program.neuron_groups.items():
        reasons += _neurons(program, name, slice(members.start, members.stop))
    reasons += _plasticity(program)
    if reasons:
        raise UnsupportedError("loihi: " + "; ".join(reasons))


def _delays(program: Program) -> list[str]:
    delay, reasons = program.synapses().delay, []
    for name, index in groups(program):
        longest = int(delay[index].max(initial=0))
        if longest > MAX_DELAY:
            reasons.append(
                f"synapses {name}: a delay of {longest + 1} steps, at most {MAX_DELAY + 1} (shorten it, or use a larger dt)"
            )
    return reasons


def _neurons(program: Program, name: str, own: slice) -> list[str]:
    reasons = []
    low = program.threshold[own].min()
    if low <= 0:
        reasons.append(
            f"neurons {name}: a threshold {low:g} above reset, expected more than 0 (raise v_thresh, or lower v_reset)"
        )
    currents = [("u", "tau_syn", program.decay_u[own])]
    if program.decay_u2 is not None:
        currents.append(("u2", "tau_syn_inh", program.decay_u2[own][has_second_current(program)[own]]))
    for variable, tau, kept in currents:
        slowest = kept.max(initial=0.0)
        if np.rint(ONE * (1 - slowest)) < 1:
            reasons.append(
                f"neurons {name}: {variable} keeps {slowest:.6g} of itself per step, at most 4095/4096 (shorten {tau}, or use a "
                "larger dt)"
            )
    return reasons + _adaptation(program, name, own)


def _adaptation(program: Program, name: str, own: slice) -> list[str]:
    if program.jump is None:
        return []
    reasons = []
    if program.jump[own].min() < 0:
        reasons.append(
            f"neurons {name}: a jump of {program.jump[own].min():g} of the threshold at a spike, expected at least 0 (use "
            "adapt_step >= 0)"
        )
    kept = program.decay_w[own][adapts(program)[own]]
    if _stops(kept).any():
        reasons.append(f"neurons {name}: {_never(program, kept, 'tau_adapt', 'the threshold would never fall again')}")
    return reasons


def _stops(kept: Any) -> Any:
    """Return where a variable that decays would not decay in 4096ths."""
    return (kept < 1) & (np.rint(ONE * (1 - kept)) == 0)


def _never(program: Program, kept: Any, tau: str, effect: str) -> str:
    """Return the reason for a decay that rounds to 0, with the shortest step and the longest time constant that do not."""
    seconds = -program.dt / np.log(kept[_stops(kept)].max())
    return (
        f"{tau} {seconds:.3g} s is too long for steps of {program.dt:g} s, so that {effect} (its decay of 12 bits rounds to 0; "
        f"use {tau} up to {_three_digits(program.dt / _SLOWEST, np.floor)} s, or dt from {_three_digits(seconds * _SLOWEST, np.ceil)} s)"
    )


def _three_digits(x: float, to_whole: Any) -> str:
    """Return a number with three digits, rounded up (``np.ceil``) or down (``np.floor``)."""
    unit = 10.0 ** (np.floor(np.log10(x)) - 2)
    return f"{to_whole(x / unit) * unit:.3g}"


def _plasticity(program: Program) -> list[str]:
    """Return a reason for each plastic projection and array that would lose its effect."""
    reasons = []
    for label, one in plastic(program):
        sources = np.unique(one.source) + one.rows.start
        own = {name: values[sources] for name, values in program.blocks[one.block].arrays.items()}
        vanish = (own["stp_U"] > 0) & (quantise_stp(own)["stp_U"] == 0)
        if vanish.any():
            reasons.append(
                f"synapses {label}: U {own['stp_U'][vanish].min():g} becomes 0, so that they would deliver nothing (use U of at "
                f"least {0.5 / ONE:.3g})"
            )
        used = own["stp_U"] > 0
        recovering, facilitating = own["stp_decay_rec"][used], own["stp_decay_facil"][used & (own["stp_U"] < 1)]
        if _stops(recovering).any():
            reasons.append(f"synapses {label}: {_never(program, recovering, 'tau_rec', 'they would never recover')}")
        if _stops(facilitating).any():
            reasons.append(
                f"synapses {label}: {_never(program, facilitating, 'tau_facil', 'facilitation would never end')}"
            )
    return reasons


def bounds(program: Program, peaks: Peaks, headroom: float, *, graded: bool) -> dict[str, float]:
    """Return the largest scale that each register allows; ``graded``: the stimuli have payloads."""
    start = {name: np.abs(values).max() for name, values in program.start().items()}
    limits: dict[str, tuple[float, float]] = {
        "threshold": (MAX_THRESHOLD, program.threshold.max()),
        "weight": (MAX_WEIGHT << MAX_EXPONENT, np.abs(program.synapses().weight).max(initial=0)),
        "bias": (MAX_BIAS << MAX_EXPONENT, 64 * np.abs(program.bias).max()),
        "a": (A_LIMIT - 1, headroom * peaks.a.max()),
        "a2": (A_LIMIT - 1, headroom * peaks.a2.max()),
        "u": (UV_LIMIT - 1, 64 * headroom * max(peaks.u.max(), start["u"])),
        "u2": (UV_LIMIT - 1, 64 * headroom * peaks.u2.max()),
        "u + bias": (UV_LIMIT - 1, 64 * headroom * peaks.drive.max()),
        "v": (UV_LIMIT - 2, 64 * headroom * max(peaks.high.max(), -peaks.low.min(), start["v"])),
    }
    if program.jump is not None:  # after a spike w is at least a jump, whether or not there was one in calibration
        highest = (program.threshold + np.maximum(peaks.w, program.jump)).max()
        limits[THRESHOLD] = (UV_LIMIT - 2, 64 * headroom * highest)
    if graded:
        limits["sums with payloads"] = (_SUMS_ROUNDED, peaks.sums.max())
    return {name: float(limit / value) for name, (limit, value) in limits.items() if value > 0}


def check_small(program: Program, scale: float, limits: Mapping[str, float]) -> None:
    """Raise if a threshold or a jump of a threshold would round to 0 at this scale."""
    bound = min(limits, key=lambda key: limits[key])
    why = f"becomes 0 at the scale {scale:.3g} that {bound} allows; use weaker input, smaller weights or a "
    for name, members in program.neuron_groups.items():
        own = slice(members.start, members.stop)
        low = float(program.threshold[own].min())
        if scale * low < 0.5:
            raise UnsupportedError(f"loihi: neurons {name}: a threshold {low:g} {why}higher threshold")
        jump = np.zeros(0) if program.jump is None else program.jump[own][adapts(program)[own]]
        if jump.size and 64 * scale * jump.min() <= 0.5:
            raise UnsupportedError(
                f"loihi: neurons {name}: a jump {jump.min():g} of the threshold {why}larger adapt_step"
            )
