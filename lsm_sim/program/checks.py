"""Checks of the fields of a `Program`, run once when it is created, so that engines need not repeat them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.dynamics import ARITHMETICS, STP, Arithmetic, Array, NeuronModel, Units
from lsm_sim.dynamics.lif import TWO_CURRENTS
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import ROWS, RULE_ARRAYS, RULES, SynapseBlock, rule_arrays
from lsm_sim.program.grid import check_sums, grid_exponent
from lsm_sim.support import checks

MAX_DELAY = 2**20
BLOCK = (*ROWS, "receptor", "rule", *RULE_ARRAYS)  # the fields of a Program that are its first block


def checked(fields: Mapping[str, Any], model: NeuronModel) -> dict[str, Any]:
    """Return every field of a program in its final type, or raise `DescriptionError`."""
    arithmetic = fields["arithmetic"]
    if arithmetic not in ARITHMETICS:
        raise DescriptionError(f"Program arithmetic: got {arithmetic!r}, expected 'float64' or 'loihi'")
    n_inputs = checks.whole(fields["n_inputs"], "Program n_inputs")
    n_neurons = checks.whole(fields["n_neurons"], "Program n_neurons", minimum=1)
    out: dict[str, Any] = {
        "n_inputs": n_inputs,
        "n_neurons": n_neurons,
        "dt": checks.positive(fields["dt"], "Program dt", "time"),
    }
    has_second = any(fields[name] is not None for name in ("decay_u2", "du2"))
    shape = n_inputs, n_neurons, 1 if has_second else 0
    first = _block(SynapseBlock(**{name: fields[name] for name in BLOCK}), arithmetic, shape, "")
    out |= {name: getattr(first, name) for name in BLOCK}
    out["more_blocks"] = _more_blocks(fields["more_blocks"], arithmetic, shape)
    out |= _neurons(fields, model, n_neurons)
    check_sums(arithmetic, [first, *out["more_blocks"]], n_neurons)
    out["input_groups"] = _groups(fields["input_groups"], n_inputs, "in")
    out["neuron_groups"] = _groups(fields["neuron_groups"], n_neurons, "neurons")
    _check_units(fields["units"], n_neurons, second=has_second)
    return _frozen(out)


def _frozen(values: Mapping[str, Any]) -> dict[str, Any]:
    return {n: checks.read_only(value) if isinstance(value, np.ndarray) else value for n, value in values.items()}


def check_again(fields: Mapping[str, Any], model: NeuronModel) -> None:
    """Raise `DescriptionError` unless the arrays of a program still have valid shapes and indices, as engines rely on them."""
    n_neurons = fields["n_neurons"]
    for array in model.arrays[fields["arithmetic"]]:
        if array.need is not None and fields[array.name] is None:
            continue
        _check_kind(fields[array.name], np.int64 if array.whole else np.float64, array.name)
        if fields[array.name].shape != (n_neurons,):
            raise DescriptionError(
                f"Program {array.name}: got shape {fields[array.name].shape}, expected ({n_neurons},)"
            )
    first = SynapseBlock(**{name: fields[name] for name in BLOCK})
    second = [array.name for array in model.arrays[fields["arithmetic"]] if array.need == TWO_CURRENTS]
    receptors = 1 if any(fields[name] is None for name in second) else 2
    for number, block in enumerate([first, *fields["more_blocks"]]):
        if block.rule not in RULES or block.receptor not in range(receptors):
            raise DescriptionError(
                f"Program block {number}: got another rule or receptor than the constructor checked; create a new Program"
            )
        _check_block_again(block, fields, f"block {number} " if number else "")


def _check_block_again(block: SynapseBlock, fields: Mapping[str, Any], prefix: str) -> None:
    whole = fields["arithmetic"] == "loihi"
    for name in ("indptr", "post", "delay"):
        _check_kind(getattr(block, name), np.int64, prefix + name)
    _check_kind(block.weight, np.int64 if whole else np.float64, prefix + "weight")
    _check_synapses(block, fields["n_inputs"], fields["n_neurons"], prefix)
    for name in rule_arrays(block.rule, fields["arithmetic"]):
        _check_kind(getattr(block, name), np.int64 if whole else np.float64, prefix + name)
        if getattr(block, name).shape != (block.indptr.size - 1,):
            raise DescriptionError(
                f"Program {prefix}{name}: got shape {getattr(block, name).shape}, expected ({block.indptr.size - 1},), one value for "
                "each source"
            )


def _check_kind(array: Any, expected: type, name: str) -> None:
    if type(array) is not np.ndarray or array.dtype != expected or array.ndim != 1:
        raise DescriptionError(f"Program {name}: got another array than the constructor made; create a new Program")


def _more_blocks(blocks: Any, arithmetic: Arithmetic, shape: tuple[int, int, int]) -> tuple[SynapseBlock, ...]:
    out = []
    for number, block in enumerate(checks.items(blocks, "Program more_blocks", "a list of SynapseBlock"), start=1):
        checks.instance(block, SynapseBlock, "Program more_blocks", "SynapseBlock")
        out.append(_block(block, arithmetic, shape, f"block {number} "))
    return tuple(out)


def _block(block: SynapseBlock, arithmetic: Arithmetic, shape: tuple[int, int, int], prefix: str) -> SynapseBlock:
    """Return the block in its final types; ``shape`` is C, N and the highest receptor."""
    n_inputs, n_neurons, receptors = shape
    real = checks.whole_array if arithmetic == "loihi" else checks.real_array
    values: dict[str, Any] = {
        name: checks.whole_array(getattr(block, name), f"Program {prefix}{name}") for name in ROWS if name != "weight"
    }
    values["weight"] = real(block.weight, f"Program {prefix}weight")
    values["receptor"] = checks.whole(block.receptor, f"Program {prefix}receptor")
    if values["receptor"] > 1:
        raise DescriptionError(f"Program {prefix}receptor: got {values['receptor']}, expected 0 or 1")
    if values["receptor"] > receptors:
        raise DescriptionError(
            f"Program {prefix}receptor: got 1, but the neurons have one current; expected 0, or give them decay_u2 (du2)"
        )
    values["rule"] = checks.choice(block.rule, f"Program {prefix}rule", RULES)
    own = {array.name: array for array in STP.arrays[arithmetic]} if values["rule"] == "stp" else {}
    foreign = [name for name in block.arrays if name not in own]
    if foreign:
        raise DescriptionError(
            f"Program {prefix}{foreign[0]}: expected None in {arithmetic} arithmetic with the rule {values['rule']!r}"
        )
    for name, array in own.items():
        if getattr(block, name) is None:
            raise DescriptionError(
                f"Program {prefix}{name}: got None, expected a value for each source, as the rule is {values['rule']!r}"
            )
        values[name] = _checked_array(array, getattr(block, name), n_inputs + n_neurons, prefix, "source")
    checked_block = SynapseBlock(**_frozen(values))
    _check_synapses(checked_block, n_inputs, n_neurons, prefix)
    if prefix and arithmetic == "float64":  # `check_sums` does it for all blocks, but does not know their numbers
        grid_exponent(checked_block.weight, f"Program {prefix}weight")
    return checked_block


def _check_synapses(block: SynapseBlock, n_inputs: int, n_neurons: int, prefix: str) -> None:
    indptr, post, weight, delay = block.indptr, block.post, block.weight, block.delay
    rows = n_inputs + n_neurons
    if indptr.shape != (rows + 1,) or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        msg = f"Program {prefix}indptr: got shape {indptr.shape}, expected {rows + 1} non-decreasing values from 0 (one row per source)"
        raise DescriptionError(msg)
    for label, array in (("post", post), ("weight", weight), ("delay", delay)):
        if array.shape != (indptr[-1],):
            raise DescriptionError(
                f"Program {prefix}{label}: got shape {array.shape}, expected ({indptr[-1]},) as indptr says"
            )
    if post.size and (post.min() < 0 or post.max() >= n_neurons):
        bad = post[(post < 0) | (post >= n_neurons)][0]
        raise DescriptionError(f"Program {prefix}post: got neuron {bad}, expected 0..{n_neurons - 1}")
    if delay.size and (delay.min() < 0 or delay.max() >= MAX_DELAY):
        bad = delay[(delay < 0) | (delay >= MAX_DELAY)][0]
        raise DescriptionError(f"Program {prefix}delay: got {bad} steps, expected 0..{MAX_DELAY - 1}")


def _neurons(fields: Mapping[str, Any], model: NeuronModel, n_neurons: int) -> dict[str, Any]:
    """Return the arrays of neurons; an optional array that is 0 everywhere becomes None."""
    own = {array.name: array for array in model.arrays[fields["arithmetic"]]}
    every = {array.name for arrays in model.arrays.values() for array in arrays}
    foreign = [name for name in every if name not in own and fields[name] is not None]
    if foreign:
        raise DescriptionError(
            f"Program {', '.join(sorted(foreign))}: expected None in {fields['arithmetic']} arithmetic"
        )
    given = {array.need for array in own.values() if fields[array.name] is not None and array.default is None}
    out: dict[str, Any] = {}
    for name, array in own.items():
        if fields[name] is None and array.need is not None and (array.default is not None or array.need not in given):
            continue
        if fields[name] is None and array.need is not None:
            raise DescriptionError(
                f"Program {name}: got None, but other arrays of an {array.need} were given; expected all"
            )
        out[name] = _checked_array(array, fields[name], n_neurons)
        if array.default is not None and (out[name] == array.default).all():
            out[name] = None
    return out


def _checked_array(array: Array, value: Any, size: int, prefix: str = "", each: str = "neuron") -> Any:
    where = f"Program {prefix}{array.name}"
    values = (checks.whole_array if array.whole else checks.real_array)(value, where)
    if values.shape != (size,):
        raise DescriptionError(f"{where}: got shape {values.shape}, expected ({size},)")
    outside = (values < array.low) | (values > array.high)
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        msg = f"{where}: got {values[i]:g} at {each} {i}, expected {array.low:g}..{array.high:g}"
        raise DescriptionError(msg)
    return values


def _check_units(units: Any, n_neurons: int, *, second: bool) -> None:
    if units is None:
        return
    if not isinstance(units, Units):
        raise DescriptionError(f"Program units: got {type(units).__name__}, expected Units, or None")
    for name, values in units.per_neuron().items():
        shape = np.shape(values)
        if shape != (n_neurons,):
            raise DescriptionError(f"Program units: got {name} of shape {shape}, expected ({n_neurons},)")
    if second and (units.u2_scale is None or units.weight2_scale is None):
        raise DescriptionError(
            "Program units: got no scales of the second current, expected u2_scale and weight2_scale"
        )


def _groups(groups: Any, total: int, default: str) -> dict[str, range]:
    """Return the groups as consecutive ranges that cover 0..total; without names, one group called ``default``."""
    if not isinstance(groups, Mapping):
        raise DescriptionError(f"Program groups: got {groups!r}, expected ranges by name")
    if not groups:
        return {default: range(total)} if total else {}
    stop = 0
    for name, members in groups.items():
        checks.name(name, "Program groups")
        if not isinstance(members, range) or members.step != 1 or members.start != stop or members.stop <= stop:
            raise DescriptionError(f"Program groups: {name!r} is {members!r}, expected a range that starts at {stop}")
        stop = members.stop
    if stop != total:
        raise DescriptionError(f"Program groups: got ranges that cover 0..{stop - 1}, expected 0..{total - 1}")
    return dict(groups)
