"""Constant tables in C, in the smallest type that holds them; values that are all equal become one constant."""

from __future__ import annotations

from typing import Any

import numpy as np

_LINE = 110  # characters


def integer_type(low: int, high: int) -> tuple[str, int]:
    """Return the smallest type of C that holds ``low`` to ``high``, and its bytes."""
    for n_bytes in (1, 2, 4):
        bits = 8 * n_bytes
        if low >= 0 and high < 2**bits:
            return f"uint{bits}_t", n_bytes
        if low >= -(2 ** (bits - 1)) and high < 2 ** (bits - 1):
            return f"int{bits}_t", n_bytes
    return "int64_t", 8


class Tables:
    """Definitions of tables, each with a macro ``NAME(i)`` that reads it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.n_bytes = 0

    def add(self, name: str, values: Any) -> None:
        """Add a table that ``NAME(i)`` reads."""
        values = np.asarray(values, np.int64)
        if values.size == 0 or (values == values[0]).all():
            self.lines.append(f"#define {name}(i) ({int(values[0]) if values.size else 0})")
            return
        kind, n_bytes = integer_type(int(values.min()), int(values.max()))
        self.n_bytes += n_bytes * values.size
        self.lines.append(f"static const {kind} {name.lower()}_table[{values.size}] = {{")
        self.lines += _wrapped([str(value) for value in values.tolist()])
        self.lines += ["};", f"#define {name}(i) {name.lower()}_table[i]"]


def _wrapped(words: list[str]) -> list[str]:
    lines, current = [], "   "
    for word in words:
        if len(current) + len(word) > _LINE:
            lines.append(current)
            current = "   "
        current += f" {word},"
    return [*lines, current]
