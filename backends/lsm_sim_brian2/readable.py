"""Export a liquid or program as Brian2 objects, one per group, to which users can add their own."""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.engine.requests import check_stimulus
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.program.projections import Projection
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim_brian2 import available, equations, rounds, synapses
from lsm_sim_brian2.isolation import isolated

PAYLOAD = "payload(t - delay, i)"
"""The payload of an event that arrives, looked up at the step in which it was sent."""


def build(
    network: Liquid | Program,
    stimulus: Spikes | None = None,
    *,
    dt: float | None = None,
    names: Mapping[str, str] | None = None,
) -> Any:
    """Return a `brian2.Network` with one Brian2 object per group, which gives the spikes of the program.

    ``net["exc"]`` is the `NeuronGroup` of the group "exc", ``net["audio"]`` the `SpikeGeneratorGroup` of the inputs "audio",
    and ``net["audio_to_exc"]`` the `Synapses` between them. The variables of a neuron are those of `lsm_sim.program.program`: u, v
    (relative to v_reset), and the accumulator ``a``, to which your own synapses add: ``on_pre="a_post += w"``. A spike
    at step k with delay d is added to ``a`` in time for step k + 1 + d. A second current is ``u2`` with the accumulator ``a2``,
    an adaptive threshold is higher by ``theta``. If two groups are connected by several blocks of synapses, the second is
    ``net["audio_to_exc_2"]``. Brian2's preferences, clock and device do not change;
    the network has its own clock with the program's dt.

    Parameters
    ----------
    network
        A `Liquid`, lowered at ``dt`` (seconds; by default the stimulus's), or a `Program`.
    stimulus
        One sample; None: silence. ``net["audio"].set_spikes(i, t)`` sets another one, but no other payloads.
    names
        Brian2 names by group name, for names that differ from the group names.

    Examples
    --------
    >>> import brian2, lsm_sim as lsm
    >>> liquid = lsm.Liquid([], [lsm.Neurons("exc", 3, i_bias=60.0)])
    >>> net = build(liquid, dt=1e-3)
    >>> monitor = brian2.StateMonitor(net["exc"], "v", record=[0])
    >>> net.add(monitor)
    >>> net.run(50 * brian2.ms)
    >>> monitor.v.shape
    (1, 50)
    """
    brian2 = available.import_brian2()
    program = to_program(network, stimulus, dt)
    labels = brian2_names(program, names)
    rounds.check_size(program, 1)
    own_device = importlib.import_module("brian2.devices.device").active_device
    with isolated({"codegen.target": "numpy"}, own_device):
        clock = brian2.Clock(dt=program.dt * brian2.second, name="lsm_sim_clock")
        groups = {name: _inputs(brian2, program, stimulus, name, labels, clock) for name in program.input_groups}
        groups |= {name: _neurons(brian2, program, name, labels, clock) for name in program.neuron_groups}
        tables = _payload_tables(brian2, program, stimulus, clock)
        return brian2.Network(*groups.values(), *_synapses(brian2, program, groups, labels, clock, tables))


def to_program(network: Liquid | Program, stimulus: Spikes | None, dt: float | None) -> Program:
    """Return the program to export, after checking that the stimulus is one sample that fits it."""
    if isinstance(network, Liquid):
        if dt is None and stimulus is None:
            raise DescriptionError("dt: got None, expected a step in seconds (or a stimulus) to lower the liquid with")
        network = lower(network, stimulus.dt if dt is None and stimulus is not None else dt)  # type: ignore[arg-type]
    elif not isinstance(network, Program):
        raise DescriptionError(f"network: got {type(network).__name__}, expected a Liquid or a Program")
    elif dt is not None:
        raise DescriptionError(
            f"dt: got {dt!r} with a Program, which has its own dt of {network.dt:g} s; expected None"
        )
    if stimulus is not None:
        check_stimulus(network, stimulus)
        if len(stimulus) != 1:
            msg = f"stimulus: got {len(stimulus)} samples, expected one; take one with stimulus[0]"
            raise DescriptionError(msg)
    return network


