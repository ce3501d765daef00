"""Numbers of the members of groups that follow each other."""

from __future__ import annotations

from collections.abc import Mapping


def consecutive(sizes: Mapping[str, int]) -> dict[str, range]:
    """Return the members of each group, numbered in the order of the mapping.

    >>> consecutive({"exc": 3, "inh": 2})
    {'exc': range(0, 3), 'inh': range(3, 5)}
    """
    start, out = 0, {}
    for name, size in sizes.items():
        out[name] = range(start, start + size)
        start += size
    return out
