"""Adding neurons, input channels and synapses to a program."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import numpy as np

from lsm_sim.dynamics import Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import SynapseBlock
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.consecutive import consecutive


def append(
    program: Any, neurons: Any, inputs: Any, *, source: Any, post: Any, weight: Any, delay: Any
) -> dict[str, Any]:
    """Return the fields of `Program.append`."""
    new_inputs = _sizes(inputs, program.input_groups, "inputs")
    new_neurons = _neurons(program, neurons)
    sizes = {name: next(iter(arrays.values())).size for name, arrays in new_neurons.items()}
    n_inputs = program.n_inputs + sum(new_inputs.values())
    n_neurons = program.n_neurons + sum(sizes.values())
    shape = n_inputs, n_neurons
    blocks = [_widened(block, program.n_inputs, program.n_neurons, shape) for block in program.blocks]
    blocks = _with_synapses(blocks, shape, source, post, weight, delay)
    first, *more = blocks
    return {
        "arithmetic": program.arithmetic,
        "dt": program.dt,
        "n_inputs": n_inputs,
        "n_neurons": n_neurons,
        **{field.name: getattr(first, field.name) for field in fields(SynapseBlock)},
        "more_blocks": more,
        **_arrays(program, list(new_neurons.values()), sizes),
        "input_groups": _joined(program.input_groups, new_inputs),
        "neuron_groups": _joined(program.neuron_groups, sizes),
        "units": None if program.units is None else _units(program.units, sum(sizes.values())),
    }


def _sizes(inputs: Any, known: Mapping[str, range], where: str) -> dict[str, int]:
    if not isinstance(inputs, Mapping):
        raise DescriptionError(f"append {where}: got {inputs!r}, expected sizes by name")
    out = {}
    for name, size in inputs.items():
        _check_new(name, known, where)
        out[name] = checks.whole(size, f"append {where} {name!r}", 1, checks.MOST)
    return out


def _check_new(name: Any, known: Mapping[str, range], where: str) -> None:
    checks.name(name, f"append {where}")
    if name in known:
        raise DescriptionError(f"append {where}: got {name!r}, which the program already has; use another name")


def _neurons(program: Any, neurons: Any) -> dict[str, dict[str, Any]]:
    """Return the arrays of each new group, after checking names and sizes; `Program` checks the values."""
    if not isinstance(neurons, Mapping):
        raise DescriptionError(f"append neurons: got {neurons!r}, expected arrays by name of group")
    own = {array.name: array for array in program.model.arrays[program.arithmetic]}
    out = {}
    for name, arrays in neurons.items():
        _check_new(name, program.neuron_groups, "neurons")
        where = f"append neurons {name!r}"
        required = program.model.required(program.arithmetic)
        if not isinstance(arrays, Mapping) or not set(required) <= set(arrays) <= set(own):
            raise DescriptionError(f"{where}: expected a dict with {', '.join(required)}, and possibly other arrays")
        to_array = {key: checks.whole_array if own[key].whole else checks.real_array for key in arrays}
        values = {key: to_array[key](value, f"{where} {key}") for key, value in arrays.items()}
        if len({value.shape for value in values.values()}) != 1 or values[required[0]].ndim != 1:
            raise DescriptionError(f"{where}: expected arrays of one length")
        if not values[required[0]].size:
            raise DescriptionError(f"{where}: got no neurons, expected at least one; leave the group out")
        out[name] = values
    return out


def _arrays(program: Any, groups: list[dict[str, Any]], sizes: Mapping[str, int]) -> dict[str, Any]:
    """Return each array of all neurons; where some have an optional array that others lack, those have 0."""
    names = dict.fromkeys([*program.arrays, *(name for arrays in groups for name in arrays)])
    parts = [(program.arrays, program.n_neurons), *zip(groups, sizes.values(), strict=True)]
    return {
        name: np.concatenate([arrays[name] if name in arrays else np.zeros(size, np.int64) for arrays, size in parts])
        for name in names
    }


def _joined(groups: Mapping[str, range], sizes: Mapping[str, int]) -> dict[str, range]:
    return consecutive({name: len(members) for name, members in groups.items()} | dict(sizes))


def _units(units: Units, n: int) -> Units:
    """Return the units with numbers of new neurons as they are in the program, but for the common scale of v."""
    fill = {name: np.zeros(n) if name == "v_offset" else np.ones(n) for name in units.per_neuron()}
    return Units(
        units.v_scale, **{name: np.concatenate([values, fill[name]]) for name, values in units.per_neuron().items()}
    )


def _widened(block: SynapseBlock, n_inputs: int, n_neurons: int, shape: tuple[int, int]) -> SynapseBlock:
    """Return the block with empty rows for the new sources, whose short-term plasticity, if any, changes nothing."""
    lengths = np.diff(block.indptr)
    indptr = np.concatenate([[0], np.cumsum(_rows(lengths, n_inputs, n_neurons, shape))])
    arrays = {name: _rows(values, n_inputs, n_neurons, shape) for name, values in block.arrays.items()}
    return replace(block, indptr=indptr, **arrays)


def _rows(values: Any, n_inputs: int, n_neurons: int, shape: tuple[int, int]) -> Any:
    out = np.zeros(sum(shape), values.dtype)
    out[:n_inputs] = values[:n_inputs]
    out[shape[0] : shape[0] + n_neurons] = values[n_inputs:]
    return out


def _with_synapses(
    blocks: list[SynapseBlock], shape: tuple[int, int], source: Any, post: Any, weight: Any, delay: Any
) -> list[SynapseBlock]:
    """Return the blocks with new synapses in the first static block of receptor 0, or in a new one if there is none."""
    rows = checks.whole_array(source, "append source")
    weights = checks.real_array(weight, "append weight")
    n_rows = sum(shape)
    if rows.ndim != 1 or (rows.size and (rows.min() < 0 or rows.max() >= n_rows)):
        raise DescriptionError(
            f"append source: expected a list of rows in 0..{n_rows - 1}, input channels before neurons"
        )
    targets, delays = checks.whole_array(post, "append post"), checks.whole_array(delay, "append delay")
    if targets.shape != rows.shape or weights.shape not in ((), rows.shape) or delays.shape not in ((), rows.shape):
        raise DescriptionError(
            f"append: got {rows.size} sources, and shapes {targets.shape} of post, {weights.shape} of weight, {delays.shape} of "
            "delay; expected one of each for a synapse, or one weight or delay for all"
        )
    if not rows.size:
        return blocks
    place = next((i for i, block in enumerate(blocks) if (block.rule, block.receptor) == ("static", 0)), len(blocks))
    if place == len(blocks):
        none = np.empty(0, np.int64)
        blocks = [*blocks, SynapseBlock(np.zeros(n_rows + 1, np.int64), none, none, none)]
    columns = targets, np.broadcast_to(weights, rows.shape), np.broadcast_to(delays, rows.shape)
    return [*blocks[:place], _extended(blocks[place], rows, columns), *blocks[place + 1 :]]


def _extended(block: SynapseBlock, rows: Ints, columns: tuple[Any, Any, Any]) -> SynapseBlock:
    """Return the block with more synapses, behind those that a row has."""
    every = np.concatenate([block.sources(), rows])
    order = np.argsort(every, kind="stable")
    post, weight, delay = (
        np.concatenate([old, new])[order]
        for old, new in zip((block.post, block.weight, block.delay), columns, strict=True)
    )
    lengths = np.bincount(every, minlength=block.indptr.size - 1)
    return replace(block, indptr=np.concatenate([[0], np.cumsum(lengths)]), post=post, weight=weight, delay=delay)
