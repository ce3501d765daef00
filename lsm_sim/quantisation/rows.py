"""The rows of a report: what rounding does to one group of neurons, one group of synapses, or one plastic projection."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.dynamics import ARITHMETICS, STP
from lsm_sim.dynamics.loihi import ONE, SHIFT, decay
from lsm_sim.dynamics.plasticity import Q
from lsm_sim.program.program import Program
from lsm_sim.program.projections import Projection
from lsm_sim.quantisation.groups import adapts, has_second_current
from lsm_sim.quantisation.registers import Peaks
from lsm_sim.support.checks import Bools, Floats, Ints

TRAIN_RATE, TRAIN_SPIKES = 20.0, 20  # Hz, in which steady efficacies are compared

Triple: TypeAlias = tuple[float, float, float]
"""Minimum, mean and maximum."""


@dataclass(frozen=True)
class NeuronRow:
    """A group of neurons; triples are minimum, mean and maximum. Time constants are in seconds, errors are relative.

    What follows ``rate_after`` is None if no neuron of the group has it: the second synaptic current, and the adaptive
    threshold. There ``jump`` is in the unit of ``threshold``, and ``tau_jump`` is the time in which a single jump falls to
    1/e in integers, shorter than ``tau_adapt_after`` for small jumps because w is rounded toward zero in each step.
    """

    name: str
    tau_syn: Triple
    tau_syn_after: Triple
    tau_m: Triple
    tau_m_after: Triple
    threshold: Triple
    threshold_error: float
    bias_error: float
    rate: float
    rate_after: float
    tau_syn_inh: Triple | None = None
    tau_syn_inh_after: Triple | None = None
    tau_adapt: Triple | None = None
    tau_adapt_after: Triple | None = None
    tau_jump: Triple | None = None
    jump: Triple | None = None
    jump_error: float | None = None


@dataclass(frozen=True)
class SynapseRow:
    """Synapses of one sign between two groups.

    ``error`` has the 5 %, 50 % and 95 % quantiles of (after - before) / root mean square of the weights before; ``rms`` is the
    root mean square error; ``zero`` counts weights that became zero, ``merged`` distinct values that became equal.
    """

    name: str
    count: int
    exponent: int
    error: tuple[float, float, float]
    rms: float
    zero: int
    merged: int


@dataclass(frozen=True)
class PlasticityRow:
    """Short-term plasticity of the synapses between two groups; triples are minimum, mean and maximum, over the sources.

    Time constants are in seconds. All errors are relative: ``U_error`` and ``steady_error`` are the largest magnitudes among
    the sources, of U and of the efficacy after 20 spikes at 20 Hz; ``amount_error`` is the largest among the synapses, of
    what a first spike delivers, and ``amount_bias`` the error of the sum of these amounts, which integers round toward zero.
    ``lost`` counts synapses that deliver nothing at a first spike.
    """

    name: str
    U: Triple
    U_after: Triple
    tau_rec: Triple
    tau_rec_after: Triple
    tau_facil: Triple
    tau_facil_after: Triple
    U_error: float
    steady_error: float
    amount_error: float
    amount_bias: float
    lost: int


def _triple(values: Floats) -> Triple:
    return float(values.min()), float(values.mean()), float(values.max())


def neuron_row(
    program: Program, integers: Program, scale: float, name: str, members: range, before: Peaks, after: Peaks
) -> NeuronRow:
    """Compare a group of neurons before and after."""
    own = slice(members.start, members.stop)
    times, times_after = ({k: v[own] for k, v in p.parameters().items()} for p in (program, integers))
    seconds = before.n_steps * program.dt * len(members)
    bias = 64 * scale * program.bias[own]
    second = has_second_current(program)[own]
    optional: dict[str, Any] = {}
    if second.any():
        optional = {f"tau_syn_inh{end}": _triple(t["tau_syn_inh"][second]) for end, t in _ends(times, times_after)}
    return NeuronRow(
        name=name,
        tau_syn=_triple(times["tau_syn"]),
        tau_syn_after=_triple(times_after["tau_syn"]),
        tau_m=_triple(times["tau_m"]),
        tau_m_after=_triple(times_after["tau_m"]),
        threshold=_triple(integers.threshold[own].astype(float)),
        threshold_error=float(np.abs(integers.threshold[own] / (scale * program.threshold[own]) - 1).max()),
        bias_error=float((np.abs(integers.bias[own] - bias) / np.maximum(np.abs(bias), 1e-300)).max())
        if bias.any()
        else 0.0,
        rate=float(before.count[:, :, own].sum() / seconds),
        rate_after=float(after.count[:, :, own].sum() / seconds),
        **optional,
        **_adaptation(program, integers, scale, own, times, times_after),
    )


def _ends(before: Any, after: Any) -> tuple[tuple[str, Any], tuple[str, Any]]:
    """Return the two with the ends of the names of their fields."""
    return ("", before), ("_after", after)


def _adaptation(
    program: Program, integers: Program, scale: float, own: slice, times: Any, times_after: Any
) -> dict[str, Any]:
    """Return the fields of an adaptive threshold, none if no neuron of the group has one."""
    some = adapts(program)[own]
    if not some.any():
        return {}
    state_scale = 1 << SHIFT
    jump = integers.jump[own][some]
    return {
        **{f"tau_adapt{end}": _triple(t["tau_adapt"][some]) for end, t in _ends(times, times_after)},
        "tau_jump": _triple(program.dt * steps_to_fall(jump, integers.dw[own][some])),
        "jump": _triple(jump / state_scale),
        "jump_error": float(np.abs(jump / (state_scale * scale * program.jump[own][some]) - 1).max()),
    }


def steps_to_fall(jump: Ints, dw: Ints) -> Floats:
    """Return after how many steps w, from a single ``jump``, is at most 1/e of it; inf if it never falls."""
    pairs, which = np.unique(np.stack([jump, dw]), axis=1, return_inverse=True)
    w, steps = pairs[0].copy(), np.full(pairs.shape[1], np.inf)
    k = 0
    while (falling := np.isinf(steps) & (pairs[1] > 0)).any():
        k += 1
        w = decay(w, pairs[1])
        steps[falling & (w <= pairs[0] / np.e)] = k
    return np.asarray(steps[which.ravel()])


def synapse_row(before: Floats, got: Ints, scale: float, name: str) -> SynapseRow:
    """Compare the weights of a group of synapses before and after."""
    exact = scale * before
    size = float(np.sqrt((exact**2).mean()))
    error = (got - exact) / size
    low, middle, high = np.quantile(error, [0.05, 0.5, 0.95])
    trailing = [e for e in range(8) if (got % (1 << e) == 0).all()]
    return SynapseRow(
        name=name,
        count=got.size,
        exponent=max(trailing),
        error=(float(low), float(middle), float(high)),
        rms=float(np.sqrt((error**2).mean())),
        zero=int((got == 0).sum()),
        merged=int(np.unique(exact).size - np.unique(got).size),
    )


def plasticity_row(program: Program, integers: Program, scale: float, name: str, one: Projection) -> PlasticityRow:
    """Compare short-term plasticity of one projection before and after."""
    sources, source = np.unique(one.source, return_inverse=True)
    before, after = (
        {k: v[sources + one.rows.start] for k, v in p.blocks[one.block].arrays.items()} for p in (program, integers)
    )
    exact, got = _first_amounts(program, integers, scale, one, before["stp_U"][source], after["stp_U"][source])
    sends = exact != 0
    relative = got[sends] / exact[sends] - 1
    steady, steady_after = steady_efficacies(before, after, program.dt)
    return PlasticityRow(
        name=name,
        U=_triple(before["stp_U"]),
        U_after=_triple(after["stp_U"] / ONE),
        tau_rec=_tau(before["stp_decay_rec"], program.dt),
        tau_rec_after=_tau(1 - after["stp_drec"] / ONE, program.dt),
        tau_facil=_tau(before["stp_decay_facil"], program.dt),
        tau_facil_after=_tau(1 - after["stp_dfacil"] / ONE, program.dt),
        U_error=_largest(after["stp_U"] / ONE, before["stp_U"]),
        steady_error=_largest(steady_after, steady),
        amount_error=float(np.abs(relative).max(initial=0)),
        amount_bias=float(np.abs(got).sum() / np.abs(exact).sum() - 1) if sends.any() else 0.0,
        lost=int((got[sends] == 0).sum()),
    )


def _tau(kept: Floats, dt: float) -> Triple:
    """Return the time constants of factors kept per step: 0 if nothing is kept, infinite if all is."""
    with np.errstate(divide="ignore"):
        return _triple(np.abs(dt / np.log(kept)))


def _largest(got: Floats, exact: Floats) -> float:
    """Return the largest relative error, of those that are not 0."""
    some: Bools = exact > 0
    return float(np.abs(got[some] / exact[some] - 1).max(initial=0))


def _first_amounts(
    program: Program, integers: Program, scale: float, one: Projection, U: Floats, U_after: Ints
) -> tuple[Floats, Ints]:
    """Return what each synapse delivers at a first spike, before (scaled) and after."""
    everyone = np.arange(U.size)
    _, efficacy = STP.send["loihi"]({"stp_U": U_after}, STP.start(U.size, "loihi"), everyone)
    exact = scale * program.synapses().weight[one.index] * U
    return exact, STP.amount["loihi"](integers.synapses().weight[one.index], efficacy, 0)


def steady_efficacies(before: Any, after: Any, dt: float) -> tuple[Floats, Floats]:
    """Return the efficacy of each source at the last of 20 spikes at 20 Hz, before and after."""
    _, chosen, which = np.unique(np.stack([*before.values()]), axis=1, return_index=True, return_inverse=True)
    interval = max(1, round(1 / (TRAIN_RATE * dt)))
    out = []
    for arithmetic, arrays in zip(ARITHMETICS, (before, after), strict=True):
        own = {name: values[chosen] for name, values in arrays.items()}
        state, everyone = STP.start(chosen.size, arithmetic), np.arange(chosen.size)
        for _ in range(TRAIN_SPIKES):
            for _ in range(interval):
                state = STP.rest[arithmetic](own, state)
            state, efficacy = STP.send[arithmetic](own, state, everyone)
        out.append(efficacy[which.ravel()])
    return out[0], out[1] / Q
