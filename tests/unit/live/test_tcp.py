"""Sources and sinks over TCP: damage, back-pressure, drops, stalls, and that nothing is left open."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from lsm_sim.errors import DescriptionError, LsmWarning, RunError
from lsm_sim.live import Answer, Parser, TcpSink, TcpSource, packed_array, send_frames
from lsm_sim.live.packets import ANSWER, HEADER_SIZE, MAGIC, packed

CHANNELS = 3


@pytest.fixture(autouse=True)
def _nothing_is_left():
    """Compare the threads and the open files after a test with those before, some of which earlier tests may still close."""
    threads, files = threading.active_count(), open_files()
    yield
    assert threading.active_count() <= threads
    assert open_files() <= files


def open_files():
    folder = Path("/proc/self/fd")
    return len(list(folder.iterdir())) if folder.is_dir() else 0


@contextlib.contextmanager
def sending(port, content):
    """Send bytes from a thread of its own, in pieces of random sizes; an early end of the reader is no error."""

    def send():
        with socket.create_connection(("127.0.0.1", port)) as connection, contextlib.suppress(OSError):
            connection.sendall(content)

    thread = threading.Thread(target=send)
    thread.start()
    try:
        yield
    finally:
        thread.join()


def connected(source):
    return socket.create_connection(("127.0.0.1", source.port))


def received(content, **how):
    """Return what a source gives for the bytes of one client, and its counts."""
    with TcpSource(CHANNELS, stall=20, **how) as source, sending(source.port, content):
        arrays = list(source)
    return arrays, source.counts


def is_complete(counts):
    packets = counts.packets
    return packets.good == packets.reordered + packets.duplicates + counts.wrong_kind + counts.wrong_channels + (
        counts.not_finite + counts.empty + counts.dropped + counts.waiting + counts.given
    )


class Injection:
    """A stream of numbered packets with damage of each kind between and in them; what it must give; and the counts."""

    def __init__(self, seed, n):
        self.rng = np.random.default_rng(seed)
        self.content, self.arrives, self.held_back = [], [], []
        self.expected = dict.fromkeys(
            ["good", "bad_checksum", "oversized", "malformed", "truncated", "missing", "reordered", "duplicates"], 0
        ) | dict.fromkeys(["not_finite", "wrong_channels", "wrong_kind", "empty", "accepted"], 0)
        kinds = [self.garbage, self.flip, self.cut, self.oversize, self.malform, self.swap, self.repeat]
        kinds += [self.lose, self.nan, self.narrow, self.other_kind, self.nothing]
        self.number = 0
        self.good()  # a number before the first that arrives would not be missed
        for _ in range(n):
            if self.rng.random() < 0.2:
                kinds[self.rng.integers(len(kinds))]()
            else:
                self.good()
        self.good()
        self.good()

    def next(self, values=None, **how):
        """Return the packet of the next number, whose values begin with the number."""
        frames = self.rng.random((self.rng.integers(1, 4), CHANNELS)) if values is None else np.asarray(values, float)
        if values is None:
            frames[0, 0] = self.number
        self.number += 1
        return packed_array(frames, self.number - 1, **how)

    def add(self, content, arrives=()):
        self.content.append(content)
        self.expected["good"] += 1
        self.expected["accepted"] += len(content)
        self.arrives += arrives

    def good(self):
        number = self.number
        self.add(self.next(), [number])

    def garbage(self):
        self.content.append(self.rng.bytes(int(self.rng.integers(1, 200))))

    def flip(self):
        damaged = bytearray(self.next())
        bit = int(self.rng.integers(8 * len(damaged)))
        damaged[bit // 8] ^= 1 << bit % 8
        self.content.append(bytes(damaged))
        self.expected["bad_checksum"] += bit >= 8 * len(MAGIC)  # without its magic bytes a packet is garbage
        self.expected["missing"] += 1

    def cut(self):
        whole = self.next()
        length = int(self.rng.integers(1, len(whole)))
        self.content.append(whole[:length])
        self.expected["bad_checksum"] += length >= len(MAGIC)
        self.expected["missing"] += 1

    def oversize(self):
        self.content.append(packed(2, CHANNELS, self.number, bytes(24 * 100))[: int(self.rng.integers(20, 2424))])
        self.expected["oversized"] += 1

    def malform(self):
        self.content.append(packed(77, CHANNELS, self.number, bytes(24)))
        self.expected["malformed"] += 1

    def swap(self):
        first, number = self.next(), self.number
        self.add(self.next(), [number])
        self.add(first)
        self.expected["reordered"] += 1

    def repeat(self):
        number, content = self.number, self.next()
        self.add(content, [number])
        self.add(content)
        self.expected["duplicates"] += 1

    def lose(self):
        self.next()
        self.expected["missing"] += 1

    def nan(self):
        bad = [np.nan, np.inf, -np.inf][self.rng.integers(3)]
        payload = np.array([[1.0, 2.0, 3.0], [1.0, bad, 3.0]]).tobytes()
        self.add(packed(2, CHANNELS, self.number, payload))
        self.number += 1
        self.expected["not_finite"] += 1

    def narrow(self):
        self.add(self.next(np.ones((1, CHANNELS - 1))))
        self.expected["wrong_channels"] += 1

    def other_kind(self):
        self.add(self.next([[0, 1]], kind="events", n_channels=CHANNELS))
        self.expected["wrong_kind"] += 1

    def nothing(self):
        self.add(self.next(np.empty((0, CHANNELS))))
        self.expected["empty"] += 1

    def check(self, counts):
        found = {name: getattr(counts.packets, name, None) for name in self.expected}
        found |= {name: getattr(counts, name) for name in self.expected if found[name] is None}
        assert found == self.expected
        size = sum(map(len, self.content))
        assert counts.packets.received == size
        assert counts.packets.skipped == size - self.expected["accepted"]
        assert is_complete(counts)


MOST = 2000  # bytes of a payload


def consumed(source, content, *, afterwards=False, traced=True):
    """Return the numbers that a source gives while, or after, a client sends, and the peak of Python's memory if it is traced."""
    with source, contextlib.ExitStack() as client:
        client.enter_context(sending(source.port, content))
        if afterwards:
            client.close()
        if not traced:
            return [int(frames[0, 0]) for frames in source], 0
        tracemalloc.start()
        try:
            numbers = [int(frames[0, 0]) for frames in source]
            return numbers, tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize("seed", [1, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(2, 8))])
