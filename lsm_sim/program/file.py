"""Programs as named arrays, as in .npz files of programs and cases.

The format is ``lsm_sim.program/1``; a program that uses an array beyond those of plain LIF is ``lsm_sim.program/2``, so that
earlier versions refuse it. Cases (`lsm_sim.engine.conformance`) have the same version numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lsm_sim.dynamics import ARITHMETICS, NeuronModel, Units
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import ROWS, RULE_ARRAYS, SynapseBlock
from lsm_sim.support import checks
from lsm_sim.support.brief import brief

PROGRAM, CASE = "lsm_sim.program", "lsm_sim.case"
VERSIONS = ("1", "2")
_BLOCK_PARTS = {*ROWS, "receptor", "rule", *RULE_ARRAYS}
SCALARS = ("arithmetic", "dt", "n_inputs", "n_neurons")
_UNITS = ("v_scale", "v_offset", "u_scale", "weight_scale")
_UNITS_2 = ("u2_scale", "weight2_scale")
_KNOWN_KEYS = {"format", *SCALARS, *ROWS, *(f"unit_{name}" for name in (*_UNITS, *_UNITS_2))} | {
    f"{kind}_group_{part}" for kind in ("input", "neuron") for part in ("name", "stop")
}
CASE_KEYS = ("oracle", "n_steps", "stimulus_step", "stimulus_channel", "spike_step", "spike_neuron")
PAYLOAD = "stimulus_payload"
_BLOCK_KEY = re.compile(r"block([1-9][0-9]{0,3})_([A-Za-z_]+)")


def to_arrays(fields: Mapping[str, Any], model: NeuronModel) -> dict[str, Any]:
    """Return the arrays of a program that determine its spikes: no groups, units or format."""
    names = [array.name for array in model.arrays[fields["arithmetic"]]]
    out = {name: fields[name] for name in SCALARS}
    out |= _block_arrays(fields, "")
    for number, block in enumerate(fields["more_blocks"], start=1):
        out |= _block_arrays(vars(block), f"block{number}_")
    return out | {name: fields[name] for name in names if fields[name] is not None}


def _block_arrays(fields: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return the arrays of a block of synapses; receptor and rule only where they are not the default."""
    names = [*ROWS, *(name for name in RULE_ARRAYS if fields[name] is not None)]
    names += [name for name, default in (("receptor", 0), ("rule", "static")) if fields[name] != default]
    return {prefix + name: fields[name] for name in names}


def version(needs: frozenset[str]) -> str:
    """Return the version of the format for a program with these needs."""
    return "2" if needs else "1"


def labels(inputs: Mapping[str, range], neurons: Mapping[str, range], units: Units | None) -> dict[str, Any]:
    """Return the arrays for groups and units in a file."""
    out: dict[str, Any] = {}
    for kind, groups in (("input", inputs), ("neuron", neurons)):
        out[f"{kind}_group_name"] = np.array(list(groups), dtype=np.str_)
        out[f"{kind}_group_stop"] = np.array([members.stop for members in groups.values()], dtype=np.int64)
    return out | (
        {} if units is None else {f"unit_{k}": v for k, v in {"v_scale": units.v_scale, **units.per_neuron()}.items()}
    )


def from_arrays(arrays: Mapping[str, Any], where: str, model: NeuronModel) -> dict[str, Any]:
    """Return the fields of the program in the arrays of a file; ``where`` names the file in errors."""
    _check_format(brief(arrays.get("format", "")), where)
    arithmetic = brief(arrays.get("arithmetic", ""))
    if arithmetic not in ARITHMETICS:
        raise DescriptionError(f"{where}: got arithmetic {arithmetic!r}, expected 'float64' or 'loihi'")
    required = ("dt", "n_inputs", "n_neurons", *ROWS, *model.required(arithmetic))
    missing = [name for name in required if name not in arrays]
    if missing:
        raise DescriptionError(f"{where}: no {', '.join(missing)} in the file; it is damaged or not a program")
    if str(arrays["format"]).endswith("/2"):
        own = {array.name for array in model.arrays[arithmetic]} | {one.name for one in model.state}
        _refuse_unknown(arrays, own | {"receptor", "rule", *RULE_ARRAYS}, where)
    names = [*required, *(name for name in model.optional(arithmetic) if name in arrays)]
    return {
        "arithmetic": arithmetic,
        **{name: arrays[name] for name in names},
        **_block_fields(arrays, ""),
        "more_blocks": _more_blocks(arrays, where),
        **_labels(arrays),
    }


