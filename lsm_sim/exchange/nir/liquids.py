"""A program as a description in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Inputs, Liquid
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.wiring import Edges
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program

_SAID = frozenset({"adaptive-threshold"})  # beyond plain LIF


def liquid_of(program: Program) -> Liquid | None:
    """Return the liquid that `lsm_sim.lower` makes this program of, but for rounding; None if there is none.

    Where the user's units are unknown, weights and potentials have those with which the program counts v.
    """
    kept = [program.decay_u, program.decay_v]
    if program.needs - _SAID or any((factor <= 0).any() or (factor >= 1).any() for factor in kept):
        return None
    names = {**{n: _name(n) for n in program.input_groups}, **{n: _name(n) for n in program.neuron_groups}}
    if len(set(names.values())) < len(program.input_groups) + len(program.neuron_groups):
        return None
    try:
        return Liquid(
            [Inputs(names[name], len(members)) for name, members in program.input_groups.items()],
            [_neurons(program, names[name], members) for name, members in program.neuron_groups.items()],
            _synapses(program, names),
        )
    except DescriptionError:  # such as a threshold that is not above v_reset
        return None


def _name(name: str) -> str:
    return name.replace("/", "_")


def _neurons(program: Program, name: str, members: range) -> Neurons:
    own = slice(members.start, members.stop)
    p: dict[str, Any] = {key: values[own] for key, values in program.parameters().items()}
    reset = program.units.v_offset[own] if program.units is not None else np.zeros(len(members))
    del p["v_init"]
    return Neurons(name, len(members), v_reset=reset, **p)


def _synapses(program: Program, names: dict[str, str]) -> list[Synapses]:
    """Return the synapses by pair of groups; the pairs of one group that appear again are in another entry."""
    every, weights, out = program.synapses(), _weights(program), []
    for one in program.projections():
        key = one.source * len(one.members) + one.target
        order = np.argsort(key, kind="stable")
        first = np.concatenate([[True], np.diff(key[order]) != 0])
        starts = np.maximum.accumulate(np.where(first, np.arange(key.size), 0))
        nth = np.empty(key.size, np.int64)
        nth[order] = np.arange(key.size) - starts
        for number in range(int(nth.max()) + 1):
            own = nth == number
            index = one.index[own]
            rule = Edges(one.source[own], one.target[own])
            delay = (every.delay[index] + 1) * program.dt
            out.append(Synapses(names[one.pre], names[one.post], rule, weight=weights[index], delay=delay))
    return out


def _weights(program: Program) -> Any:
    """Return the weights in the user's units, or in those of v."""
    if program.units is not None:
        return program.weights()
    p = program.parameters()
    units = program.model.units({**p, "v_reset": np.zeros(program.n_neurons)}, program.dt)
    return program.synapses().weight / units.weight_scale[program.synapses().post]