def test_every_undamaged_packet_arrives_and_every_damage_is_counted(seed):
    injection = Injection(seed, 100_000)
    content = b"".join(injection.content)
    source = TcpSource(CHANNELS, stall=60, max_length=MOST)
    with pytest.warns(LsmWarning, match="got packets of 2 channels, expected 3"):
        numbers, peak = consumed(source, content, traced=seed <= 2)  # tracing takes most of the time
    assert numbers == injection.arrives, f"seed {seed}"
    assert source.counts.dropped == 0
    injection.check(source.counts)
    # 9 MB are sent. 64 kB are read at once and parsed, 1000 frames wait; the list of numbers has up to 40 bytes for each.
    assert peak - 40 * len(numbers) < 1_000_000, f"seed {seed}: peak of {peak} bytes"


@pytest.mark.parametrize("seed", [4, 5])
def test_what_a_full_buffer_drops_is_counted(seed):
    injection = Injection(seed, 5000)
    source = TcpSource(CHANNELS, stall=60, max_length=MOST, when_full="drop", buffer=50)
    with pytest.warns(LsmWarning, match="channels"):
        numbers, _ = consumed(source, b"".join(injection.content), afterwards=True)
    counts = source.counts
    assert counts.dropped == len(injection.arrives) - len(numbers) > 0, f"seed {seed}"
    assert numbers[:10] == injection.arrives[:10]
    assert set(numbers) <= set(injection.arrives)
    injection.check(counts)


