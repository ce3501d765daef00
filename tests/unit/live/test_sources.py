"""Sources from iterables, wav files and raw streams: shapes, pace, ends, stalls and false rates."""

from __future__ import annotations

import contextlib
import io
import os
import threading

import numpy as np
import pytest
from scipy.io import wavfile

from lsm_sim import ms
from lsm_sim.errors import DescriptionError, LsmWarning, RunError
from lsm_sim.live import RawAudioSource, WavSource, from_iterable
from lsm_sim.live.pace import Pacer, RateCheck


class Clock:
    """A clock that only its own sleep, and tests, advance."""

    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds + 0.0001  # every sleep is a little too long


def test_items_of_an_iterable_may_be_frames_or_arrays_of_frames():
    source = from_iterable([[1, 2], np.ones((3, 2)), np.empty((0, 2))], rate=50)
    assert (source.n_channels, source.rate) == (2, 50)
    assert [a.shape for a in source] == [(1, 2), (3, 2), (0, 2)]
    assert all(a.dtype == np.float64 for a in source)


def test_numbers_are_frames_of_one_channel():
    source = from_iterable(iter([0.5, 1.5]))
    assert source.n_channels == 1
    assert [a.tolist() for a in source] == [[[0.5]], [[1.5]]]


def test_a_generator_loses_nothing_and_is_not_read_ahead_when_the_channels_are_given():
    assert [a[0, 0] for a in from_iterable(float(i) for i in range(3))] == [0, 1, 2]
    read = []
    source = from_iterable((read.append(i) or [i, i] for i in range(3)), n_channels=2)
    assert read == []
    next(iter(source))
    assert read == [0]


def test_a_list_can_be_read_twice():
    source = from_iterable([[1], [2]])
    assert [len(list(source)) for _ in range(2)] == [2, 2]


@pytest.mark.parametrize(
    ("items", "how", "message"),
    [
        ([[1, 2], [1]], {}, "from_iterable item 1: got 1 channels, expected 2"),
        ([[1, 2]], {"n_channels": 3}, "from_iterable item 0: got 2 channels, expected 3"),
        ([[1], [float("nan")]], {}, "from_iterable item 1: got nan"),
        ([["a"]], {}, "item 0: got values of type"),
        ([np.zeros((1, 1, 1))], {}, r"item 0: got shape \(1, 1, 1\)"),
        ([[]], {}, r"item 0: got shape \(1, 0\)"),
        ([], {}, "got no items"),
        (iter([]), {}, "got no items"),
        ("text", {}, "got str"),
        (5, {}, "got int"),
        (np.array(1.0), {}, "got one number"),
        ([[1]], {"rate": 0}, "rate: got 0"),
        ([[1]], {"n_channels": 0}, "n_channels: got 0"),
        ([[1]], {"n_channels": "a"}, "n_channels: got 'a'"),
    ],
)
def test_wrong_items_are_refused(items, how, message):
    with pytest.raises(DescriptionError, match=message):
        list(from_iterable(items, **how))


@pytest.fixture
def wav(tmp_path):
    samples = np.arange(-100, 150, dtype=np.int16)
    wavfile.write(tmp_path / "a.wav", 8000, samples)
    return tmp_path / "a.wav", samples / 2**15


def test_a_wav_file_comes_in_chunks(wav):
    path, samples = wav
    source = WavSource(path, pace=False)
    assert (source.n_channels, source.rate, source.n_late, source.worst_delay) == (1, 8000, 0, 0)
    chunks = list(source)
    assert [c.shape for c in chunks] == [(80, 1)] * 3 + [(10, 1)]
    assert np.array_equal(np.concatenate(chunks)[:, 0], samples)
    assert [len(c) for c in WavSource(path, chunk=1e-9, pace=False)] == [1] * 250


def paced(monkeypatch, path, work):
    """Return when chunks were given, in seconds after the start, by a consumer that works so long on each; and the source."""
    clock = Clock()
    monkeypatch.setattr("lsm_sim.live.sources.Pacer", lambda: Pacer(clock, clock.sleep))
    source, times = WavSource(path), []
    for _, seconds in zip(source, work, strict=True):
        times.append(clock.now - 100)
        clock.now += seconds
    return times, source


