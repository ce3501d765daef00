"""Conversion of description records to and from plain values: numbers, text, lists and tables.

A wiring rule, a position or a distribution becomes a table with one key, its name: ``{DistanceRule = {c = 0.3, lam = 2.0}}``.
Its keys are the record's fields, so a new rule needs only an entry in `RULES`.
"""

from __future__ import annotations

import dataclasses
import functools
import reprlib
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.background import Per
from lsm_sim.describe.distributions import LAWS, Distribution
from lsm_sim.describe.plasticity import TsodyksMarkram
from lsm_sim.describe.positions import Box, Grid
from lsm_sim.describe.synapses import Receptor
from lsm_sim.describe.values import Value
from lsm_sim.describe.wiring import (
    AllToAll,
    DistanceRule,
    Edges,
    FixedInDegree,
    FixedProbability,
    OneToOne,
    SmallWorld,
    WiringRule,
)
from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats, Ints

Path = str
"""Location of a value in a file: ``net.toml: synapses[2].rule``."""

RULES: dict[str, type] = {
    rule.__name__: rule
    for rule in (AllToAll, DistanceRule, Edges, FixedInDegree, FixedProbability, OneToOne, SmallWorld)
}
POSITIONS: dict[str, type] = {"grid": Grid, "random_in_box": Box}
PLASTICITY: dict[str, type] = {"TsodyksMarkram": TsodyksMarkram}
_NAMES = {record: name for table in (RULES, POSITIONS, PLASTICITY) for name, record in table.items()}
_MAX_MESSAGE = 300
_TOO_LARGE = 2**1023  # Python's integers have no limit, but those that become floats have


def encode(value: Any) -> Any:
    """Return ``value`` as numbers, text, lists and dicts."""
    if isinstance(value, Distribution):
        return {value.law: encode_fields(value, _field_names(value.law), defaults=False)}
    if type(value) in _NAMES:
        return {_NAMES[type(value)]: encode_fields(value, defaults=False)}
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    if isinstance(value, tuple):
        return [encode(item) for item in value]
    if isinstance(value, (str, int, float)):
        return value
    msg = f"description: got {short(value)}, which cannot be written to a file; known rules: {', '.join(RULES)}"
    raise DescriptionError(msg)


def encode_fields(record: Any, names: Mapping[str, str] | None = None, *, defaults: bool) -> dict[str, Any]:
    """Return the fields that are not None, under ``names`` if given; without ``defaults`` only those that differ from them."""
    kind: Any = type(record)
    hints, out = _hints(kind), dict[str, Any]()
    for field in dataclasses.fields(record):
        value, name = getattr(record, field.name), field.name if names is None else names.get(field.name)
        if name is None or value is None:
            continue
        if _item_kind(hints[field.name]) is not None:
            out[name] = [encode_fields(item, defaults=True) for item in value]
        elif defaults or field.default in (dataclasses.MISSING, None) or value != field.default:
            out[name] = encode(value)
    return out


@functools.cache
def _hints(kind: Any) -> dict[str, Any]:
    """Return the type of each field."""
    return typing.get_type_hints(kind)


def _item_kind(hint: Any) -> type | None:
    """Return the class of the records in a field that holds a list of them, None for other fields."""
    kind: type | None = typing.get_args(hint)[0] if typing.get_origin(hint) is Sequence else None
    return kind


def _field_names(law: str) -> dict[str, str]:
    """Return the name in files of each field of a `Distribution` of this law."""
    first, second = LAWS[law].parameters
    names = {field.name: field.name for field in dataclasses.fields(Distribution)}
    del names["law"]
    return names | {"first": first, "second": second}


def decode_record(kind: type, data: Any, path: Path) -> Any:
    """Return the record of class ``kind`` that the table ``data`` describes."""
    fields = {field.name: field for field in dataclasses.fields(kind)}
    required = [name for name, field in fields.items() if field.default is dataclasses.MISSING]
    check_keys(data, fields, required, path)
    values = {key: _decoder(_hints(kind)[key])(value, join(path, key)) for key, value in data.items()}
    return build(kind, values, path)


def build(kind: Callable[..., Any], values: Mapping[str, Any], path: Path) -> Any:
    """Return ``kind(**values)``; errors name the location in the file."""
    try:
        return kind(**values)
    except DescriptionError as error:
        message = str(error)
        if len(message) > _MAX_MESSAGE:
            message = f"{message[:_MAX_MESSAGE]} ..."
        raise DescriptionError(f"{path.removesuffix(': ')}: {message}") from None