def flood(client, content):
    """Send until the reader no longer reads; return the number of bytes sent."""
    client.settimeout(0.5)
    sent = 0
    with contextlib.suppress(TimeoutError):
        while sent < len(content):
            sent += client.send(memoryview(content)[sent:])
    return sent


def test_a_client_is_held_up_by_a_full_buffer():
    """Nothing is lost of what the client could send."""
    packet = packed_array(np.zeros((1000, CHANNELS)), 0)
    content = b"".join(packed_array(np.zeros((1000, CHANNELS)), i) for i in range(2000))
    with TcpSource(CHANNELS, buffer=2000, stall=20) as source:
        with connected(source) as client:
            sent = flood(client, content)
        assert sent < len(content)
        assert source.counts.waiting == 2
        assert len(list(source)) == sent // len(packet)
    assert (source.counts.dropped, source.counts.packets.received) == (0, sent)


def test_a_packet_larger_than_the_buffer_passes():
    frames = np.arange(30.0).reshape(10, 3)
    arrays, counts = received(packed_array(frames, 0) + packed_array(frames, 1), buffer=4)
    assert np.array_equal(arrays, [frames, frames])
    assert counts.given == 2


def test_events_of_one_step_each():
    content = b"".join(
        packed_array(events, i, kind="events", n_channels=CHANNELS) for i, events in enumerate([[[0, 5], [2, -1]], []])
    )
    stray = packed(3, CHANNELS, 2, np.array([[3, 1]], "<i4").tobytes()) + packed(
        3, CHANNELS, 3, np.array([[-1, 1]], "<i4").tobytes()
    )
    with pytest.warns(LsmWarning, match="got packets of 3 channels, expected 3 .from 0 in events"):
        arrays, counts = received(content + stray + packed_array([1.0, 2, 3], 4), events=True)
    assert [a.tolist() for a in arrays] == [[[0, 5], [2, -1]], []]
    assert arrays[1].shape == (0, 2)
    assert (counts.wrong_channels, counts.wrong_kind, counts.given) == (2, 1, 2)


def test_float32_values_are_given_as_float64():
    (frames,), _ = received(packed_array([0.1, 0.2, 0.3], 0, kind="float32"))
    assert frames.dtype == np.float64
    assert frames.tolist() == [np.float32([0.1, 0.2, 0.3]).astype(float).tolist()]


def test_send_frames_tells_how_many_it_has_sent():
    with TcpSource(2, stall=20) as source:
        thread = threading.Thread(target=lambda: sent.append(send_frames(source.port, np.eye(2), first=2**32 - 1)))
        sent = []
        thread.start()
        assert np.array_equal(np.concatenate(list(source)), np.eye(2))
        thread.join()
    assert sent == [2]
    assert (source.counts.packets.missing, source.counts.packets.restarts) == (0, 0)


def test_a_second_client_is_turned_away():
    with TcpSource(CHANNELS, stall=20) as source, connected(source) as first:
        first.sendall(packed_array([1.0, 2, 3], 0))
        arrays = iter(source)
        next(arrays)
        with connected(source) as second, contextlib.suppress(ConnectionResetError):
            second.settimeout(20)
            assert second.recv(1) == b""
        first.close()
        assert list(arrays) == []
    assert (source.counts.clients, source.counts.refused) == (1, 1)


def test_clients_may_follow_each_other():
    with TcpSource(CHANNELS, stall=20, reconnect=True) as source:
        arrays = iter(source)
        for number in range(3):
            with connected(source) as client:
                client.sendall(packed_array([number, 0, 0], 0) + packed_array([0.0, 0, 0], 1)[:30])
            assert next(arrays)[0, 0] == number
    counts = source.counts
    assert (counts.packets.duplicates, counts.packets.good) == (0, 3)


def test_a_broken_connection_ends_the_source():
    with TcpSource(CHANNELS, stall=20) as source:
        client = connected(source)
        client.sendall(packed_array([1.0, 2, 3], 0))
        arrays = iter(source)
        next(arrays)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")  # close resets the connection
        client.close()
        assert list(arrays) == []
    assert source.counts.resets == 1