def test_chunks_come_when_they_would_have_been_recorded_without_drift(wav, monkeypatch):
    times, source = paced(monkeypatch, wav[0], [1 * ms] * 4)
    assert np.allclose(times, [0.0101, 0.0201, 0.0301, 0.03135])  # each sleep is 0.1 ms too long, which does not add up
    assert (source.n_late, source.worst_delay) == (0, 0)


def test_late_chunks_are_given_at_once_and_counted(wav, monkeypatch):
    times, source = paced(monkeypatch, wav[0], [25 * ms, 0, 0, 0])
    assert np.allclose(times, [0.01, 0.035, 0.035, 0.035], atol=0.0003)
    assert source.n_late == 3
    assert source.worst_delay == pytest.approx(0.0151, abs=0.0003)


def test_the_pace_is_that_of_a_real_clock(wav):
    assert len(list(WavSource(wav[0], chunk=10 * ms))) == 4


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"chunk": 0}, "chunk: got 0"),
        ({"chunk": 10_000}, r"did you mean 10000 \* ms"),
        ({"chunk": "a"}, "chunk: got values"),
        ({"pace": 2}, "pace: got 2"),
    ],
)
def test_wrong_settings_of_a_wav_source_are_refused(wav, how, message):
    with pytest.raises(DescriptionError, match=message):
        WavSource(wav[0], **how)


def test_a_missing_wav_file_is_refused(tmp_path):
    with pytest.raises(DescriptionError, match="cannot read"):
        WavSource(tmp_path / "none.wav")


VALUES = np.array([[0.0, 0.5], [-1.0, 0.25]])


@pytest.mark.parametrize(
    ("name", "dtype", "scale", "centre"),
    [
        ("u8", "u1", 2**7, 128),
        ("s16le", "<i2", 2**15, 0),
        ("s16be", ">i2", 2**15, 0),
        ("s32le", "<i4", 2**31, 0),
        ("s32be", ">i4", 2**31, 0),
        ("f32le", "<f4", 1, 0),
        ("f64le", "<f8", 1, 0),
    ],
)
def test_samples_of_every_format(name, dtype, scale, centre):
    stream = io.BytesIO((VALUES * scale + centre).astype(dtype).tobytes())
    source = RawAudioSource(stream, 8000, name, channels=2)
    (frames,) = source
    assert np.array_equal(frames, VALUES)
    assert (source.n_channels, source.rate, source.n_frames) == (2, 8000, 2)


@contextlib.contextmanager
def pipe():
    """The two ends of a pipe, as binary streams."""
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as source, os.fdopen(writing, "wb", buffering=0) as sink:
        yield source, sink


@pytest.mark.parametrize("piece", [1, 7, 160, 1000])
def test_a_pipe_gives_full_chunks_whatever_the_pieces(piece):
    samples = np.arange(200, dtype="<i2")
    content = samples.tobytes()

    def write():
        for at in range(0, len(content), piece):
            sink.write(content[at : at + piece])
        sink.close()

    with pipe() as (stream, sink):
        thread = threading.Thread(target=write)
        thread.start()
        chunks = list(RawAudioSource(stream, 8000, stall=20))
        thread.join()
    assert [len(c) for c in chunks] == [80, 80, 40]
    assert np.array_equal(np.concatenate(chunks)[:, 0] * 2**15, samples)


@pytest.mark.parametrize("left", [1, 2, 3])
def test_an_end_in_the_middle_of_a_frame_is_reported(left):
    source = RawAudioSource(io.BytesIO(bytes(4 * 100 + left)), 8000, channels=2)
    with pytest.warns(LsmWarning, match=f"ended with {left} bytes of a frame of 4, which were left out"):
        frames = sum(len(chunk) for chunk in source)
    assert (frames, source.n_frames, source.n_incomplete) == (100, 100, left)


def test_a_stream_may_end_at_once():
    assert list(RawAudioSource(io.BytesIO(b""), 8000)) == []