def brian2_names(program: Program, names: Mapping[str, str] | None) -> dict[str, str]:
    """Return a Brian2 name for every group: letters, digits and underscores, beginning with a letter."""
    groups = [*program.input_groups, *program.neuron_groups]
    if names is not None and not isinstance(names, Mapping):
        raise DescriptionError(
            f"names: got {type(names).__name__}, expected names in Brian2 by group name, such as {{'exc': 'e'}}"
        )
    for name in names or {}:
        if name not in groups:
            raise DescriptionError(f"names: no group {name!r}; known: {', '.join(groups)}")
    out: dict[str, Any] = {name: (names or {}).get(name) or _identifier(name) for name in groups}
    for name, label in out.items():
        if not isinstance(label, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*", label):
            msg = (
                f"names: got {label!r} for {name!r}, expected letters, digits and underscores, beginning with a letter"
            )
            raise DescriptionError(msg)
    every = [*out.values(), *(name for _, name in synapse_names(program, out))]
    twice = sorted({name for name in every if every.count(name) > 1})
    if len(groups) != len(set(groups)) or twice:
        msg = f"names: two groups or synapses get the same Brian2 name {', '.join(twice or groups)}; give groups different ones with names={{...}}"
        raise DescriptionError(msg)
    return out


def _identifier(name: str) -> str:
    label = re.sub(r"[^A-Za-z0-9_]", "_", name)
    return label if label[0].isalpha() else f"group_{label}"


def input_events(program: Program, stimulus: Spikes | None, name: str) -> tuple[Ints, Ints]:
    """Return channel within the group and step of each event of the stimulus."""
    if stimulus is None:
        return np.empty(0, np.int64), np.empty(0, np.int64)
    keep = _in_group(program, stimulus, name)
    first = program.input_groups[name].start
    return stimulus.channel[keep].astype(np.int64) - first, stimulus.step[keep].astype(np.int64)


def input_payloads(program: Program, stimulus: Spikes, name: str) -> Any:
    """Return the payload of each of these events; they must have payloads."""
    assert stimulus.payload is not None
    return stimulus.payload[_in_group(program, stimulus, name)]


def _in_group(program: Program, stimulus: Spikes, name: str) -> Bools:
    members = program.input_groups[name]
    return (stimulus.channel >= members.start) & (stimulus.channel < members.stop)


def _inputs(
    b2: Any, program: Program, stimulus: Spikes | None, name: str, labels: Mapping[str, str], clock: Any
) -> Any:
    channel, step = input_events(program, stimulus, name)
    times = step * program.dt * b2.second
    return b2.SpikeGeneratorGroup(len(program.input_groups[name]), channel, times, clock=clock, name=labels[name])


def _neurons(b2: Any, program: Program, name: str, labels: Mapping[str, str], clock: Any) -> Any:
    members, neuron = program.neuron_groups[name], equations.Neuron.of(program)
    group = b2.NeuronGroup(
        len(members),
        neuron.model(),
        threshold=neuron.threshold(),
        reset=neuron.reset(),
        clock=clock,
        namespace={},
        name=labels[name],
    )
    group.run_regularly(neuron.advance(), when="groups", order=1, name=f"{labels[name]}_step")
    for variable, values in (equations.parameters(program) | equations.start(program)).items():
        getattr(group, variable)[:] = values[members.start : members.stop].astype(np.float64)
    return group


def synapse_names(program: Program, labels: Mapping[str, str]) -> list[tuple[Projection, str]]:
    """Return the projections with their names in Brian2: "a_to_b", then "a_to_b_2" for the second block of a pair."""
    number: dict[str, int] = {}
    out = []
    for part in program.projections():
        name = f"{labels[part.pre]}_to_{labels[part.post]}"
        number[name] = number.get(name, 0) + 1
        out.append((part, name if number[name] == 1 else f"{name}_{number[name]}"))
    return out


def _payload_tables(b2: Any, program: Program, stimulus: Spikes | None, clock: Any) -> dict[str, Any]:
    """Return the payloads by step and channel, a `TimedArray` for each input group; nothing without payloads."""
    if stimulus is None or stimulus.payload is None:
        return {}
    out, n_steps = {}, int(stimulus.n_steps[0])
    check_memory(n_steps * program.n_inputs * 8, "the payloads of the stimulus")
    for name, members in program.input_groups.items():
        channel, step = input_events(program, stimulus, name)
        table = np.zeros((n_steps, len(members)))
        table[step, channel] = input_payloads(program, stimulus, name)
        out[name] = b2.TimedArray(table, dt=clock.dt)
    return out


def _synapses(
    b2: Any,
    program: Program,
    groups: Mapping[str, Any],
    labels: Mapping[str, str],
    clock: Any,
    tables: Mapping[str, Any],
) -> list[Any]:
    """Return all synapses; ``tables`` has a `TimedArray` for each input group whose events have payloads."""
    out, delays = [], program.synapses().delay
    for part, name in synapse_names(program, labels):
        graded = part.pre in tables
        kind = synapses.Synapse(program.arithmetic, part.receptor, part.rule, PAYLOAD if graded else None)
        beside = {"payload": tables[part.pre]} if graded else {}
        group = synapses.group(b2, kind, groups[part.pre], groups[part.post], clock, name, **beside)
        group.connect(i=part.source, j=part.target)
        synapses.set_parameters(group, program, kind, part.index)
        group.delay[:] = delays[part.index] * group.clock.dt
        out.append(group)
    return out
