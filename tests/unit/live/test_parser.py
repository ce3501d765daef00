"""The parser of packets: every byte is counted, nothing damaged comes out, undamaged packets are found."""

from __future__ import annotations

import struct
import tracemalloc
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lsm_sim.errors import DescriptionError
from lsm_sim.live import Parser, packed_array
from lsm_sim.live.packets import ANSWER, HEADER_SIZE, MAGIC, packed


def packet(number, values=(1.0, 2.0)):
    return packed_array(values, number)


def parsed(*parts, max_length=1000, piece=None):
    """Return the numbers of the packets found, and the counts."""
    parser, stream = Parser(max_length), b"".join(parts)
    size = piece or max(1, len(stream))
    found = [p for at in range(0, len(stream), size) for p in parser.feed(stream[at : at + size])]
    found += parser.close()
    counts = parser.counts
    assert counts.received == len(stream) == counts.accepted + counts.skipped
    return [p.sequence for p in found], counts


def test_the_bytes_are_those_that_the_page_documents():
    payload = struct.pack("<2d", 0.5, -1.0)
    header = bytes.fromhex("AB4C534D 01 02 0200 10000000 07000000")
    check = zlib.crc32(header)
    expected = header + struct.pack("<II", check, zlib.crc32(header + payload)) + payload
    assert packed_array([[0.5, -1.0]], 7) == expected


@pytest.mark.parametrize("kind", ["float32", "float64"])
def test_values_survive(kind):
    frames = np.array([[0.5, -1.0, 3.0], [1e-3, 2.0, 4.0]], dtype=kind).astype(float)
    (found,) = Parser().feed(packed_array(frames, 0, kind=kind))
    assert np.array_equal(found.values(), frames)


def test_events_survive():
    (found,) = Parser().feed(packed_array([[3, -7], [0, 2**31 - 1]], 0, kind="events", n_channels=4))
    assert found.events().tolist() == [[3, -7], [0, 2**31 - 1]]
    (found,) = Parser().feed(packed_array([], 0, kind="events", n_channels=4))
    assert found.events().shape == (0, 2)


@pytest.mark.parametrize("piece", [1, 2, 3, 23, 24, 25, 1000])
def test_pieces_of_any_size_give_the_same(piece):
    stream = [b"\xab\xabL", packet(0), MAGIC, b"x" * 30, packet(1), packet(2)[:-3], packet(3), b"\xabLS"]
    numbers, counts = parsed(*stream, piece=piece)
    assert numbers == [0, 1, 3]
    assert counts == parsed(*stream)[1]


