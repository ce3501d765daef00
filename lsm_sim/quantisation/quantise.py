"""From a float64 program to the integers of Loihi: a common scale, rounding, and a report of the errors.

A common scale s multiplies weights, thresholds and biases, so that only rounding can change spikes::

    du = round(4096 (1 - decay_u)) - 1           # the chip adds 1
    dv = round(4096 (1 - decay_v))
    weight = round(s weight / 2^e) 2^e           # 8 bits and sign; e in 0..7 per group of synapses and sign
    threshold = round(s threshold)               # 17 bits
    bias = round(64 s bias / 2^e) 2^e            # 12 bits and sign, e in 0..7

The bound is the largest s for which no register is exceeded on the calibration stimuli (with headroom). Among the scales of the
octave below it, the one with the smallest rounding errors of the weights is used.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal, NamedTuple

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.dynamics.loihi import (
    A_LIMIT,
    MAX_BIAS,
    MAX_DELAY,
    MAX_EXPONENT,
    MAX_THRESHOLD,
    MAX_WEIGHT,
    SHIFT,
    UV_LIMIT,
)
from lsm_sim.engine.protocol import DEFAULT, Backend
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.quantisation.registers import Peaks, measure
from lsm_sim.quantisation.report import Report, report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

_HEADROOM, _ASSUMED_HEADROOM = 1.25, 2.0
_ASSUMED_RATE, _ASSUMED_SAMPLES, _ASSUMED_STEPS = 100.0, 8, 500  # Hz per channel
_CANDIDATES = 64  # scales per octave; rounding errors change little from one to the next
_SHRINK, _TRIES = 0.8, 20

Rounding = Literal["nearest", "stochastic"]


class Quantised(NamedTuple):
    """The integer program and a report of the errors."""

    program: Program
    report: Report


def quantise(
    network: Liquid | Program,
    calibration: Spikes | None = None,
    *,
    labels: Any = None,
    headroom: float | None = None,
    rounding: Rounding = "nearest",
    seed: int = 0,
    backend: str | Backend = DEFAULT,
) -> Quantised:
    """Return the network in Loihi's integers, with a report.

    Parameters
    ----------
    network
        A float64 `Program`; or a `Liquid`, lowered at the dt of ``calibration``, which it then needs.
    calibration
        Stimuli like those of later runs. None: Poisson spikes at 100 Hz on all channels are assumed, with more headroom.
    labels
        Labels of the calibration samples; with them the report compares the accuracy of a readout before and after.
    headroom
        Factor by which every register must be larger than needed in calibration, at least 1. None: 1.25, or 2 without
        calibration.
    rounding
        Rounding of weights: ``"nearest"``, or ``"stochastic"``, up or down with probabilities that keep the mean.
    seed
        Seed of stochastic rounding.
    backend
        Backend for the calibration.

    Raises
    ------
    UnsupportedError
        If no scale makes the program fit; the message has every reason.
    """
    program = _lowered(network, calibration)
    if program.arithmetic != "float64":
        raise DescriptionError(f"quantise: got a program in {program.arithmetic} arithmetic, expected float64")
    if rounding not in ("nearest", "stochastic"):
        raise DescriptionError(f"quantise rounding: got {rounding!r}, expected 'nearest' or 'stochastic'")
    _refuse(program)
    assumed = calibration is None
    stimulus = _assumed(program) if calibration is None else calibration
    factor = (_ASSUMED_HEADROOM if assumed else _HEADROOM) if headroom is None else checks.real(headroom, "headroom")
    if factor < 1:
        raise DescriptionError(f"quantise headroom: got {factor:g}, expected at least 1")
    before = measure(program, stimulus, backend)
    bounds = _bounds(program, before, factor)
    scale = _best_scale(program, min(bounds.values()))
    for _ in range(_TRIES):  # because of rounding, the integers may exceed a limit that float64 kept
        _check_thresholds(program, scale, bounds)
        integers = _build(program, scale, rounding, np.random.default_rng(seed))
        after = measure(integers, stimulus, backend)
        if not after.excursions.any():
            note = _assumption() if assumed else f"{len(stimulus)} calibration samples"
            return Quantised(
                integers, report(program, integers, scale, bounds, before, after, groups(program), note, labels)
            )
        scale *= _SHRINK
    raise UnsupportedError(f"loihi: {_where(after)} even at the scale {scale:g}; use weaker input or smaller weights")


def _lowered(network: Any, calibration: Any) -> Program:
    """Return the program of a network, after checking the types of the first two arguments of `quantise`."""
    if calibration is not None and not isinstance(calibration, Spikes):
        raise DescriptionError(f"quantise calibration: got {type(calibration).__name__}, expected Spikes, or None")
    if isinstance(network, Program):
        return network
    if not isinstance(network, Liquid):
        raise DescriptionError(f"quantise: got {type(network).__name__}, expected a Liquid or a Program")
    if calibration is None:
        raise DescriptionError(
            "quantise: got a Liquid without calibration spikes, so that dt is unknown; pass spikes, or lower(liquid, dt)"
        )
    return lower(network, calibration.dt)


def in_arithmetic(
    program: Program, arithmetic: str | None, calibration: Spikes | None, backend: str | Backend = DEFAULT
) -> Program:
    """Return the program in the requested arithmetic, quantised with ``calibration`` if necessary; None: unchanged."""
    if checks.choice(arithmetic, "arithmetic", ARITHMETICS, optional=True) in (None, program.arithmetic):
        return program
    if arithmetic != "loihi":
        raise DescriptionError(
            f"arithmetic: got {arithmetic!r} for a program in {program.arithmetic}, expected 'float64' or 'loihi'; "
            "a loihi program cannot be converted back"
        )
    return quantise(program, calibration, backend=backend).program


def _assumption() -> str:
    return (
        f"no calibration data: {_ASSUMED_SAMPLES} samples of {_ASSUMED_STEPS} steps with Poisson spikes at "
        f"{_ASSUMED_RATE:g} Hz on every channel were assumed"
    )


def _assumed(program: Program) -> Spikes:
    shape = (_ASSUMED_SAMPLES, _ASSUMED_STEPS, program.n_inputs)
    return Spikes.from_dense(np.random.default_rng(0).random(shape) < _ASSUMED_RATE * program.dt, program.dt)


def _where(peaks: Peaks) -> str:
    kind = int(np.flatnonzero(peaks.excursions)[0])
    sample, step, neuron = peaks.first[kind]
    name = ("a", "u", "u + bias", "v")[kind]
    return f"{name} exceeds its register {peaks.excursions[kind]} times, first in sample {sample} at step {step} in neuron {neuron}"


def _refuse(program: Program) -> None:
    """Raise with every reason why no scale can make the program fit."""
    reasons = []
    for name, index in groups(program):
        longest = int(program.delay[index].max(initial=0))
        if longest > MAX_DELAY:
            reasons.append(
                f"synapses {name}: a delay of {longest + 1} steps, at most {MAX_DELAY + 1} (shorten it, or use a larger dt)"
            )
    for name, members in program.neuron_groups.items():
        low = program.threshold[members.start : members.stop].min()
        if low <= 0:
            reasons.append(
                f"neurons {name}: a threshold {low:g} above reset, expected more than 0 (raise v_thresh, or lower v_reset)"
            )
        slowest = program.decay_u[members.start : members.stop].max()
        if np.rint(4096 * (1 - slowest)) < 1:
            reasons.append(
                f"neurons {name}: u keeps {slowest:.6g} of itself per step, at most 4095/4096 (shorten tau_syn, or use a larger dt)"
            )
    if reasons:
        raise UnsupportedError("loihi: " + "; ".join(reasons))


def groups(program: Program) -> list[tuple[str, Ints]]:
    """Return names and indices of synapses by source group, target group and sign; zero weights are left out."""
    out: list[tuple[str, Ints]] = []
    for one in program.projections():
        for sign, mark in ((1, "+"), (-1, "-")):
            index = one.index[np.sign(program.weight[one.index]) == sign]
            if index.size:
                out.append((f"{one.label} ({mark})", index))
    return out


def _bounds(program: Program, peaks: Peaks, headroom: float) -> dict[str, float]:
    """Return the largest scale that each register allows."""
    start = {name: np.abs(values).max() for name, values in program.start().items()}
    limits = {
        "threshold": (MAX_THRESHOLD, program.threshold.max()),
        "weight": (MAX_WEIGHT << MAX_EXPONENT, np.abs(program.weight).max(initial=0)),
        "bias": (MAX_BIAS << MAX_EXPONENT, 64 * np.abs(program.bias).max()),
        "a": (A_LIMIT - 1, headroom * peaks.a.max()),
        "u": (UV_LIMIT - 1, 64 * headroom * max(peaks.u.max(), start["u"])),
        "u + bias": (UV_LIMIT - 1, 64 * headroom * peaks.drive.max()),
        "v": (UV_LIMIT - 2, 64 * headroom * max(peaks.high.max(), -peaks.low.min(), start["v"])),
    }
    return {name: float(limit / value) for name, (limit, value) in limits.items() if value > 0}


def _check_thresholds(program: Program, scale: float, bounds: dict[str, float]) -> None:
    """Raise if a threshold would round to 0 at this scale."""
    for name, members in program.neuron_groups.items():
        low = float(program.threshold[members.start : members.stop].min())
        if scale * low < 0.5:
            bound = min(bounds, key=lambda key: bounds[key])
            raise UnsupportedError(
                f"loihi: neurons {name}: a threshold {low:g} becomes 0 at the scale {scale:.3g} that {bound} allows; use weaker "
                "input, smaller weights or a higher threshold"
            )


def _best_scale(program: Program, largest: float) -> float:
    """Return the scale in [largest / 2, largest] with the smallest rounding errors, relative to each group's weights."""
    candidates = largest * 2.0 ** -(np.arange(_CANDIDATES) / _CANDIDATES)
    parts = [program.weight[index] for _, index in groups(program)]

    def error(scale: float) -> float:
        total = 0.0
        for weight in parts:
            exact = scale * weight
            rounded = np.ldexp(np.rint(np.ldexp(exact, -_exponent(exact))), _exponent(exact))
            total += weight.size * float(((rounded - exact) ** 2).sum() / (exact**2).sum())
        return total

    return float(min(candidates, key=error))


