"""An incremental parser of packets, which survives every damage and counts it."""

from __future__ import annotations

import dataclasses
import zlib
from dataclasses import dataclass
from typing import Any

from lsm_sim.live.packets import CHECKSUMS, FIELDS, HEADER_SIZE, MAGIC, VERSION, Packet, is_well_formed
from lsm_sim.live.sequence import Sequence
from lsm_sim.support import checks

_CHECKED = (
    HEADER_SIZE - 4
)  # bytes that the checksum of the header covers, and itself: another packet may begin behind them
_PIECE = 2**16  # bytes that are taken at once
_WORK = 8  # bytes of failed checksums per byte that was thrown away: bounds the time that crafted input can cost


@dataclass
class PacketCounts:
    """What a `Parser` has received.

    Every byte counts once: ``received == accepted + skipped``, after ``close``.

    Parameters
    ----------
    received
        Bytes.
    accepted
        Bytes of good packets.
    skipped
        Bytes outside good packets: damaged packets, and garbage between packets.
    good
        Packets without damage, also duplicates and reordered ones.
    bad_checksum
        Packets with a wrong checksum of the header or of the payload; also those that were cut in the middle of a stream.
    oversized
        Packets whose header declares more than ``max_length`` bytes.
    malformed
        Packets with right checksums, but of an unknown version or kind, or with a length that does not fit.
    truncated
        Packets that were not complete at the end.
    missing
        Sequence numbers that never arrived, of lost and of damaged packets.
    reordered
        Good packets that came after one with a higher number.
    duplicates
        Good packets whose number had come before.
    restarts
        Numbers that fell by more than 1024: the numbering starts anew.
    """

    received: int = 0
    accepted: int = 0
    skipped: int = 0
    good: int = 0
    bad_checksum: int = 0
    oversized: int = 0
    malformed: int = 0
    truncated: int = 0
    missing: int = 0
    reordered: int = 0
    duplicates: int = 0
    restarts: int = 0

    def summary(self) -> str:
        """Return one line that names what is not zero.

        >>> PacketCounts(received=3024, accepted=3000, skipped=24, good=100, bad_checksum=1).summary()
        '100 good packets; 1 with a wrong checksum, 24 bytes skipped'
        """
        words = {
            "bad_checksum": "with a wrong checksum",
            "oversized": "oversized",
            "malformed": "malformed",
            "truncated": "truncated at the end",
            "missing": "missing",
            "reordered": "reordered",
            "duplicates": "duplicates",
            "restarts": "restarts of the numbering",
            "skipped": "bytes skipped",
        }
        return summary_line(f"{self.good} good packets", {text: getattr(self, name) for name, text in words.items()})


def summary_line(first: str, numbers: dict[str, int]) -> str:
    """Return a line that begins with ``first`` and names the numbers that are not zero."""
    others = ", ".join(f"{number} {text}" for text, number in numbers.items() if number)
    return f"{first}; {others}" if others else first