def check_keys(data: Any, known: Iterable[str], required: Iterable[str], path: Path) -> None:
    """Raise if ``data`` is not a table, lacks a key or has an unknown one."""
    known = list(known)
    if not isinstance(data, dict):
        raise _wrong(data, f"a table with the keys {', '.join(known)}", path)
    for key in data:
        if key not in known:
            raise DescriptionError(f"{join(path, short_text(key))}: unknown key; known: {', '.join(known)}")
    missing = [key for key in required if key not in data]
    if missing:
        raise DescriptionError(f"{path.removesuffix(': ')}: no {' and no '.join(missing)}; add what is missing")


def join(path: Path, key: str) -> Path:
    """Return the path of ``key`` inside ``path``; the file name ends in a colon and a space."""
    return f"{path}{key}" if path.endswith(": ") else f"{path}.{key}"


def short(value: object) -> str:
    """Return a repr of limited length, whatever a file contains."""
    return reprlib.repr(value)


def short_text(text: str) -> str:
    """Return a key of a file, as a short repr unless it is a short identifier."""
    return text if text.isidentifier() and len(text) <= 40 else short(text)


def _wrong(value: object, expected: str, path: Path) -> DescriptionError:
    return DescriptionError(f"{path.removesuffix(': ')}: got {short(value)}, expected {expected}")


def _text(value: Any, path: Path) -> str:
    if not isinstance(value, str):
        raise _wrong(value, "text", path)
    return value


def _texts(value: Any, path: Path) -> str | tuple[str, ...]:
    if isinstance(value, list):
        return tuple(_text(item, f"{path}[{i}]") for i, item in enumerate(value))
    return _text(value, path)


def _boolean(value: Any, path: Path) -> bool:
    if not isinstance(value, bool):
        raise _wrong(value, "true or false", path)
    return value


def _number(value: Any, path: Path) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise _wrong(value, "a number", path)
    if isinstance(value, int) and abs(value) >= _TOO_LARGE:
        raise _wrong(value, "a number between -1.8e308 and 1.8e308", path)
    return value


def _numbers(value: Any, path: Path) -> Any:
    if not isinstance(value, list):
        raise _wrong(value, "a list of numbers", path)
    try:
        array = np.asarray(value)
    except (ValueError, TypeError, OverflowError):
        raise _wrong(value, "numbers in lists of equal length", path) from None
    if array.dtype.kind not in "iuf":
        raise _wrong(value, "numbers only", path)
    return array


def _value(value: Any, path: Path) -> Any:
    """Return one number, a list of them, or a distribution."""
    if isinstance(value, dict):
        return _distribution(value, path)
    return _numbers(value, path) if isinstance(value, list) else _number(value, path)


def _distribution(value: Any, path: Path) -> Distribution:
    law, inner = _tagged(value, LAWS, path)
    names = _field_names(law)
    check_keys(inner, names.values(), LAWS[law].parameters, join(path, law))
    fields = {name: field for field, name in names.items()}
    values = {fields[key]: _number(item, join(join(path, law), key)) for key, item in inner.items()}
    distribution: Distribution = build(Distribution, {"law": law, **values}, path)
    return distribution


def _record_of(table: Mapping[str, type]) -> Callable[[Any, Path], Any]:
    def decode(value: Any, path: Path) -> Any:
        name, inner = _tagged(value, table, path)
        return decode_record(table[name], inner, join(path, name))

    return decode


def _positions(value: Any, path: Path) -> Any:
    if isinstance(value, list):
        return _numbers(value, path)
    name, inner = _tagged(value, POSITIONS, path)
    return decode_record(POSITIONS[name], inner, join(path, name))


def _tagged(value: Any, table: Mapping[str, Any], path: Path) -> tuple[str, Any]:
    """Return key and content of a table whose only key is one of ``table``."""
    if not isinstance(value, dict) or len(value) != 1 or next(iter(value)) not in table:
        raise _wrong(value, f"a table with one of the keys {', '.join(table)}", path)
    return next(iter(value.items()))


def _records(kind: type) -> Callable[[Any, Path], Any]:
    def decode(value: Any, path: Path) -> list[Any]:
        if not isinstance(value, list):
            raise _wrong(value, f"a list of tables, one for each {kind.__name__}", path)
        return [decode_record(kind, item, f"{path}[{i}]") for i, item in enumerate(value)]

    return decode


_DECODERS: dict[Any, Callable[[Any, Path], Any]] = {  # by the type of the record's field
    str: _text,
    str | tuple[str, ...]: _texts,
    bool: _boolean,
    int: _number,
    int | None: _number,
    float: _number,
    Ints: _numbers,
    Value: _value,
    Value | None: _value,
    WiringRule: _record_of(RULES),
    TsodyksMarkram | None: _record_of(PLASTICITY),
    Receptor | None: _text,
    Per: _text,
    Grid | Box | Floats | None: _positions,
}


def _decoder(hint: Any) -> Callable[[Any, Path], Any]:
    kind = _item_kind(hint)
    return _DECODERS[hint] if kind is None else _records(kind)
