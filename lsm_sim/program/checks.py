"""Checks of the fields of a `Program`, run once when it is created, so that engines need not repeat them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.dynamics import ARITHMETICS, Array, NeuronModel, Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program.grid import check_sums
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints

MAX_DELAY = 2**20


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
    out |= _synapses(fields, n_inputs, n_neurons)
    out |= _neurons(fields, model, n_neurons)
    check_sums(arithmetic, out["post"], out["weight"], n_neurons)
    out["input_groups"] = _groups(fields["input_groups"], n_inputs, "in")
    out["neuron_groups"] = _groups(fields["neuron_groups"], n_neurons, "neurons")
    _check_units(fields["units"], n_neurons)
    return {name: checks.read_only(value) if isinstance(value, np.ndarray) else value for name, value in out.items()}


def check_again(fields: Mapping[str, Any], model: NeuronModel) -> None:
    """Raise `DescriptionError` unless the arrays of a program still have valid shapes and indices, as engines rely on them."""
    n_neurons, kind = fields["n_neurons"], np.int64 if fields["arithmetic"] == "loihi" else np.float64
    own = model.arrays[fields["arithmetic"]]
    kinds = {array.name: np.int64 if array.whole else np.float64 for array in own if fields[array.name] is not None}
    kinds |= {"indptr": np.int64, "post": np.int64, "delay": np.int64, "weight": kind}
    for name, expected in kinds.items():
        array = fields[name]
        if type(array) is not np.ndarray or array.dtype != expected or array.ndim != 1:
            raise DescriptionError(f"Program {name}: got another array than the constructor made; create a new Program")
    synapses = fields["indptr"], fields["post"], fields["weight"], fields["delay"]
    _check_synapses(*synapses, fields["n_inputs"], n_neurons)
    for array in own:
        if fields[array.name] is not None and fields[array.name].shape != (n_neurons,):
            raise DescriptionError(
                f"Program {array.name}: got shape {fields[array.name].shape}, expected ({n_neurons},)"
            )


def _synapses(fields: Mapping[str, Any], n_inputs: int, n_neurons: int) -> dict[str, Any]:
    indptr = checks.whole_array(fields["indptr"], "Program indptr")
    post = checks.whole_array(fields["post"], "Program post")
    delay = checks.whole_array(fields["delay"], "Program delay")
    loihi = fields["arithmetic"] == "loihi"
    weight = (checks.whole_array if loihi else checks.real_array)(fields["weight"], "Program weight")
    _check_synapses(indptr, post, weight, delay, n_inputs, n_neurons)
    return {"indptr": indptr, "post": post, "weight": weight, "delay": delay}


def _check_synapses(indptr: Ints, post: Ints, weight: Any, delay: Ints, n_inputs: int, n_neurons: int) -> None:
    rows = n_inputs + n_neurons
    if indptr.shape != (rows + 1,) or indptr[0] != 0 or (np.diff(indptr) < 0).any():
        msg = f"Program indptr: got shape {indptr.shape}, expected {rows + 1} non-decreasing values from 0 (one row per source)"
        raise DescriptionError(msg)
    for label, array in (("post", post), ("weight", weight), ("delay", delay)):
        if array.shape != (indptr[-1],):
            raise DescriptionError(f"Program {label}: got shape {array.shape}, expected ({indptr[-1]},) as indptr says")
    if post.size and (post.min() < 0 or post.max() >= n_neurons):
        bad = post[(post < 0) | (post >= n_neurons)][0]
        raise DescriptionError(f"Program post: got neuron {bad}, expected 0..{n_neurons - 1}")
    if delay.size and (delay.min() < 0 or delay.max() >= MAX_DELAY):
        bad = delay[(delay < 0) | (delay >= MAX_DELAY)][0]
        raise DescriptionError(f"Program delay: got {bad} steps, expected 0..{MAX_DELAY - 1}")


def _neurons(fields: Mapping[str, Any], model: NeuronModel, n_neurons: int) -> dict[str, Any]:
    """Return the arrays of neurons; an optional array that is 0 everywhere becomes None."""
    own = {array.name: array for array in model.arrays[fields["arithmetic"]]}
    foreign = {array.name for arrays in model.arrays.values() for array in arrays} - set(own)
    if any(fields[name] is not None for name in foreign):
        raise DescriptionError(
            f"Program {', '.join(sorted(foreign))}: expected None in {fields['arithmetic']} arithmetic"
        )
    out: dict[str, Any] = {}
    for name, array in own.items():
        if fields[name] is None and array.need is not None:
            continue
        out[name] = _checked_array(array, fields[name], n_neurons)
        if array.need is not None and not out[name].any():
            out[name] = None
    return out


def _checked_array(array: Array, value: Any, n_neurons: int) -> Any:
    where = f"Program {array.name}"
    values = (checks.whole_array if array.whole else checks.real_array)(value, where)
    if values.shape != (n_neurons,):
        raise DescriptionError(f"{where}: got shape {values.shape}, expected ({n_neurons},)")
    outside = (values < array.low) | (values > array.high)
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        msg = f"{where}: got {values[i]:g} at neuron {i}, expected {array.low:g}..{array.high:g}"
        raise DescriptionError(msg)
    return values


def _check_units(units: Any, n_neurons: int) -> None:
    if units is None:
        return
    if not isinstance(units, Units):
        raise DescriptionError(f"Program units: got {type(units).__name__}, expected Units, or None")
    for name in ("v_offset", "u_scale", "weight_scale"):
        shape = np.shape(getattr(units, name))
        if shape != (n_neurons,):
            raise DescriptionError(f"Program units: got {name} of shape {shape}, expected ({n_neurons},)")


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