class Parser:
    """Find packets in a stream of bytes that arrives in pieces of any size.

    After damage it looks for the next magic bytes, also inside the payload of a packet with a wrong checksum, so that undamaged
    packets behind a cut one are found. Packets that are duplicates or come late (their number is lower than one before) are
    counted but not returned, because time does not go backwards. No input raises an error.

    Between calls a parser holds at most ``max_length`` + 24 bytes. A header that declares more is refused before
    its payload is read. The time is proportional to the number of bytes.

    Parameters
    ----------
    max_length
        Largest payload, in bytes.

    Examples
    --------
    >>> from lsm_sim.live.packets import packed_array
    >>> parser = Parser()
    >>> stream = b"garbage" + packed_array([0.5, 1.5], 0)
    >>> parser.feed(stream[:30])
    []
    >>> parser.feed(stream[30:])[0].values()
    array([[0.5, 1.5]])
    >>> parser.counts.summary()
    '1 good packets; 7 bytes skipped'
    """

    def __init__(self, max_length: int = 2**20) -> None:
        self.max_length = checks.whole(max_length, "Parser max_length", minimum=1, maximum=2**32 - 1)
        self._counts = PacketCounts()
        self._start()

    def _start(self) -> None:
        self._held = bytearray()
        self._need = 1  # bytes without which nothing new can be found
        self._sequence = Sequence()
        self._wasted = 0  # bytes of payloads whose checksum was computed and wrong

    @property
    def counts(self) -> PacketCounts:
        """What was received until now, as a copy."""
        return dataclasses.replace(self._counts)

    @property
    def held(self) -> int:
        """Number of bytes that wait for the rest of a packet."""
        return len(self._held)

    def feed(self, data: bytes | bytearray) -> list[Packet]:
        """Return the packets that are complete with these bytes, in the order of their numbers."""
        found: list[Packet] = []
        view = memoryview(checks.instance(data, (bytes, bytearray), "Parser.feed data", "bytes"))
        self._counts.received += len(view)
        for at in range(0, len(view), _PIECE):
            self._held += view[at : at + _PIECE]
            if len(self._held) >= self._need:
                self._scan(found, ended=False)
        return found

    def close(self) -> list[Packet]:
        """Return the packets behind one that was not completed, at the end of a connection; then start anew, but go on counting."""
        found: list[Packet] = []
        self._scan(found, ended=True)
        self._start()
        return found

    def _scan(self, found: list[Packet], *, ended: bool) -> None:
        """Take packets and garbage from the front of what is held, up to a packet that is not complete."""
        at, held = 0, self._held
        while True:
            start = held.find(MAGIC, at)
            if start < 0:
                start = len(held) - (0 if ended else _partial_magic(held, at))
            self._counts.skipped += start - at
            at, self._need = start, start + HEADER_SIZE
            if start < len(held):
                size = self._size(start, found)
                if size >= 0:
                    at = start + size
                    continue
                if ended:
                    self._counts.truncated += 1
                    at += self._skip(len(MAGIC))
                    continue
            self._need -= at
            del held[:at]
            return

    def _size(self, start: int, found: list[Packet]) -> int:
        """Return how many bytes at ``start`` are done with, after taking a packet or refusing it; -1 if more bytes are needed."""
        held, counts = self._held, self._counts
        body = start + HEADER_SIZE
        if len(held) < body:
            return -1
        _, version, kind, channels, length, number = FIELDS.unpack_from(held, start)
        header_sum, packet_sum = CHECKSUMS.unpack_from(held, start + FIELDS.size)
        if zlib.crc32(memoryview(held)[start : start + FIELDS.size]) != header_sum:
            counts.bad_checksum += 1
            return self._skip(len(MAGIC))
        if length > self.max_length:
            counts.oversized += 1
            return self._skip(_CHECKED)
        end = body + length
        if len(held) < end:
            self._need = end
            return -1
        packet = Packet(kind, channels, number, bytes(memoryview(held)[body:end]))
        if zlib.crc32(packet.payload, header_sum) != packet_sum:
            counts.bad_checksum += 1
            return self._skip_damaged(length)
        return self._take(packet, version, found)

    def _take(self, packet: Packet, version: int, found: list[Packet]) -> int:
        counts, size = self._counts, HEADER_SIZE + len(packet.payload)
        if version != VERSION or not is_well_formed(packet.kind, packet.channels, len(packet.payload)):
            counts.malformed += 1
            return self._skip(size)
        counts.accepted += size
        counts.good += 1
        if self._sequence.is_next(packet.sequence, counts):
            found.append(packet)
        return size

    def _skip(self, size: int) -> int:
        self._counts.skipped += size
        return size

    def _skip_damaged(self, length: int) -> int:
        """Skip the checked part of the header and look for packets inside the payload, unless that has cost too much until now."""
        self._wasted += length
        if self._wasted <= _WORK * (self._counts.skipped + self.max_length):
            return self._skip(_CHECKED)
        return self._skip(HEADER_SIZE + length)


def _partial_magic(held: Any, start: int) -> int:
    """Return how many bytes at the end may be the beginning of the magic bytes."""
    return next((n for n in range(len(MAGIC) - 1, 0, -1) if len(held) - start >= n and held.endswith(MAGIC[:n])), 0)
