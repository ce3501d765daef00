"""How frozen records are pickled and copied."""

from __future__ import annotations

import dataclasses
from typing import Any


def rebuild(record: Any) -> tuple[Any, ...]:
    """Return what a record's ``__reduce__`` returns so that pickle and copy call its constructor again.

    Arrays are writable when they have been pickled or copied. The constructor copies, checks and freezes them.
    """
    names = [field.name for field in dataclasses.fields(record) if field.init]
    return _built, (type(record), {name: getattr(record, name) for name in names})


def _built(kind: Any, values: dict[str, Any]) -> Any:
    return kind(**values)
