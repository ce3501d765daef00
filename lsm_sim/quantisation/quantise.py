"""From a float64 program to the integers of Loihi: a common scale, rounding, and a report of the errors.

A common scale s multiplies weights, thresholds and biases, so that only rounding can change spikes::

    du = round(4096 (1 - decay_u)) - 1           # the chip adds 1
    dv = round(4096 (1 - decay_v))
    weight = round(s weight / 2^e) 2^e           # 8 bits and sign; e in 0..7 per group of synapses and sign
    threshold = round(s threshold)               # 17 bits
    bias = round(64 s bias / 2^e) 2^e            # 12 bits and sign, e in 0..7
    u0, v0, jump = round(64 s u0), ...           # where the program has them; du2 like du, dw like dv
    stp_U = round(4096 U)                        # short-term plasticity, where a block has it
    stp_drec = round(4096 (1 - decay_rec))       # dfacil alike

The bound is the largest s for which no register is exceeded on the calibration stimuli (with headroom). Among the scales of the
octave below it, the one with the smallest rounding errors of the weights is used. A time constant whose decay would round to 0,
so that a threshold never fell again or a synapse never recovered, is refused: no scale helps.
"""

from __future__ import annotations

import dataclasses
from typing import Any, Literal, NamedTuple

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.dynamics import ARITHMETICS
from lsm_sim.dynamics.loihi import MAX_EXPONENT, MAX_WEIGHT, SHIFT
from lsm_sim.dynamics.plasticity import quantise as quantise_stp
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Backend
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.quantisation.fit import bounds, check_small, refuse
from lsm_sim.quantisation.groups import groups
from lsm_sim.quantisation.registers import KINDS, Peaks, measure
from lsm_sim.quantisation.report import Report, report
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.warn import warn

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
    if isinstance(network, Liquid) and calibration is not None:
        calibration = with_background(calibration, network)
    if program.arithmetic != "float64":
        raise DescriptionError(f"quantise: got a program in {program.arithmetic} arithmetic, expected float64")
    if rounding not in ("nearest", "stochastic"):
        raise DescriptionError(f"quantise rounding: got {rounding!r}, expected 'nearest' or 'stochastic'")
    refuse(program)
    assumed = calibration is None
    stimulus = _assumed(program) if calibration is None else calibration
    factor = (_ASSUMED_HEADROOM if assumed else _HEADROOM) if headroom is None else checks.real(headroom, "headroom")
    if factor < 1:
        raise DescriptionError(f"quantise headroom: got {factor:g}, expected at least 1")
    before = measure(program, stimulus, backend)
    _warn_of_adaptation(program, before, stimulus)
    limits = bounds(program, before, factor, graded=stimulus.payload is not None)
    scale = _best_scale(program, min(limits.values()))
    for _ in range(_TRIES):  # because of rounding, the integers may exceed a limit that float64 kept
        check_small(program, scale, limits)
        integers = _build(program, scale, rounding, np.random.default_rng(seed))
        after = measure(integers, stimulus, backend)
        if not after.excursions.any():
            note = _assumption() if assumed else _samples(stimulus)
            return Quantised(
                integers, report(program, integers, scale, limits, before, after, groups(program), note, labels)
            )
        scale *= _SHRINK
    raise UnsupportedError(f"loihi: {_where(after)} even at the scale {scale:g}; use weaker input or smaller weights")


def _warn_of_adaptation(program: Program, peaks: Peaks, stimulus: Spikes) -> None:
    """Warn if every neuron falls silent after its first spike although the calibration stimuli go on."""
    if "adaptive-threshold" not in program.needs or not peaks.count.any():
        return
    goes_on = (5 * stimulus.step >= 3 * stimulus.n_steps[stimulus.sample]).any()
    if goes_on and not peaks.count[:, 3:].any() and peaks.count.sum(axis=1).max() == 1:
        warn(
            "quantise: on the calibration data no neuron spiked more than once in a sample, and none in the last two fifths, "
            "although the stimulus goes on: the adaptive threshold silences them; a smaller adapt_step or a shorter tau_adapt "
            "may be needed"
        )


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


def _samples(stimulus: Spikes) -> str:
    payload = stimulus.payload
    graded = "" if payload is None else f" with payloads {payload.min(initial=1)}..{payload.max(initial=1)}"
    return f"{len(stimulus)} calibration samples{graded}"


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
    return f"{KINDS[kind]} exceeds its register {peaks.excursions[kind]} times, first in sample {sample} at step {step} in neuron {neuron}"


def _best_scale(program: Program, largest: float) -> float:
    """Return the scale in [largest / 2, largest] with the smallest rounding errors, relative to each group's weights."""
    candidates = largest * 2.0 ** -(np.arange(_CANDIDATES) / _CANDIDATES)
    weights = program.synapses().weight
    parts = [weights[index] for _, index in groups(program)]

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
    weight = _weights(program, scale, rounding, rng)
    blocks, before = [], 0
    for block in program.blocks:
        own = weight[before : before + block.n_synapses]
        before += block.n_synapses
        rule = quantise_stp(block.arrays) if block.rule == "stp" else {}
        rows = block.indptr, block.post, own, block.delay
        blocks.append(SynapseBlock(*rows, block.receptor, block.rule, **rule))
    first, *more = blocks
    return Program(
        arithmetic="loihi",
        dt=program.dt,
        n_inputs=program.n_inputs,
        n_neurons=program.n_neurons,
        **{field.name: getattr(first, field.name) for field in dataclasses.fields(first)},
        more_blocks=more,
        input_groups=program.input_groups,
        neuron_groups=program.neuron_groups,
        units=None if program.units is None else program.units.scaled(scale, scale * (1 << SHIFT)),
        **program.model.quantise(program.arrays, scale),
    )


def _weights(program: Program, scale: float, rounding: Rounding, rng: np.random.Generator) -> Ints:
    """Return the integer weight of each synapse of all blocks."""
    weight = np.zeros(program.n_synapses, np.int64)
    before = program.synapses().weight
    for _, index in groups(program):
        exact = scale * before[index]
        e = _exponent(exact)
        units = np.ldexp(exact, -e)
        rounded = np.rint(units) if rounding == "nearest" else np.floor(units + rng.random(units.size))
        weight[index] = np.clip(rounded, -MAX_WEIGHT, MAX_WEIGHT).astype(np.int64) << e
    return weight