def _exponent(weight: Floats) -> int:
    """Return the smallest e in 0..7 for which all weights are at most 255 in units of 2^e."""
    for e in range(MAX_EXPONENT):
        if np.rint(np.abs(weight).max() / 2.0**e) <= MAX_WEIGHT:
            return e
    return MAX_EXPONENT


def _build(program: Program, scale: float, rounding: Rounding, rng: np.random.Generator) -> Program:
    weight = np.zeros(program.n_synapses, np.int64)
    for index, exact in _exact_weights(program, scale):
        e = _exponent(exact)
        units = np.ldexp(exact, -e)
        rounded = np.rint(units) if rounding == "nearest" else np.floor(units + rng.random(units.size))
        weight[index] = np.clip(rounded, -MAX_WEIGHT, MAX_WEIGHT).astype(np.int64) << e
    return Program(
        arithmetic="loihi",
        dt=program.dt,
        n_inputs=program.n_inputs,
        n_neurons=program.n_neurons,
        indptr=program.indptr,
        post=program.post,
        weight=weight,
        delay=program.delay,
        input_groups=program.input_groups,
        neuron_groups=program.neuron_groups,
        units=None if program.units is None else program.units.scaled(scale, scale * (1 << SHIFT)),
        **program.model.quantise(program.arrays, scale),
    )


def _exact_weights(program: Program, scale: float) -> Iterator[tuple[Ints, Floats]]:
    for _, index in groups(program):
        yield index, scale * program.weight[index]
