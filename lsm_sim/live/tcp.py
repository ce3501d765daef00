"""Live data over TCP: a source that listens, and helpers that send."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable, Iterator
from typing import Any

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.live.buffer import Buffer
from lsm_sim.live.packets import MOST_CHANNELS, packed_array
from lsm_sim.live.parser import Parser
from lsm_sim.live.receiving import Expected, Receiver, TcpCounts
from lsm_sim.support import checks
from lsm_sim.support.warn import warn

_STORED = 2**18  # bytes that the system may store before the receiving thread, so that a client is soon held up


class TcpSource:
    """Frames that another program sends in packets (see `lsm_sim.live.packets`) to a port of this machine.

    A thread receives, checks every packet and puts its array into a bounded buffer, from which the iteration takes it. Damaged
    packets, packets with NaN and packets with wrong channels are counted in `counts` and never given out. One client is served
    at a time; others are turned away. The iteration ends when the client closes its connection.

    The port is open from the entry to the exit of ``with``; without ``with``, during the iteration. Afterwards no thread and
    no socket is left, whatever happened in between.

    Parameters
    ----------
    n_channels
        Number of channels.
    port
        Port, 0 to 65535; 0: any free one, see the property `port`.
    host
        Address to listen on; an address of other machines' reach needs ``allow_remote``.
    events
        True: packets hold the events of one time step, and the iteration gives int32 pairs (channel, payload), shape (n, 2).
    buffer
        Most frames (or events) that wait for the consumer.
    when_full
        "block": stop reading, so that the client is held up; "drop": drop the packet that has just come, and count it.
    stall
        Seconds without a packet, or without a client, after which the iteration raises `RunError`; None: wait for ever.
    rate
        Frames per second that the client claims; a very different one causes an `LsmWarning`.
    reconnect
        True: wait for another client when one has gone; the iteration never ends by itself.
    max_length
        Largest payload of a packet, in bytes.
    allow_remote
        True: let other machines connect. Packets are neither encrypted nor authenticated.

    Examples
    --------
    >>> import threading
    >>> with TcpSource(n_channels=2, stall=10) as source:
    ...     client = threading.Thread(target=send_frames, args=(source.port, [[0.0, 1.0], [2.0, 3.0]]))
    ...     client.start()
    ...     for frames in source:
    ...         print(frames)
    ...     client.join()
    [[0. 1.]]
    [[2. 3.]]
    >>> source.counts.summary()
    '2 packets given to the consumer; 1 client; 2 good packets'
    """

    def __init__(
        self,
        n_channels: int,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        events: bool = False,
        buffer: int = 1000,
        when_full: str = "block",
        stall: float | None = None,
        rate: float | None = None,
        reconnect: bool = False,
        max_length: int = 2**20,
        allow_remote: bool = False,
    ) -> None:
        self.n_channels = checks.whole(n_channels, "TcpSource n_channels", minimum=1, maximum=MOST_CHANNELS)
        self._port = _checked_port(port, "TcpSource port", minimum=0)
        self._host = _checked_host(host, allow_remote=checks.flag(allow_remote, "TcpSource allow_remote"))
        self._events = checks.flag(events, "TcpSource events")
        self._most = checks.whole(buffer, "TcpSource buffer", minimum=1)
        self._drop = checks.choice(when_full, "TcpSource when_full", ["block", "drop"]) == "drop"
        self._stall = None if stall is None else checks.positive(stall, "TcpSource stall", "time")
        self.rate = None if rate is None else checks.positive(rate, "TcpSource rate", "rate")
        self._reconnect = checks.flag(reconnect, "TcpSource reconnect")
        self._parser = Parser(max_length)
        self._receiver: Receiver | None = None
        self._is_open = False

    @property
    def port(self) -> int:
        """The port; while the source is open, the one that it has got."""
        return self._port_now if self._is_open else self._port

    @property
    def counts(self) -> TcpCounts:
        """What was received since the source was opened, as a copy."""
        return self._receiver.counts if self._receiver is not None else TcpCounts()

    def __enter__(self) -> TcpSource:
        if self._is_open:
            raise RunError("TcpSource: got a source that is open already, expected a closed one; make another source")
        listener = _listening(self._host, self._port)
        try:
            self._port_now = int(listener.getsockname()[1])
            where = f"TcpSource {self._host} port {self._port_now}"
            expected = Expected(where, self.n_channels, self._events, self.rate, self._reconnect)
            self._parser = Parser(self._parser.max_length)
            self._buffer = Buffer(self._most, drop=self._drop)
            self._receiver = Receiver(listener, expected, self._parser, self._buffer)
        except BaseException:
            listener.close()
            raise
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close all sockets and end the thread; a second time does nothing."""
        if self._is_open and self._receiver is not None:
            self._receiver.close()
            self._is_open = False

    def __iter__(self) -> Iterator[Any]:
        if self._is_open:
            yield from self._arrays()
            return
        with self:
            yield from self._arrays()

    def _arrays(self) -> Iterator[Any]:
        receiver, buffer = self._receiver, self._buffer
        assert receiver is not None  # for the type checker: the source is open
        while True:
            try:
                array = buffer.get(self._stall)
            except TimeoutError:
                raise RunError(
                    f"TcpSource {self._host} port {self.port}: got no packet for {self._stall:g} s, expected frames; check "
                    f"the program that sends, or raise stall ({self.counts.summary()})"
                ) from None
            finally:
                while receiver.messages:
                    warn(receiver.messages.pop(0))
            if array is None:
                break
            yield array
        if receiver.failure is not None:
            raise RunError(f"TcpSource: the receiving thread failed ({receiver.failure})") from receiver.failure


