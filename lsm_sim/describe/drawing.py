"""Random draws of a liquid: parameters, positions and synapses, each from its own random stream of the liquid's seed."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.plasticity import TIMES, TsodyksMarkram, check_values
from lsm_sim.describe.positions import Box, Grid
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.values import Value
from lsm_sim.describe.wiring import End
from lsm_sim.dynamics import LIF
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

BYTES_PER_SYNAPSE = 150  # at the peak of lowering, measured with 2 M synapses


@dataclass(frozen=True, eq=False)
class DrawnSynapses:
    """The synapses from one group to another: indices within the groups, weight in units of v, delay in s (None: one step).

    ``stp`` has the parameters of short-term plasticity of each source, 0 where one was None; None: static synapses.
    """

    pre: str
    post: str
    source: Ints
    target: Ints
    weight: Floats
    delay: Floats | None
    receptor: int = 0
    stp: Mapping[str, Floats] | None = None


def _drawn(value: Value, size: int, seed: int, label: str) -> Floats:
    if isinstance(value, Distribution):
        return value.draw(size, stream(seed, label))
    return np.broadcast_to(np.asarray(value, np.float64), (size,))


def draw_parameters(group: Neurons, seed: int) -> dict[str, Floats]:
    """Return each parameter that the group has, shape (size,), after checking what distributions drew."""
    where = f"Neurons {group.name!r}"
    out: dict[str, Floats] = {}
    for parameter in LIF.parameters:
        name, value = parameter.name, getattr(group, parameter.name)
        if value is None:
            if isinstance(parameter.default, str):
                out[name] = out[parameter.default]
            continue
        out[name] = _drawn(value, group.size, seed, f"neurons/{group.name}/{name}")
        if parameter.outside(out[name]).any():
            worst = f"{out[name].min():g}{parameter.unit}"
            raise DescriptionError(f"{where} {name}: drew {worst}; give the distribution a minimum above it")
    for upper, lower in LIF.above:
        if (out[upper] <= out[lower]).any():
            msg = f"{where}: drew a {upper} at or below {lower}; give the distribution a minimum above it"
            raise DescriptionError(msg)
    return out


def draw_positions(group: Neurons, seed: int) -> Floats | None:
    """Return the positions of the group's neurons, shape (size, 3), or None."""
    if isinstance(group.positions, (Grid, Box)):
        return group.positions.draw(group.size, stream(seed, f"neurons/{group.name}/positions"))
    return group.positions


def draw_synapses(liquid: Liquid) -> list[DrawnSynapses]:
    """Draw the synapses with their weights and delays: one record for each pair of groups."""
    ends = {group.name: End(group.name, group.size) for group in liquid.inputs}
    ends |= {g.name: End(g.name, g.size, draw_positions(g, liquid.seed)) for g in liquid.neurons}
    signs = {group.name: group.sign for group in liquid.neurons}
    second = {group.name: group.tau_syn_inh is not None for group in liquid.neurons}
    projections: list[DrawnSynapses] = []
    seen: dict[tuple[str, str], int] = {}
    for synapses in liquid.synapses:
        stp = None
        sign = signs.get(synapses.pre)
        for post in synapses.targets:
            nth = seen[synapses.pre, post] = seen.get((synapses.pre, post), -1) + 1
            label = f"synapses/{synapses.pre}/{post}/{nth}"
            pair = ends[synapses.pre], ends[post]
            if synapses.stp is not None and stp is None:  # each source draws once for all target groups
                stp = _drawn_stp(synapses.stp, ends[synapses.pre], liquid.seed, label)
            drawn = _draw_projection(synapses, pair, liquid.seed, label, sign)
            receptor = synapses.receptor_number(post, sign, second=second[post])
            projections.append(dataclasses.replace(drawn, receptor=receptor, stp=stp))
    return projections


def _drawn_stp(stp: TsodyksMarkram, pre: End, seed: int, label: str) -> dict[str, Floats]:
    out = {name: np.zeros(pre.size) for name in TIMES}
    for name, value in stp.given().items():
        out[name] = _drawn(value, pre.size, seed, f"{label}/stp/{name}")
        check_values(name, out[name], f"{label} stp", "drew")
    return out


def _draw_projection(
    synapses: Synapses, pair: tuple[End, End], seed: int, label: str, sign: int | None
) -> DrawnSynapses:
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
    return DrawnSynapses(pre.name, post.name, source, target, weight, delay)