def test_a_stall_is_an_error():
    with pipe() as (stream, sink):
        sink.write(bytes(160))
        frames = iter(RawAudioSource(stream, 8000, stall=0.05))
        assert len(next(frames)) == 80
        with pytest.raises(RunError, match=r"got no data for 0\.05 s after 80 frames, expected 8000 frames per second"):
            next(frames)


def test_nan_samples_are_left_out_and_reported_once():
    samples = np.zeros((3000, 2), "<f4")
    samples[[5, 2000], [0, 1]] = np.nan, np.inf
    source = RawAudioSource(io.BytesIO(samples.tobytes()), 8000, "f32le", channels=2)
    with pytest.warns(LsmWarning, match="NaN or infinite samples") as caught:
        chunks = list(source)
    assert len(caught) == 1
    assert np.isfinite(np.concatenate(chunks)).all()
    assert (source.n_frames, source.n_not_finite) == (2998, 2)


def test_a_file_in_place_of_a_microphone_is_told(tmp_path):
    """It gives 60 s of sound at once."""
    (tmp_path / "a.raw").write_bytes(bytes(2 * 8000 * 60))
    with (
        (tmp_path / "a.raw").open("rb") as stream,
        pytest.warns(LsmWarning, match="expected 8000 per second") as caught,
    ):
        assert sum(len(c) for c in RawAudioSource(stream, 8000)) == 480_000
    assert len(caught) == 1


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ({"stream": io.StringIO("a")}, "stream: got StringIO, expected a binary stream"),
        ({"stream": 5}, "stream: got int"),
        ({"sample_rate": 0}, "sample_rate: got 0"),
        ({"sample_rate": 1e300}, "chunk: got 1e"),
        ({"sample_format": "mp3"}, "sample_format: got 'mp3', expected 'u8'"),
        ({"channels": 0}, "channels: got 0"),
        ({"chunk": -1}, "chunk: got -1"),
        ({"stall": 0}, "stall: got 0"),
    ],
)
def test_wrong_settings_of_a_raw_source_are_refused(how, message):
    with pytest.raises(DescriptionError, match=message):
        RawAudioSource(**{"stream": io.BytesIO(), "sample_rate": 8000} | how)


def test_a_closed_stream_is_refused():
    with pipe() as (stream, _):
        source = RawAudioSource(stream, 8000)
        stream.close()
        with pytest.raises(DescriptionError, match="closed stream"):
            RawAudioSource(stream, 8000)
        with pytest.raises(RunError, match="cannot read the stream"):
            list(source)


def judged(true_rate, *, work=0.0, stored=0.0, seconds=60.0, pause=0.0):
    """Return what a check says of 10 ms chunks at a claimed rate of 8000, and when.

    The consumer works on each chunk for ``work`` seconds, during which a chunk may arrive without waiting; ``stored`` seconds
    were there at the start.
    """
    check, now = RateCheck(8000, 4.0, "x", 0.0), 0.0
    n = 0
    while now < seconds:
        n += 80
        due = max(0.0, n / true_rate - stored) + pause
        waited = max(0.0, due - now)
        now = max(now, due)
        if told := check.add(80, waited, now):
            return told, now
        now += work
    return None, now


@pytest.mark.parametrize("rate", [6000, 8000, 10_000])
@pytest.mark.parametrize("work", [0.0, 0.004, 0.05])
@pytest.mark.parametrize("stored", [0.0, 4.0])
def test_a_true_rate_is_not_told_however_slow_the_consumer(rate, work, stored):
    assert judged(rate, work=work, stored=stored)[0] is None


@pytest.mark.parametrize("rate", [2000, 4000, 16_000, 48_000, 1e9])
@pytest.mark.parametrize("stored", [0.0, 1.0])
def test_a_false_rate_is_told_within_some_seconds(rate, stored):
    told, now = judged(rate, work=0.0001, stored=stored)
    assert "expected 8000 per second" in told
    assert now < 20


def test_a_rate_is_told_once():
    check = RateCheck(8000, 0.0, "x", 0.0)
    assert [check.add(80, 1.0, float(i)) is not None for i in range(1, 30)].count(True) == 1
