"""The thread behind `TcpSource`: accepts clients one after the other, and puts checked packets into a buffer."""

from __future__ import annotations

import contextlib
import dataclasses
import selectors
import socket
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.live.buffer import Buffer
from lsm_sim.live.pace import RateCheck
from lsm_sim.live.packets import DTYPES, EVENTS, Packet
from lsm_sim.live.parser import PacketCounts, Parser, summary_line

_PIECE = 2**16  # bytes that are read at once
_STORED = 1.0  # seconds of data that a client may have before it connects


@dataclass
class TcpCounts:
    """What a `TcpSource` has received; exact after the source has ended or was closed.

    Every good packet counts once: ``packets.good`` is the sum of ``packets.reordered``, ``packets.duplicates`` and of all
    numbers from ``wrong_kind`` to ``given``.

    Parameters
    ----------
    packets
        Packets and bytes, see `PacketCounts`.
    clients, refused, resets
        Clients that were served; that were turned away because one was there; whose connection broke.
    wrong_kind
        Packets that hold something else than values (or events, if events are expected).
    wrong_channels
        Packets with another number of channels, or with an event of a channel that is not there.
    not_finite
        Packets with NaN or infinite values.
    empty
        Packets without values; a client may send them to keep its connection open.
    dropped
        Packets for which the buffer had no room, or that came while the source was being closed.
    waiting
        Packets in the buffer.
    given
        Packets that the consumer has got.
    """

    packets: PacketCounts = field(default_factory=PacketCounts)
    clients: int = 0
    refused: int = 0
    resets: int = 0
    wrong_kind: int = 0
    wrong_channels: int = 0
    not_finite: int = 0
    empty: int = 0
    dropped: int = 0
    waiting: int = 0
    given: int = 0

    def summary(self) -> str:
        """Return one line that names what is not zero.

        >>> TcpCounts(PacketCounts(good=12), clients=1, dropped=2, given=10).summary()
        '10 packets given to the consumer; 2 dropped; 1 client; 12 good packets'
        """
        words = {
            "dropped": "dropped",
            "waiting": "waiting",
            "not_finite": "with NaN or infinite values",
            "wrong_channels": "with wrong channels",
            "wrong_kind": "of a wrong kind",
            "empty": "empty",
        }
        given = summary_line(
            f"{self.given} packets given to the consumer", {text: getattr(self, name) for name, text in words.items()}
        )
        clients = f"{self.clients} client{'s' * (self.clients != 1)}"
        connections = summary_line(clients, {"refused": self.refused, "with a broken connection": self.resets})
        return f"{given}; {connections}; {self.packets.summary()}"


@dataclass(frozen=True)
class Expected:
    """What a `TcpSource` lets through."""

    where: str
    n_channels: int
    events: bool
    rate: float | None
    reconnect: bool


class Receiver:
    """Receive in a thread of its own until the client leaves or `close` is called."""

    def __init__(self, listener: socket.socket, expected: Expected, parser: Parser, buffer: Buffer) -> None:
        self._listener, self._expected, self._parser, self._buffer = listener, expected, parser, buffer
        self._counts = TcpCounts()
        self._queued = 0
        self._check: RateCheck | None = None
        self._told_channels = False
        self.messages: list[str] = []  # warnings, for the thread of the consumer
        self.failure: BaseException | None = None
        self._stopped, self._stopper = socket.socketpair()
        self._thread = threading.Thread(target=self._run, name=expected.where, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:
            self._stopped.close()
            self._stopper.close()
            raise

    def close(self) -> None:
        """End the thread and close all sockets."""
        self._buffer.close()
        self._stopper.close()  # the thread sees the end of the other socket
        self._thread.join()

    @property
    def counts(self) -> TcpCounts:
        """What was received until now, as a copy."""
        waiting = len(self._buffer)
        counts = dataclasses.replace(self._counts, packets=self._parser.counts)
        counts.waiting, counts.given = waiting, self._queued - waiting
        return counts

    def _run(self) -> None:
        try:
            with self._stopped, self._listener, selectors.DefaultSelector() as selector:
                selector.register(self._stopped, selectors.EVENT_READ)
                selector.register(self._listener, selectors.EVENT_READ)
                while self._serve(selector) and self._expected.reconnect:
                    pass
        except BaseException as error:
            self.failure = error
        finally:
            self._buffer.end()

    def _serve(self, selector: selectors.BaseSelector) -> bool:
        """Serve one client; return False if the source is being closed."""
        while True:
            if self._stopped in _ready(selector):
                return False
            with contextlib.suppress(OSError):  # the client has gone again
                client, _ = self._listener.accept()
                break
        with client:
            client.setblocking(True)
            self._counts.clients += 1
            if self._expected.rate is not None:
                self._check = RateCheck(self._expected.rate, _STORED, self._expected.where, time.monotonic())
            selector.register(client, selectors.EVENT_READ)
            try:
                return self._receive(client, selector)
            finally:
                selector.unregister(client)
                for packet in self._parser.close():
                    self._take(packet, 0.0)

    def _receive(self, client: socket.socket, selector: selectors.BaseSelector) -> bool:
        while True:
            begun = time.monotonic()
            ready = _ready(selector)
            waited = time.monotonic() - begun
            if self._stopped in ready:
                return False
            if client not in ready:  # else it may have gone, which makes place for the other
                self._refuse()
                continue
            try:
                data = client.recv(_PIECE)
            except OSError:
                self._counts.resets += 1
                return True
            if not data:
                return True
            for packet in self._parser.feed(data):
                self._take(packet, waited)
                waited = 0.0

    def _refuse(self) -> None:
        with contextlib.suppress(OSError):
            other, _ = self._listener.accept()
            other.close()
            self._counts.refused += 1

    def _take(self, packet: Packet, waited: float) -> None:
        """Put the array of a packet into the buffer, or count why not."""
        array = self._checked(packet)
        if array is None:
            return
        if self._check is not None:
            told = self._check.add(1 if self._expected.events else len(array), waited, time.monotonic())
            self.messages += [told] if told else []
        if self._buffer.put(array, max(1, len(array))):
            self._queued += 1
        else:
            self._counts.dropped += 1

    def _checked(self, packet: Packet) -> Any:
        counts, expected = self._counts, self._expected
        if packet.kind not in DTYPES or (packet.kind == EVENTS) != expected.events:
            counts.wrong_kind += 1
            return None
        array: Any = packet.events() if expected.events else packet.values()
        if packet.channels != expected.n_channels or (expected.events and _strays(array, expected.n_channels)):
            counts.wrong_channels += 1
            self._tell_channels(packet.channels)
            return None
        if expected.events:
            return array
        if not len(array):
            counts.empty += 1
            return None
        if not np.isfinite(array).all():
            counts.not_finite += 1
            return None
        return array

    def _tell_channels(self, channels: int) -> None:
        if not self._told_channels:
            self._told_channels = True
            self.messages.append(
                f"{self._expected.where}: got packets of {channels} channels, expected {self._expected.n_channels} (from "
                f"0 in events); such packets are left out, so correct the sender or n_channels"
            )


def _ready(selector: selectors.BaseSelector) -> list[Any]:
    return [key.fileobj for key, _ in selector.select()]


def _strays(events: Any, n_channels: int) -> bool:
    return bool(((events[:, 0] < 0) | (events[:, 0] >= n_channels)).any())