def test_a_changed_bit_anywhere_is_noticed_and_the_next_packet_found():
    for bit in range(8 * len(packet(1))):
        damaged = bytearray(packet(1))
        damaged[bit // 8] ^= 1 << bit % 8
        numbers, counts = parsed(packet(0), bytes(damaged), packet(2))
        assert numbers == [0, 2], f"bit {bit}"
        assert counts.missing == 1
        assert counts.bad_checksum == (bit >= 8 * len(MAGIC))


def test_a_packet_cut_anywhere_does_not_hide_the_next_ones():
    for length in range(1, len(packet(1))):
        numbers, counts = parsed(packet(0), packet(1)[:length], packet(2), packet(3))
        assert numbers == [0, 2, 3], f"cut after {length} bytes"
        assert counts.missing == 1


def test_a_packet_cut_by_the_end_is_counted():
    for length in range(len(MAGIC), len(packet(1))):
        numbers, counts = parsed(packet(0), packet(1)[:length])
        assert (numbers, counts.truncated, counts.bad_checksum) == ([0], 1, 0), f"cut after {length} bytes"


def test_packets_behind_a_long_promise_are_found_at_the_end():
    numbers, counts = parsed(packed(2, 1, 0, bytes(800))[:50], packet(1), packet(2))
    assert (numbers, counts.truncated) == ([1, 2], 1)


def test_an_oversized_packet_is_refused_by_its_header():
    parser = Parser(1000)
    header = packed(2, 1, 0, bytes(1008))[:HEADER_SIZE]
    assert parser.feed(header) == []
    assert (parser.counts.oversized, parser.held) == (1, 0)
    numbers, counts = parsed(packed(2, 1, 0, bytes(1008)), packet(1))
    assert (numbers, counts.oversized, counts.skipped) == ([1], 1, HEADER_SIZE + 1008)


@pytest.mark.parametrize(
    ("kind", "channels", "size"), [(0, 1, 8), (9, 1, 8), (1, 3, 8), (2, 1, 9), (2, 0, 8), (3, 1, 12)]
)
def test_a_payload_that_does_not_fit_is_malformed(kind, channels, size):
    numbers, counts = parsed(packed(kind, channels, 0, bytes(size)), packet(1))
    assert (numbers, counts.malformed) == ([1], 1)


def test_another_version_is_malformed():
    fields = struct.pack("<4sBBHII", MAGIC, 2, 2, 1, 0, 0)
    check = zlib.crc32(fields)
    numbers, counts = parsed(fields + struct.pack("<II", check, check), packet(1))
    assert (numbers, counts.malformed) == ([1], 1)


def test_answers_have_any_length():
    (found,) = Parser().feed(packed(ANSWER, 0, 3, b"{}\n"))
    assert found.payload == b"{}\n"


def sequence(*numbers):
    found, counts = parsed(*(packet(n % 2**32) for n in numbers))
    return found, (counts.missing, counts.reordered, counts.duplicates, counts.restarts)


def test_gaps_are_counted():
    assert sequence(5, 6, 9, 10) == ([5, 6, 9, 10], (2, 0, 0, 0))


def test_duplicates_are_not_returned():
    assert sequence(0, 1, 1, 0, 2) == ([0, 1, 2], (0, 0, 2, 0))


def test_a_late_packet_is_not_returned_and_no_longer_missing():
    assert sequence(0, 2, 1, 3) == ([0, 2, 3], (0, 1, 0, 0))
    assert sequence(0, 2, 1, 1, 3) == ([0, 2, 3], (0, 1, 1, 0))


def test_a_number_before_the_first_was_never_missing():
    assert sequence(5, 4, 8) == ([5, 8], (2, 1, 0, 0))


def test_numbers_begin_again_after_2_to_the_32():
    top = 2**32
    assert sequence(top - 2, top - 1, top, top + 1, top - 1) == ([top - 2, top - 1, 0, 1], (0, 0, 1, 0))
    assert sequence(top - 1, top + 2) == ([top - 1, 2], (2, 0, 0, 0))


def test_a_number_far_below_starts_anew():
    assert sequence(5000, 0, 1) == ([5000, 0, 1], (0, 0, 0, 1))
    assert sequence(0, 5000, 4990, 4990) == ([0, 5000], (4998, 1, 1, 0))


def test_numbers_start_anew_after_close():
    parser = Parser()
    for _ in range(2):
        assert [p.sequence for p in parser.feed(packet(0) + packet(1)) + parser.close()] == [0, 1]
    assert (parser.counts.good, parser.counts.duplicates, parser.counts.restarts) == (4, 0, 0)


PARTS = st.one_of(
    st.binary(max_size=40),
    st.just(MAGIC),
    st.integers(0, 2**32 - 1).map(packet),
    st.tuples(st.integers(0, 20).map(packet), st.integers(0, 39)).map(lambda p: p[0][: p[1]]),
    st.tuples(st.integers(0, 20).map(packet), st.integers(0, 319)).map(lambda p: flipped(*p)),
    st.integers(0, 300).map(lambda n: packed(2, 1, n, bytes(8 * n))),
    st.tuples(st.integers(0, 255), st.binary(max_size=60)).map(lambda p: packed(p[0], 2, 1, p[1])),
)


def flipped(content, bit):
    damaged = bytearray(content)
    damaged[bit // 8] ^= 1 << bit % 8
    return bytes(damaged)


@given(st.lists(PARTS, max_size=12), st.integers(1, 200))
def test_no_input_raises_and_what_comes_out_was_sent(parts, piece):
    parser, stream = Parser(500), b"".join(parts)
    found = []
    for at in range(0, len(stream), piece):
        found += parser.feed(stream[at : at + piece])
        assert parser.held < HEADER_SIZE + 500
    found += parser.close()
    counts = parser.counts
    assert counts.received == len(stream) == counts.accepted + counts.skipped
    assert counts.good == len(found) + counts.duplicates + counts.reordered
    for p in found:  # byte for byte, so with its checksum
        assert packed(p.kind, p.channels, p.sequence, p.payload) in stream


@pytest.mark.parametrize("seed", range(20))
def test_random_bytes_give_nothing(seed):
    rng = np.random.default_rng(seed)
    parser = Parser(100)
    content = rng.bytes(5000) + b"".join(MAGIC + rng.bytes(int(rng.integers(60))) for _ in range(200))
    assert parser.feed(content) + parser.close() == [], f"seed {seed}"


def crafted(number, length):
    """Return headers with right checksums that promise ``length`` bytes whose checksum is wrong."""
    return packed(2, 1, 0, bytes(length))[:HEADER_SIZE] * number


def test_crafted_headers_cost_time_in_proportion_to_their_number(monkeypatch):
    summed = 0
    crc32 = zlib.crc32

    def counting(data, start=0):
        nonlocal summed
        summed += len(data)
        return crc32(data, start)

    content = crafted(20_000, 80_000) + bytes(80_000)
    monkeypatch.setattr("lsm_sim.live.parser.zlib.crc32", counting)
    parser = Parser(100_000)
    parser.feed(content)
    parser.close()
    assert summed < 10 * (len(content) + 100_000)  # trying each header would cost 20 000 * 80 000


def test_a_parser_holds_no_more_than_a_packet():
    tracemalloc.start()
    try:
        parser = Parser(10_000)
        for _ in range(300):
            parser.feed(crafted(100, 9000))
            parser.feed(np.random.default_rng(1).bytes(50_000))
            assert parser.held < HEADER_SIZE + 10_000
        assert tracemalloc.get_traced_memory()[1] < 500_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", ["text", None, 5, [1]])
def test_only_bytes_are_fed(data):
    with pytest.raises(DescriptionError, match=r"Parser\.feed data: got"):
        Parser().feed(data)


@pytest.mark.parametrize("most", [0, -1, 2**32, "a", None])
def test_max_length_is_a_positive_number_of_32_bits(most):
    with pytest.raises(DescriptionError, match="Parser max_length: got"):
        Parser(most)


@pytest.mark.parametrize(
    ("array", "how", "message"),
    [
        ([1.0, float("nan")], {}, "got nan"),
        (np.zeros((1, 2, 3)), {}, r"got shape \(1, 2, 3\)"),
        ([1e300], {"kind": "float32"}, "too large for float32"),
        ([1.0], {"kind": "int8"}, "packed_array kind: got 'int8'"),
        ([[0, 1]], {"kind": "events"}, "n_channels, for events: got None"),
        ([[2, 1]], {"kind": "events", "n_channels": 2}, "a channel outside 0 to 1"),
        ([[0, 2**31]], {"kind": "events", "n_channels": 2}, "beyond 32 bits"),
        ([[0, 1, 2]], {"kind": "events", "n_channels": 2}, r"got shape \(1, 3\)"),
        ([1.0], {"n_channels": 2}, "got 1 channels, expected 2"),
    ],
)
def test_wrong_arrays_are_not_packed(array, how, message):
    with pytest.raises(DescriptionError, match=message):
        packed_array(array, 0, **how)


def test_the_summary_names_what_happened():
    _, counts = parsed(packet(0), b"xyz", packet(1)[:-2], packet(3), packet(3))
    assert counts.summary() == ("3 good packets; 1 with a wrong checksum, 2 missing, 1 duplicates, 41 bytes skipped")
