"""Conversion of plain dicts to and from TOML and JSON that people can read.

Both writers put one key with its value on each line, so the number of lines grows with the number of groups.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

_WIDTH = 110
_PER_LINE = 8
_QUOTED_OR_COMMENT = re.compile(r'"(?:[^"\\\n]|\\.)*"|\'[^\'\n]*\'|#[^\n]*')
_LONG_KEY = re.compile(r"(?:\.[^.=,\[\]{}\n]*){16}")  # a description nests four deep


def read_toml(text: str) -> Any:
    """Parse TOML; raise ValueError or RecursionError if it is not valid."""
    if _LONG_KEY.search(_QUOTED_OR_COMMENT.sub("", text)):
        raise ValueError("a key of more than 16 dotted parts")  # tomllib needs quadratic time for it
    return tomllib.loads(text)


def read_json(text: str) -> Any:
    """Parse JSON; raise ValueError or RecursionError if it is not valid or a key appears twice."""
    return json.loads(text, object_pairs_hook=_without_repeats)


def _without_repeats(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) < len(pairs):
        key, _ = Counter(key for key, _ in pairs).most_common(1)[0]
        raise ValueError(f"the key {key!r} appears twice in one object")
    return out


def write_toml(data: Mapping[str, Any]) -> str:
    """Return ``data`` as TOML; each list of tables becomes ``[[name]]`` sections."""
    plain = {key: value for key, value in data.items() if not _is_list_of_tables(value)}
    blocks = ["\n".join(_toml_pairs(plain))]
    for key, value in data.items():
        if key not in plain:
            blocks += ["\n".join([f"[[{key}]]", *_toml_pairs(table)]) for table in value]
    return "\n\n".join(blocks) + "\n"


def _is_list_of_tables(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(item, dict) for item in value)


def _toml_pairs(table: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_toml_value(value)}" for key, value in table.items()]


def _toml_value(value: Any) -> str:
    if isinstance(value, dict):
        return "{ " + ", ".join(_toml_pairs(value)) + " }"
    if isinstance(value, list):
        return _toml_list([_toml_value(item) for item in value], nested=any(isinstance(item, list) for item in value))
    return json.dumps(value, ensure_ascii=False)  # text, numbers and booleans are the same in TOML and JSON


def _toml_list(items: list[str], *, nested: bool) -> str:
    """Return the list on one line if it fits, a list of lists with one line for each."""
    line = "[" + ", ".join(items) + "]"
    if len(line) <= _WIDTH and not nested:
        return line
    rows = (
        [[item] for item in items] if nested else [items[at : at + _PER_LINE] for at in range(0, len(items), _PER_LINE)]
    )
    return "\n".join(["[", *("  " + ", ".join(row) + "," for row in rows), "]"])


def write_json(data: Mapping[str, Any]) -> str:
    """Return ``data`` as JSON."""
    return _json_value(data, depth=0) + "\n"


def _json_value(value: Any, depth: int) -> str:
    """Return an object with one line per key down to the fields of a group, and deeper objects on one line."""
    inner, outer = "  " * (depth + 1), "  " * depth
    if isinstance(value, dict) and value and depth < 3:
        pairs = [f"{json.dumps(key)}: {_json_value(item, depth + 1)}" for key, item in value.items()]
        return "{\n" + ",\n".join(inner + pair for pair in pairs) + "\n" + outer + "}"
    if _is_list_of_tables(value) and depth < 3:
        return "[\n" + ",\n".join(inner + _json_value(item, depth + 1) for item in value) + "\n" + outer + "]"
    return json.dumps(value, ensure_ascii=False)


READERS: dict[str, Callable[[str], Any]] = {".toml": read_toml, ".json": read_json}
WRITERS: dict[str, Callable[[Mapping[str, Any]], str]] = {".toml": write_toml, ".json": write_json}
