"""The format of packets on a TCP connection: a header of 24 bytes and a payload, all in little-endian order.

======  ====  ==============================================================================================
offset  size  content
======  ====  ==============================================================================================
0       4     magic: the bytes AB 4C 53 4D
4       1     version: 1
5       1     kind: 1 float32 values, 2 float64 values, 3 events, 4 answer
6       2     channels, uint16: columns of values, or channels that events may have; 0 in answers
8       4     length of the payload in bytes, uint32
12      4     sequence number, uint32: one more in each packet, 0 after 2^32 - 1
16      4     CRC-32 of bytes 0 to 15
20      4     CRC-32 of bytes 0 to 15 followed by the payload
24      ...   payload: rows of values; or int32 pairs (channel, payload) of one time step; or a JSON object
======  ====  ==============================================================================================

CRC-32 is that of zip and PNG (``zlib.crc32``). The first checksum makes the length trustworthy, so that a reader need not wait
for a payload that will never come; the second covers the whole packet.
"""

from __future__ import annotations

import struct
import zlib
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

MAGIC = b"\xabLSM"
VERSION = 1
FLOAT32, FLOAT64, EVENTS, ANSWER = 1, 2, 3, 4
KINDS = {"float32": FLOAT32, "float64": FLOAT64, "events": EVENTS}  # of arrays
DTYPES: dict[int, np.dtype[Any]] = {FLOAT32: np.dtype("<f4"), FLOAT64: np.dtype("<f8"), EVENTS: np.dtype("<i4")}
MOST_CHANNELS = 2**16 - 1

FIELDS = struct.Struct("<4sBBHII")
CHECKSUMS = struct.Struct("<II")
HEADER_SIZE = FIELDS.size + CHECKSUMS.size


class Packet(NamedTuple):
    """A packet whose checksums were right.

    Parameters
    ----------
    kind
        `FLOAT32`, `FLOAT64`, `EVENTS` or `ANSWER`.
    channels
        Number of channels.
    sequence
        Sequence number, from 0 to 2^32 - 1.
    payload
        The bytes behind the header.
    """

    kind: int
    channels: int
    sequence: int
    payload: bytes

    def values(self) -> Floats:
        """Return values as frames, shape (k, channels)."""
        return np.frombuffer(self.payload, DTYPES[self.kind]).astype(np.float64).reshape(-1, self.channels)

    def events(self) -> npt.NDArray[np.int32]:
        """Return events as pairs (channel, payload), shape (n, 2)."""
        return np.frombuffer(self.payload, DTYPES[EVENTS]).astype(np.int32).reshape(-1, 2)


def packed(kind: int, channels: int, sequence: int, payload: bytes) -> bytes:
    """Return the bytes of a packet; the sequence number is taken modulo 2^32."""
    fields = FIELDS.pack(MAGIC, VERSION, kind, channels, len(payload), sequence % 2**32)
    header_sum = zlib.crc32(fields)
    return fields + CHECKSUMS.pack(header_sum, zlib.crc32(payload, header_sum)) + payload


def is_well_formed(kind: int, channels: int, length: int) -> bool:
    """Return whether a payload of this length can be one of this kind."""
    if kind == ANSWER:
        return True
    if kind == EVENTS:
        return length % (2 * DTYPES[EVENTS].itemsize) == 0
    return kind in DTYPES and channels > 0 and length % (channels * DTYPES[kind].itemsize) == 0


def packed_array(array: Any, sequence: int, *, kind: str = "float64", n_channels: int | None = None) -> bytes:
    """Return the packet of an array.

    Parameters
    ----------
    array
        Values, shape (k, channels), or (channels,) for one frame; or the events of one time step, shape (n, 2).
    sequence
        Sequence number; taken modulo 2^32.
    kind
        "float32", "float64" or "events".
    n_channels
        Number of channels of the receiver; needed for events only.

    Examples
    --------
    >>> packed_array([0.5], 7, kind="float32").hex(" ", 4)
    'ab4c534d 01010100 04000000 07000000 b9f5137f 356f02e5 0000003f'
    """
    number = KINDS[checks.choice(kind, "packed_array kind", KINDS)]
    sequence = checks.whole(sequence, "packed_array sequence")
    if number == EVENTS:
        pairs, channels = _pairs(array, n_channels)
        return packed(EVENTS, channels, sequence, pairs.astype("<i4").tobytes())
    if n_channels is not None:
        n_channels = checks.whole(n_channels, "packed_array n_channels", minimum=1, maximum=MOST_CHANNELS)
    frames = as_frames(array, n_channels, "packed_array array")
    if number == FLOAT32 and (np.abs(frames) > np.finfo(np.float32).max).any():
        raise DescriptionError(f"packed_array array: got {np.abs(frames).max():g}, too large for float32; use float64")
    return packed(number, frames.shape[1], sequence, frames.astype(DTYPES[number]).tobytes())


def _pairs(array: Any, n_channels: int | None) -> tuple[npt.NDArray[np.int64], int]:
    channels = checks.whole(n_channels, "packed_array n_channels, for events", minimum=1, maximum=MOST_CHANNELS)
    pairs = checks.whole_array(array, "packed_array array")
    if pairs.size == 0:
        pairs = pairs.reshape(0, 2)
    if pairs.ndim != 2 or pairs.shape[1] != 2:
        raise DescriptionError(f"packed_array array: got shape {pairs.shape}, expected (n, 2): channel and payload")
    if ((pairs[:, 0] < 0) | (pairs[:, 0] >= channels)).any():
        raise DescriptionError(f"packed_array array: got a channel outside 0 to {channels - 1}; correct n_channels")
    if (np.abs(pairs[:, 1]) > checks.MOST).any():
        raise DescriptionError("packed_array array: got a payload beyond 32 bits, expected less than 2^31")
    return pairs, channels


def as_frames(array: Any, n_channels: int | None, where: str) -> Floats:
    """Return an array as frames, shape (k, C); one-dimensional arrays are one frame, numbers one frame of one channel."""
    frames = np.atleast_1d(checks.real_array(array, where))
    if frames.ndim == 1:
        frames = frames[None]
    if frames.ndim != 2 or not 1 <= frames.shape[1] <= MOST_CHANNELS:
        raise DescriptionError(f"{where}: got shape {frames.shape}, expected (frames, channels) or (channels,)")
    if n_channels is not None and frames.shape[1] != n_channels:
        raise DescriptionError(f"{where}: got {frames.shape[1]} channels, expected {n_channels}; correct n_channels")
    return frames