def _checked_port(port: Any, where: str, minimum: int) -> int:
    return checks.whole(port, where, minimum=minimum, maximum=65535)


def _checked_host(host: Any, *, allow_remote: bool) -> str:
    name: str = checks.name(host, "TcpSource host")
    try:
        is_loopback = name == "localhost" or ipaddress.ip_address(name).is_loopback
    except ValueError:
        is_loopback = False
    if not is_loopback and not allow_remote:
        raise DescriptionError(
            f"TcpSource host: got {name!r}, expected an address of this machine only, such as '127.0.0.1'; "
            f"allow_remote=True lets other machines connect"
        )
    return name


def _listening(host: str, port: int) -> socket.socket:
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _STORED)
            listener.bind(address)
            listener.listen(8)
            listener.setblocking(False)
        except BaseException:
            listener.close()
            raise
    except (OSError, UnicodeError) as error:
        raise RunError(
            f"TcpSource: cannot listen on {host} port {port} ({error}), expected a free port; choose another, or 0"
        ) from None
    return listener


def connect(host: str, port: int, timeout: float, where: str) -> socket.socket:
    """Connect to a program that listens."""
    checks.name(host, f"{where} host")
    _checked_port(port, f"{where} port", minimum=1)
    try:
        connection = socket.create_connection((host, port), timeout)
    except (OSError, UnicodeError) as error:
        raise RunError(
            f"{where}: cannot connect to {host} port {port} ({error}), expected a program that listens there; start it first"
        ) from None
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def send_frames(
    port: int,
    arrays: Iterable[Any],
    *,
    host: str = "127.0.0.1",
    kind: str = "float64",
    n_channels: int | None = None,
    first: int = 0,
    timeout: float = 60.0,
) -> int:
    r"""Send each array as one packet to a `TcpSource`, and return how many were sent.

    Parameters
    ----------
    port, host
        Where the source listens.
    arrays
        Items of shape (channels,) or (k, channels); or events of one time step each, shape (n, 2).
    kind
        "float32", "float64" or "events".
    n_channels
        Number of channels of the source; needed for events only.
    first
        Sequence number of the first packet.
    timeout
        Seconds for which a packet may be held up by a full buffer.

    Examples
    --------
    A client of `TcpSource`, in ten lines that need no lsm_sim:

    >>> import socket, struct, zlib
    >>> def send(connection, number, values):
    ...     payload = struct.pack(f"<{len(values)}d", *values)
    ...     header = struct.pack("<4sBBHII", b"\xabLSM", 1, 2, len(values), len(payload), number % 2**32)
    ...     check = zlib.crc32(header)
    ...     connection.sendall(header + struct.pack("<II", check, zlib.crc32(payload, check)) + payload)
    >>> with TcpSource(n_channels=3, stall=10) as source:
    ...     with socket.create_connection(("127.0.0.1", source.port)) as connection:
    ...         send(connection, 0, [1.0, 2.0, 3.0])
    ...     print(*source)
    [[1. 2. 3.]]
    """
    timeout = checks.positive(timeout, "send_frames timeout", "time")
    first = checks.whole(first, "send_frames first")
    checks.choice(kind, "send_frames kind", ["float32", "float64", "events"])
    if isinstance(arrays, str | bytes) or not isinstance(arrays, Iterable):
        raise DescriptionError(f"send_frames arrays: got {type(arrays).__name__}, expected a list of arrays")
    number = first
    with connect(host, port, timeout, "send_frames") as connection:
        for array in arrays:
            packet = packed_array(array, number, kind=kind, n_channels=n_channels)
            try:
                connection.sendall(packet)
            except OSError as error:
                raise RunError(
                    f"send_frames: packet {number} could not be sent ({error}), expected a source that reads; restart it"
                ) from None
            number += 1
    return number - first
