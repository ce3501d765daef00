"""Short texts and HTML tables for records that a shell or a notebook shows."""

from __future__ import annotations

import dataclasses
import html
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

_SHORT = 80  # characters of one value
_FEW = 4  # values of an array that are shown


def short_repr(record: Any) -> str:
    """Return the repr of a dataclass: fields that differ from their defaults, arrays by shape and range.

    >>> @dataclasses.dataclass
    ... class Point:
    ...     name: str
    ...     x: Any
    ...     y: float = 0.0
    >>> short_repr(Point("a", np.arange(30)))
    "Point(name='a', x=<shape (30,), 0 .. 29>)"
    """
    values = ((field, getattr(record, field.name)) for field in dataclasses.fields(record) if field.repr)
    shown = (f"{field.name}={brief(value)}" for field, value in values if not _is_default(field, value))
    return f"{type(record).__name__}({', '.join(shown)})"


def _is_default(field: Any, value: Any) -> bool:
    default = field.default if field.default_factory is dataclasses.MISSING else field.default_factory()
    if isinstance(value, np.ndarray) or isinstance(default, np.ndarray):
        return isinstance(value, np.ndarray) and isinstance(default, np.ndarray) and value.size == default.size == 0
    return type(value) is type(default) and bool(value == default)


def brief(value: Any) -> str:
    """Return a repr of limited length: arrays by shape and range, collections by their number of items."""
    if isinstance(value, np.ndarray):
        return _brief_array(value)
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{key!r}: {brief(item)}' for key, item in value.items())}}}"
    if isinstance(value, (tuple, list)):
        if len(value) > _FEW:
            return f"<{len(value)} items>"
        text = ", ".join(map(brief, value))
        text = f"[{text}]" if isinstance(value, list) else f"({text}{',' * (len(value) == 1)})"
        return text if len(text) <= _SHORT else f"<{len(value)} items>"
    text = repr(value)
    return text if len(text) <= 2 * _SHORT or dataclasses.is_dataclass(value) else f"{text[: 2 * _SHORT]}..."


def _brief_array(array: Any) -> str:
    if array.ndim == 1 and array.size <= _FEW:
        return str(array.tolist())
    if array.size == 0 or array.dtype.kind not in "iuf":
        return f"<shape {array.shape}>"
    low, high = (f"{value:.4g}" for value in (array.min(), array.max()))
    return f"<shape {array.shape}, {low}>" if low == high else f"<shape {array.shape}, {low} .. {high}>"


def html_table(title: str, rows: Iterable[Sequence[Any]], head: Sequence[str] = ()) -> str:
    """Return an HTML table with a title; every text is escaped."""
    lines = [_row("th", head)] if head else []
    lines += [_row("td", row) for row in rows]
    return f"<div><b>{html.escape(title)}</b><table>{''.join(lines)}</table></div>"


def _row(cell: str, texts: Iterable[Any]) -> str:
    cells = (f'<{cell} style="text-align: left">{html.escape(str(text))}</{cell}>' for text in texts)
    return f"<tr>{''.join(cells)}</tr>"


def html_text(text: str) -> str:
    """Return text with aligned columns as HTML."""
    return f'<pre style="line-height: 1.2">{html.escape(text)}</pre>'