def _block_fields(arrays: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return receptor, rule and the arrays of the rule of a block, as far as the file has them."""
    out = {name: arrays[prefix + name] for name in ("receptor", *RULE_ARRAYS) if prefix + name in arrays}
    return out | ({"rule": brief(arrays[prefix + "rule"])} if prefix + "rule" in arrays else {})


def _more_blocks(arrays: Mapping[str, Any], where: str) -> list[SynapseBlock]:
    found = [match for match in map(_BLOCK_KEY.fullmatch, arrays) if match]
    numbers = sorted({int(match[1]) for match in found})
    if numbers != [*range(1, len(numbers) + 1)]:
        raise DescriptionError(f"{where}: got blocks of synapses {numbers}, expected 1, 2, ... without gaps")
    out = []
    for number in numbers:
        missing = [name for name in ROWS if f"block{number}_{name}" not in arrays]
        if missing:
            raise DescriptionError(
                f"{where}: no block{number}_{missing[0]} in the file; it is damaged or not a program"
            )
        rows = {name: arrays[f"block{number}_{name}"] for name in ROWS}
        out.append(SynapseBlock(**rows, **_block_fields(arrays, f"block{number}_")))
    return out


def _check_format(kind: str, where: str) -> None:
    name, _, number = kind.partition("/")
    if name in (PROGRAM, CASE) and number in VERSIONS:
        return
    expected = " or ".join(f"'{name}/{number}'" for number in VERSIONS for name in (PROGRAM, CASE))
    if name in (PROGRAM, CASE) and number.isdecimal():
        msg = f"{where}: got format {kind!r}, expected {expected}; the file was written by a newer version, so upgrade lsm_sim"
        raise DescriptionError(msg)
    raise DescriptionError(f"{where}: got format {kind or 'none'!r}, expected {expected}")


def _refuse_unknown(arrays: Iterable[str], known: set[str], where: str) -> None:
    """Raise on unknown arrays, because they could change the meaning of the program."""
    unknown = sorted(
        name
        for name in set(arrays) - _KNOWN_KEYS - {*CASE_KEYS, PAYLOAD} - known
        if not ((match := _BLOCK_KEY.fullmatch(name)) and match[2] in _BLOCK_PARTS)
    )
    if unknown:
        names = ", ".join(brief(name, 60) for name in unknown[:3]) + (
            f" and {len(unknown) - 3} more" if len(unknown) > 3 else ""
        )
        msg = f"{where}: the program uses {names}, which this version of lsm_sim does not support; upgrade it"
        raise DescriptionError(msg)


def _labels(arrays: Mapping[str, Any]) -> dict[str, Any]:
    out: dict[str, Any] = {}
    for kind in ("input", "neuron"):
        names = np.ravel(arrays.get(f"{kind}_group_name", []))
        stops = checks.whole_array(np.ravel(arrays.get(f"{kind}_group_stop", [])), f"{kind}_group_stop").tolist()
        out[f"{kind}_groups"] = {
            str(name): range(start, stop) for name, start, stop in zip(names, [0, *stops], stops, strict=False)
        }
    if all(f"unit_{name}" in arrays for name in _UNITS):
        scale = checks.real(arrays["unit_v_scale"], "unit_v_scale")
        values = (checks.real_array(arrays[f"unit_{name}"], f"unit_{name}") for name in _UNITS[1:])
        second = {
            name: checks.real_array(arrays[f"unit_{name}"], f"unit_{name}")
            for name in _UNITS_2
            if f"unit_{name}" in arrays
        }
        out["units"] = Units(scale, *values, **second)
    return out
