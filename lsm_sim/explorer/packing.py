"""Arrays as text in a page: one block of bytes in base64, and where each array is in it."""

from __future__ import annotations

import base64
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Ints

Place: TypeAlias = list[Any]  # kind, first byte, number of values
_KINDS = {"f8": "<f8", "f4": "<f4", "i4": "<i4", "u2": "<u2", "u1": "u1"}
_ALIGNED = 8  # bytes; typed arrays of a browser begin at multiples of their size
_HASH = np.uint64(2654435761)  # Knuth's multiplicative hash, modulo 2^32


class Packer:
    """Collects arrays; `text` has all of them."""

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self.n_bytes = 0

    def add(self, values: Any, kind: str) -> Place:
        """Add an array, flattened, as ``kind``: f8, f4, i4, u2 or u1; return its place."""
        array = np.ascontiguousarray(values).astype(_KINDS[kind]).ravel()
        return self._add(kind, array.tobytes(), array.size)

    def add_increasing(self, values: Any) -> Place:
        """Add whole numbers >= 0 that do not decrease, as differences of one or more bytes each."""
        numbers = np.asarray(values, np.int64)
        return self._add("increasing", varints(np.diff(numbers, prepend=0)), numbers.size)

    def _add(self, kind: str, data: bytes, size: int) -> Place:
        place = [kind, self.n_bytes, size]
        padded = data + bytes(-len(data) % _ALIGNED)
        self._parts.append(padded)
        self.n_bytes += len(padded)
        return place

    @property
    def text(self) -> str:
        """All arrays in base64."""
        return base64.b64encode(b"".join(self._parts)).decode()


def varints(values: Ints) -> bytes:
    """Return whole numbers >= 0 with seven bits in each byte, lowest first; the highest bit says that more bytes follow.

    >>> varints(np.array([3, 300])).hex()
    '03ac02'
    """
    rest = np.asarray(values, np.uint64)
    size = np.ones(rest.size, np.int64)
    for bits in range(7, 64, 7):
        size += rest >= np.uint64(1 << bits)
    first = np.cumsum(size) - size
    out: npt.NDArray[np.uint8] = np.zeros(int(size.sum()), np.uint8)
    for k in range(int(size.max(initial=0))):
        has = size > k
        low = (rest[has] >> np.uint64(7 * k)) & np.uint64(127)
        more = np.where(size[has] > k + 1, 128, 0)
        out[first[has] + k] = low.astype(np.uint8) | more.astype(np.uint8)
    return out.tobytes()


def keys(spikes: Spikes) -> Ints:
    """Return step * channels + channel of each event of one sample; they increase."""
    return np.asarray(spikes.step.astype(np.int64) * spikes.n_channels + spikes.channel)


def kept(spikes: Spikes, share: float) -> Bools:
    """Return which events of one sample to keep if only this share can be; equal events of other runs are kept too."""
    if share >= 1:
        return np.ones(spikes.n_events, bool)
    hashed = (keys(spikes).astype(np.uint64) * _HASH) & np.uint64(2**32 - 1)
    return np.asarray(hashed < np.uint64(int(max(share, 0.0) * 2**32)))
