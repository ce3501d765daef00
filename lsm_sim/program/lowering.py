"""Lowering: from a liquid in seconds to a program in steps, by exact integration of the linear equations.

With a_u = exp(-dt/tau_syn) and a_v = exp(-dt/tau_m), between two spikes

    u[k+1] = a_u u[k],     v[k+1] = a_v v[k] + K u[k],     K = (a_u - a_v) / (1/tau_m - 1/tau_syn)

(Rotter and Diesmann, Biol. Cybern. 81, 1999). An arriving spike adds weight/tau_syn to u. The program counts u in units of
K, so that v simply adds u, and counts v from v_reset.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.positions import Box, Grid
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.values import Value
from lsm_sim.describe.wiring import End
from lsm_sim.errors import DescriptionError
from lsm_sim.program.checks import FINEST_EXPONENT
from lsm_sim.program.program import Program
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

BYTES_PER_SYNAPSE = 150  # at the peak of lowering, measured with 2 M synapses
BYTES_PER_NEURON = 400  # drawn parameters, positions, the program's arrays and their copies
_STEP_TOLERANCE = 1e-9  # 0.003 s / 0.001 s is 2.9999999999999996 steps


@dataclass(frozen=True, eq=False)
class Projection:
    """The synapses from one group to another as drawn: indices within the groups, weight in units of v, delay in s."""

    pre: str
    post: str
    source: Ints
    target: Ints
    weight: Floats
    delay: Floats | None


def lower(liquid: Liquid, dt: float, weight_bits: int | None = 16) -> Program:
    """Return the program that the liquid means in steps of ``dt``.

    Parameters
    ----------
    dt
        Step, in seconds; no larger than any time constant or delay.
    weight_bits
        Weights are rounded to the nearest multiple of one power of two: with a number of bits the finest for which the
        largest magnitude fits a signed integer of that many bits (no finer than 2^-30); None: 2^-30, |weight| < 2^12.

    Raises
    ------
    DescriptionError
        Where a time does not fit dt, a draw is not allowed, or the network does not fit into memory.
    """
    if not isinstance(liquid, Liquid):
        raise DescriptionError(f"lower: got {type(liquid).__name__}, expected a Liquid")
    dt = checks.positive(dt, "dt")
    check_memory(liquid.n_neurons * BYTES_PER_NEURON + liquid.n_inputs * 16, "Liquid")
    parameters = {group.name: draw_parameters(group, liquid.seed) for group in liquid.neurons}
    for name, drawn in parameters.items():
        _check_times(name, drawn, dt)
    a_u, a_v, gain = (_per_neuron(parameters, liquid, part, dt) for part in (_decay_u, _decay_v, _gain))
    one_minus_a_v = _per_neuron(parameters, liquid, lambda p, dt: -np.expm1(-dt / p["tau_m"]), dt)
    threshold = _per_neuron(parameters, liquid, lambda p, _: p["v_thresh"] - p["v_reset"], dt)
    drive = _per_neuron(parameters, liquid, lambda p, _: p["v_rest"] - p["v_reset"] + p["i_bias"] * p["tau_m"], dt)
    refractory = checks.steps(_per_neuron(parameters, liquid, lambda p, dt: np.rint(p["t_ref"] / dt), dt), "t_ref", dt)
    indptr, post, weight, delay = _rows(liquid, draw_synapses(liquid), dt)
    return Program(
        arithmetic="float64",
        dt=dt,
        n_inputs=liquid.n_inputs,
        n_neurons=liquid.n_neurons,
        indptr=indptr,
        post=post,
        weight=_round_to_grid(weight * gain[post], weight_bits),
        delay=delay,
        threshold=threshold,
        bias=drive * one_minus_a_v,
        refractory=refractory,
        decay_u=a_u,
        decay_v=a_v,
        input_groups=_ranges(liquid.inputs),
        neuron_groups=_ranges(liquid.neurons),
    )


def _decay_u(p: dict[str, Floats], dt: float) -> Floats:
    return np.exp(-dt / p["tau_syn"])


def _decay_v(p: dict[str, Floats], dt: float) -> Floats:
    return np.exp(-dt / p["tau_m"])


def _gain(p: dict[str, Floats], dt: float) -> Floats:
    """Return K/tau_syn; with x = dt (1/tau_m - 1/tau_syn), K = dt a_v expm1(x)/x, which is dt a_v at x = 0."""
    x = dt * (1 / p["tau_m"] - 1 / p["tau_syn"])
    ratio = np.divide(np.expm1(x), x, out=np.ones_like(x), where=x != 0)
    return dt * np.exp(-dt / p["tau_m"]) * ratio / p["tau_syn"]


def _per_neuron(parameters: dict[str, dict[str, Floats]], liquid: Liquid, function: Any, dt: float) -> Floats:
    return np.concatenate([function(parameters[group.name], dt) for group in liquid.neurons])


def _ranges(groups: Any) -> dict[str, range]:
    stops = np.cumsum([group.size for group in groups]).tolist()
    return {group.name: range(stop - group.size, stop) for group, stop in zip(groups, stops, strict=True)}


def _drawn(value: Value, size: int, seed: int, label: str) -> Floats:
    if isinstance(value, Distribution):
        return value.draw(size, stream(seed, label))
    return np.broadcast_to(np.asarray(value, np.float64), (size,))


def draw_parameters(group: Neurons, seed: int) -> dict[str, Floats]:
    """Return each parameter of the group, shape (size,), after checking what distributions drew."""
    out = {}
    for parameter in Neurons.PARAMETERS:
        out[parameter] = _drawn(getattr(group, parameter), group.size, seed, f"neurons/{group.name}/{parameter}")
    where = f"Neurons {group.name!r}"
    for parameter, bad in (("tau_m", out["tau_m"] <= 0), ("tau_syn", out["tau_syn"] <= 0), ("t_ref", out["t_ref"] < 0)):
        if bad.any():
            worst = out[parameter].min()
            raise DescriptionError(f"{where} {parameter}: drew {worst:g} s; give the distribution a minimum above it")
    if (out["v_thresh"] <= out["v_reset"]).any():
        raise DescriptionError(
            f"{where}: drew a v_thresh at or below v_reset; give the distribution a minimum above it"
        )
    return out


def draw_positions(group: Neurons, seed: int) -> Floats | None:
    """Return where the neurons of the group are, shape (size, 3), or None."""
    if isinstance(group.positions, (Grid, Box)):
        return group.positions.draw(group.size, stream(seed, f"neurons/{group.name}/positions"))
    return group.positions


def _check_times(name: str, drawn: dict[str, Floats], dt: float) -> None:
    for tau in ("tau_m", "tau_syn"):
        if dt > drawn[tau].min() * (1 + _STEP_TOLERANCE):
            msg = f"dt: got {dt:g} s, but {tau} in {name!r} is {drawn[tau].min():g} s; expected dt no larger than any time constant"
            raise DescriptionError(msg)


def draw_synapses(liquid: Liquid) -> list[Projection]:
    """Draw who connects to whom, with which weight and delay, one projection per pair of groups."""
    ends = {group.name: End(group.name, group.size) for group in liquid.inputs}
    ends |= {g.name: End(g.name, g.size, draw_positions(g, liquid.seed)) for g in liquid.neurons}
    signs = {group.name: group.sign for group in liquid.neurons}
    projections: list[Projection] = []
    seen: dict[tuple[str, str], int] = {}
    for synapses in liquid.synapses:
        for post in synapses.targets:
            nth = seen[synapses.pre, post] = seen.get((synapses.pre, post), -1) + 1
            label = f"synapses/{synapses.pre}/{post}/{nth}"
            pair = ends[synapses.pre], ends[post]
            projections.append(_draw_projection(synapses, pair, liquid.seed, label, signs.get(synapses.pre)))
    return projections


def _draw_projection(synapses: Synapses, pair: tuple[End, End], seed: int, label: str, sign: int | None) -> Projection:
    pre, post = pair
    where = f"Synapses {pre.name} -> {post.name}"
    check_memory(synapses.rule.expected(pre, post) * BYTES_PER_SYNAPSE, where)
    source, target = synapses.rule.connect(pre, post, stream(seed, f"{label}/wiring"))
    weight = _drawn(synapses.weight, source.size, seed, f"{label}/weight")
    if sign is not None:
        weight = sign * np.abs(weight)
    delay = None
    if synapses.delay is not None:
        delay = _drawn(synapses.delay, source.size, seed, f"{label}/delay")
    return Projection(pre.name, post.name, source, target, weight, delay)


def _delay_steps(projection: Projection, dt: float) -> Ints:
    """Return steps - 1; an explicit delay below dt is an error, because it cannot be kept."""
    if projection.delay is None:
        return np.zeros(projection.source.size, np.int64)
    where = f"Synapses {projection.pre} -> {projection.post} delay"
    shortest = projection.delay.min(initial=np.inf)
    if shortest < dt * (1 - _STEP_TOLERANCE):
        msg = f"{where}: got {shortest:g} s, expected at least one step of {dt:g} s; use a longer delay, a smaller dt, or None"
        raise DescriptionError(msg)
    return checks.steps(np.rint(projection.delay / dt), where, dt) - 1


def _rows(liquid: Liquid, projections: list[Projection], dt: float) -> tuple[Ints, Ints, Floats, Ints]:
    """Sort all synapses into rows by source (input channels first), within a row by target, then delay."""
    starts = {name: members.start for name, members in _ranges(liquid.inputs).items()}
    starts |= {name: liquid.n_inputs + members.start for name, members in _ranges(liquid.neurons).items()}
    posts = _ranges(liquid.neurons)
    none = np.empty(0, np.int64)
    row = np.concatenate([none, *(p.source + starts[p.pre] for p in projections)])
    post = np.concatenate([none, *(p.target + posts[p.post].start for p in projections)])
    delay = np.concatenate([none, *(_delay_steps(p, dt) for p in projections)])
    weight = np.concatenate([np.empty(0), *(p.weight for p in projections)])
    n_rows = liquid.n_inputs + liquid.n_neurons
    order = np.argsort((row * liquid.n_neurons + post) * (delay.max(initial=0) + 1) + delay, kind="stable")
    indptr = np.concatenate([[0], np.cumsum(np.bincount(row, minlength=n_rows))])
    return indptr, post[order], weight[order], delay[order]


def _round_to_grid(weight: Floats, bits: int | None) -> Floats:
    """Round to the nearest multiple of 2^-e."""
    largest = np.abs(weight).max(initial=0.0)
    if bits is None:
        if largest >= 2.0**12:
            msg = f"weights: the largest is {largest:g} after lowering, expected less than 2^12 on the 2^-30 grid; use weight_bits=16"
            raise DescriptionError(msg)
        exponent = FINEST_EXPONENT
    else:
        bits = min(checks.whole(bits, "weight_bits", minimum=2), 54)  # float64 has no more
        exponent = min(FINEST_EXPONENT, bits - 1 - int(np.frexp(largest)[1]))
        if np.rint(np.ldexp(largest, exponent)) > 2 ** (bits - 1) - 1:  # it was rounded up to a power of two
            exponent -= 1
    if 0 < largest < 2.0 ** -(FINEST_EXPONENT + 1):
        msg = f"weights: the largest is {largest:g} after lowering and would round to 0, expected at least 2^-31; use a larger unit of v"
        raise DescriptionError(msg)
    return np.ldexp(np.rint(np.ldexp(weight, exponent)), -exponent)