def test_no_client_is_a_stall():
    with pytest.raises(
        RunError, match=r"got no packet for 0\.05 s, .* \(0 packets given to the consumer; 0 clients; 0 "
    ):
        list(TcpSource(CHANNELS, stall=0.05))


def test_a_silent_client_is_a_stall_and_so_is_one_that_sends_garbage():
    with TcpSource(CHANNELS, stall=0.3) as source, connected(source) as client:
        client.sendall(packed_array([1.0, 2, 3], 0) + b"garbage" * 100)
        arrays = iter(source)
        next(arrays)
        with pytest.raises(
            RunError, match="1 packets given to the consumer; 1 client; 1 good packets; 700 bytes skipp"
        ):
            next(arrays)


def test_a_false_rate_is_told():
    content = b"".join(packed_array(np.zeros((1000, CHANNELS)), i) for i in range(20))
    with pytest.warns(
        LsmWarning, match=r"TcpSource 127.0.0.1 port \d+: got \d+ frames in .* s, expected 1000 per second"
    ):
        received(content, rate=1000)


def fail_at_once(source, content, client):
    with source:
        client.enter_context(sending(source.port, content))
        for _ in source:
            raise KeyError


@pytest.mark.parametrize("when_full", ["block", "drop"])
def test_an_exception_in_the_consumer_closes_everything(when_full):
    content = b"".join(packed_array([i, 0.0, 0], i) for i in range(20_000))
    source = TcpSource(CHANNELS, buffer=10, when_full=when_full)
    with contextlib.ExitStack() as client, pytest.raises(KeyError):
        fail_at_once(source, content, client)
    assert is_complete(source.counts)


def test_without_with_the_end_of_the_iteration_closes_everything():
    source = TcpSource(CHANNELS, port=free_port(), stall=20)
    arrays = iter(source)
    thread = threading.Thread(target=lambda: retried(lambda: send_frames(source.port, np.ones((5, CHANNELS)))))
    thread.start()
    next(arrays)
    arrays.close()
    thread.join()


def free_port():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        return other.getsockname()[1]


def retried(action):
    """Repeat an action until the source is open; the source may end before all is sent."""
    wait = threading.Event()
    for _ in range(200):
        try:
            action()
        except RunError as error:
            if "could not be sent" in str(error):
                return
            wait.wait(0.05)
        else:
            return


def test_a_source_can_be_closed_twice_and_opened_again():
    source = TcpSource(CHANNELS, stall=20)
    for _ in range(2):
        with source, sending(source.port, packed_array([1.0, 2, 3], 0)):
            assert len(list(source)) == 1
        source.close()
        assert source.counts.given == 1
    with source, pytest.raises(RunError, match="open already"), source:
        pass


def test_an_interrupt_closes_everything(tmp_path):
    """Ctrl-C while the consumer waits: Python ends by KeyboardInterrupt, without a thread, with the port free again."""
    script = tmp_path / "listen.py"
    script.write_text(
        textwrap.dedent(
            """
            import threading
            from lsm_sim.live import TcpSource
            try:
                with TcpSource(3) as source:
                    print(source.port, flush=True)
                    for frames in source:
                        print(len(frames), flush=True)
            except KeyboardInterrupt:
                print(threading.active_count(), source.counts.given)
            """
        )
    )
    with subprocess.Popen([sys.executable, "-X", "dev", script], stdout=-1, stderr=-1, text=True) as process:
        port = int(process.stdout.readline())
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(packed_array([1.0, 2, 3], 0))
            assert process.stdout.readline() == "1\n"
            os.kill(process.pid, signal.SIGINT)
            out, err = process.communicate(timeout=60)
    assert (out, err, process.returncode) == ("1 1\n", "", 0)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))


