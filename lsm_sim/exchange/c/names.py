"""Names in C: the beginning of all names, and macros for the groups of a program."""

from __future__ import annotations

import re
from collections.abc import Mapping

from lsm_sim.errors import DescriptionError

_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}", re.ASCII)
_TAKEN = ("main", "cortex", "stdint", "stdio", "stdlib", "makefile", "clean")  # other files, and what make makes


def checked_name(name: object) -> str:
    """Return ``name`` if all names of an export can begin with it."""
    if not isinstance(name, str) or not _IDENTIFIER.fullmatch(name) or name.lower() in _TAKEN:
        raise DescriptionError(
            f"export name: got {str(name)[:40]!r}, expected a C identifier of at most 31 characters that begins with a letter and is "
            f"none of {', '.join(_TAKEN)}; use for example 'lsm'"
        )
    return name


def macros(prefix: str, kind: str, groups: Mapping[str, range]) -> list[str]:
    """Return the lines that define the first member and the size of each group.

    In a name every character that C does not allow becomes ``_``; two names that become the same are an error.
    """
    lines: list[str] = []
    seen: dict[str, str] = {}
    for name, members in groups.items():
        word = re.sub(r"[^A-Za-z0-9]", "_", name, flags=re.ASCII).upper()
        if word in seen:
            raise DescriptionError(
                f"export: the {kind} groups {seen[word]!r} and {name!r} would both be {word} in C; rename one of them"
            )
        seen[word] = name
        for what, value in (("FIRST", members.start), ("SIZE", len(members))):
            lines.append(f"#define {prefix.upper()}_{kind.upper()}_{word}_{what} {value}u")
    return lines
