"""Text of limited length for messages, whatever a file contains."""

from __future__ import annotations

MOST = 200  # characters


def brief(value: object, most: int = MOST) -> str:
    r"""Return ``str(value)`` on one line, cut after ``most`` characters.

    >>> brief("a\nb" * 1000, most=8)
    'a ba ...'
    """
    text = str(value)
    short = " ".join(text[: 4 * most].split())
    return short if len(text) <= 4 * most and len(short) <= most else f"{short[: most - 4]} ..."