def test_a_failure_of_the_thread_is_raised_in_the_consumer(monkeypatch):
    def fail(*_):
        raise MemoryError("none")

    monkeypatch.setattr(Parser, "feed", fail)
    with pytest.raises(RunError, match="the receiving thread failed"):
        received(b"abc")


def test_only_this_machine_may_connect_unless_it_is_allowed():
    for host in ["0.0.0.0", "::", "192.168.1.1", "example.org", "127.0.0.1.example.org"]:
        with pytest.raises(DescriptionError, match="expected an address of this machine only"):
            TcpSource(CHANNELS, host=host)
    with TcpSource(CHANNELS, host="0.0.0.0", allow_remote=True) as source:
        assert source.port > 0
    with TcpSource(CHANNELS, host="localhost"):
        pass


def test_a_port_in_use_is_told():
    with TcpSource(CHANNELS) as source, pytest.raises(RunError, match="cannot listen on"):
        TcpSource(CHANNELS, port=source.port).__enter__()


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"n_channels": 0}, "n_channels: got 0"),
        ({"n_channels": 2**16}, "at most"),
        ({"port": 65536}, "port: got more than 65535"),
        ({"port": -1}, "port: got -1"),
        ({"host": 5}, "host: got 5"),
        ({"buffer": 0}, "buffer: got 0"),
        ({"when_full": "wait"}, "when_full: got 'wait', expected 'block' or 'drop'"),
        ({"stall": 0}, "stall: got 0"),
        ({"rate": -1}, "rate: got -1"),
        ({"events": "yes"}, "events: got 'yes'"),
        ({"reconnect": 2}, "reconnect: got 2"),
        ({"allow_remote": None}, "allow_remote: got None"),
        ({"max_length": 0}, "max_length: got 0"),
    ],
)
def test_wrong_settings_are_refused(how, message):
    with pytest.raises(DescriptionError, match=message):
        TcpSource(**{"n_channels": CHANNELS} | how)


def test_nobody_listens():
    port = free_port()
    with pytest.raises(RunError, match=f"send_frames: cannot connect to 127.0.0.1 port {port} .*; start it first"):
        send_frames(port, [[1.0]])
    with pytest.raises(RunError, match=f"TcpSink: cannot connect to 127.0.0.1 port {port}"), TcpSink(port):
        pass
    for wrong in (0, "a", None, 65536):
        with pytest.raises(DescriptionError, match="port: got"):
            send_frames(wrong, [[1.0]])
    with pytest.raises(DescriptionError, match="send_frames arrays: got int"):
        send_frames(port, 5)


@pytest.fixture
def reader():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener


def test_answers_are_sent_as_numbered_packets(reader):
    with TcpSink(reader.getsockname()[1]) as sink:
        client, _ = reader.accept()
        assert sink.write(Answer(0.5, "yes", [0.25, 1.0]))
        assert sink.write(Answer(1.0, 3))
    assert not sink.write(Answer(1.5))
    with client, client.makefile("rb") as stream:
        packets = Parser().feed(stream.read())
    assert [(p.kind, p.sequence) for p in packets] == [(ANSWER, 0), (ANSWER, 1)]
    assert json.loads(packets[0].payload) == {"time": 0.5, "label": "yes", "margin": 0.75, "scores": [0.25, 1.0]}


def test_a_sink_ends_quietly_when_its_reader_has_gone(reader):
    with TcpSink(reader.getsockname()[1]) as sink:
        client, _ = reader.accept()
        client.close()
        assert any(not sink.write(Answer(i)) for i in range(1000))
        assert not sink.write(Answer(0))


def test_a_reader_that_does_not_read_is_an_error(reader):
    with TcpSink(reader.getsockname()[1], stall=0.1) as sink:
        client, _ = reader.accept()
        with client, pytest.raises(RunError, match=r"did not take an answer for 0\.1 s"):
            all(sink.write(Answer(0.0, scores=np.zeros(100_000))) for _ in range(1000))


def test_headers_have_24_bytes():
    assert len(packed(ANSWER, 0, 0, b"")) == HEADER_SIZE == 24
