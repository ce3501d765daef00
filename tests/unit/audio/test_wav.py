import os
import struct

import numpy as np
import pytest
from scipy.io import wavfile

from lsm_sim import DescriptionError
from lsm_sim.audio import Recording, read_wav

VALUES = np.array([0.0, 0.5, -0.5, 0.25, -1.0])  # exact in eight bits and more


def pcm(samples, bits, channels=1, rate=8000):
    """Return the bytes of a wav file of signed integers of ``bits`` bits (unsigned where 8)."""
    size = bits // 8
    data = b"".join(int(v).to_bytes(size, "little", signed=bits > 8) for v in np.ravel(samples))
    head = struct.pack("<4sIHHIIHH", b"fmt ", 16, 1, channels, rate, rate * size * channels, size * channels, bits)
    return (
        b"RIFF"
        + struct.pack("<I", 12 + len(head) + len(data))
        + b"WAVE"
        + head
        + b"data"
        + struct.pack("<I", len(data))
        + data
    )


def written(tmp_path, content):
    path = tmp_path / "sound.wav"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
def test_integers_are_scaled_by_their_full_scale(tmp_path, bits):
    integers = VALUES * 2 ** (bits - 1) + (128 if bits == 8 else 0)
    recording = read_wav(written(tmp_path, pcm(integers, bits)))
    assert np.array_equal(recording.samples, VALUES)
    assert recording.sample_rate == 8000


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_taken_as_they_are(tmp_path, dtype):
    wavfile.write(tmp_path / "a.wav", 44100, VALUES.astype(dtype))
    recording = read_wav(tmp_path / "a.wav")
    assert np.array_equal(recording.samples, VALUES)
    assert recording.samples.dtype == np.float64
    assert recording.sample_rate == 44100


def test_two_channels_are_averaged(tmp_path):
    path = written(tmp_path, pcm([[16384, 0], [-32768, -32768]], 16, channels=2))
    assert read_wav(path).samples.tolist() == [0.25, -1.0]


def test_a_recording_may_have_one_sample(tmp_path):
    recording = read_wav(str(written(tmp_path, pcm([16384], 16))))
    assert recording.samples.tolist() == [0.5]
    assert len(recording) == 1
    assert recording.duration == 1 / 8000


def test_a_silent_recording_is_one_of_zeros(tmp_path):
    assert not read_wav(written(tmp_path, pcm(np.zeros(100), 16))).samples.any()


def test_chunks_that_are_no_sound_are_passed_over(tmp_path):
    content = pcm([16384], 16) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    content = content[:4] + struct.pack("<I", len(content) - 8) + content[8:]
    assert len(read_wav(written(tmp_path, content))) == 1


@pytest.mark.parametrize("bits", [8, 16, 24, 32])
@pytest.mark.parametrize("channels", [1, 2])
def test_a_truncated_file_is_refused_wherever_it_ends(tmp_path, bits, channels):
    content = pcm(np.full((20, channels), 200), bits, channels)
    for length in range(4, len(content)):
        with pytest.raises(DescriptionError, match=r"sound\.wav: the file ends before all samples"):
            read_wav(written(tmp_path, content[:length]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "empty file"),
        (b"ID3\x04 an mp3 file", "not a wav file"),
        (b"RIFF\x20\x00\x00\x00AVI LIST............................", "not a wav file"),
        (pcm([], 16), "no samples"),
        (pcm([1], 16)[:20] + struct.pack("<H", 7) + pcm([1], 16)[22:], "MULAW"),
        (pcm([1], 16)[:22] + struct.pack("<H", 0) + pcm([1], 16)[24:], "cannot read this wav file"),
    ],
    ids=["empty", "mp3", "avi", "no samples", "mu-law", "no channels"],
)
def test_a_file_that_cannot_be_used_is_named_with_the_reason(tmp_path, content, words):
    with pytest.raises(DescriptionError, match=f"sound.wav: .*{words}"):
        read_wav(written(tmp_path, content))


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_samples_that_are_no_numbers_are_refused(tmp_path, bad):
    wavfile.write(tmp_path / "a.wav", 8000, np.array([0.0, bad], np.float32))
    with pytest.raises(DescriptionError, match=r"a\.wav: got the sample (nan|inf)"):
        read_wav(tmp_path / "a.wav")


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    for path in (tmp_path / "none.wav", tmp_path):
        with pytest.raises(DescriptionError, match=f"{path.name}: cannot (read it|be read)"):
            read_wav(path)


@pytest.mark.parametrize(
    ("samples", "rate", "words"),
    [
        ([], 8000, "at least one sample"),
        ([[0.0, 1.0]], 8000, "expected \\(n,\\)"),
        ([0.0, np.nan], 8000, "nan"),
        ([0.0], 0, "sample_rate"),
        ([0.0], 0.5, "sample_rate"),
    ],
)
def test_a_recording_says_what_is_wrong_with_it(samples, rate, words):
    with pytest.raises(DescriptionError, match=words):
        Recording(samples, rate)


def test_a_file_without_samples_is_one_sentence(tmp_path):
    form = struct.pack("<HHIIHH", 1, 1, 8000, 16000, 2, 16)
    body = b"WAVEfmt " + struct.pack("<I", len(form)) + form
    (tmp_path / "a.wav").write_bytes(b"RIFF" + struct.pack("<I", len(body)) + body)
    with pytest.raises(
        DescriptionError, match=r"a\.wav: got a wav file without a data chunk, expected samples; copy or"
    ):
        read_wav(tmp_path / "a.wav")


def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "a.wav")
    with pytest.raises(
        DescriptionError, match=r"a\.wav: cannot be read, because it is a named pipe, expected a regular"
    ):
        read_wav(tmp_path / "a.wav")
