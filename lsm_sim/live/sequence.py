"""Sequence numbers of packets: what is missing, late or double."""

from __future__ import annotations

from typing import Any

_NUMBERS = 2**32
WINDOW = 1024  # late packets are told from duplicates as far back as this


class Sequence:
    """Follow sequence numbers modulo 2^32, whatever the first is."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._seen = 0  # bit i: the number next - 1 - i has come
        self._span = 0  # how many numbers there were since the first, found or missing

    def is_next(self, number: int, counts: Any) -> bool:
        """Return whether a number is higher than all before; count what it tells in ``counts``, a `PacketCounts`."""
        ahead = 0 if self._next is None else (number - self._next) % _NUMBERS
        if ahead < _NUMBERS // 2:
            counts.missing += ahead
            self._advance(number, ahead)
            return True
        back = _NUMBERS - ahead  # 1: the number just before the next
        if back > WINDOW:
            counts.restarts += 1
            self._seen = self._span = 0
            self._advance(number, 0)
            return True
        bit = 1 << (back - 1)
        if self._seen & bit:
            counts.duplicates += 1
            return False
        self._seen |= bit
        counts.reordered += 1
        counts.missing -= back <= self._span  # else it came before the first and was not counted as missing
        return False

    def _advance(self, number: int, ahead: int) -> None:
        if ahead < WINDOW:
            self._seen = ((self._seen << (ahead + 1)) | 1) & ((1 << WINDOW) - 1)
        else:
            self._seen = 1
        self._span += ahead + 1
        self._next = (number + 1) % _NUMBERS
