import importlib
import shutil

import numpy as np
import pytest
from scipy.io import wavfile

import lsm_sim as lsm
from lsm_sim import DescriptionError
from lsm_sim.datasets import fsdd
from tests.datasets import REAL, real, write_digits, write_wav


@pytest.fixture
def digits(tmp_path):
    return write_digits(tmp_path / "recordings")


def test_labels_speakers_and_split_come_from_the_names(digits):
    data = fsdd(digits)
    assert len(data) == 80
    assert data.y.tolist() == [digit for _ in "ab" for digit in range(10) for _ in range(4)]
    assert data.groups.tolist() == ["ann"] * 40 + ["bob"] * 40
    assert data.split.tolist() == [True, True, False, False] * 20  # numbers 0, 4 are of the test set, 5, 12 are not
    assert (data.sample_rate, data.classes) == (8000, tuple("0123456789"))


def test_the_sounds_are_those_of_the_files(digits):
    data = fsdd(digits)
    rate, samples = wavfile.read(digits / "3_bob_5.wav")
    (index,) = np.flatnonzero((data.y == 3) & (data.groups == "bob") & ~data.split)[:1]
    assert data.X[index].sample_rate == rate
    assert np.array_equal(data.X[index].samples * 2**15, samples)


def test_numbers_are_in_the_order_of_numbers(tmp_path):
    write_digits(tmp_path, speakers=["ann"], digits=[1], numbers=[10, 9, 100, 2])
    lengths = {2: 11, 9: 12, 10: 13, 100: 14}
    for number, samples in lengths.items():
        write_wav(tmp_path / f"1_ann_{number}.wav", samples)
    assert [len(sound) for sound in fsdd(tmp_path).X] == [11, 12, 13, 14]


@pytest.mark.parametrize("below", ["", "recordings", "free-spoken-digit-dataset-1.0.10/recordings"])
def test_the_folder_is_the_recordings_or_the_repository(tmp_path, below):
    write_digits(tmp_path / below, speakers=["ann"], digits=[0])
    assert len(fsdd(tmp_path)) == 4
    assert len(fsdd(str(tmp_path))) == 4


def test_any_number_of_speakers_will_do(tmp_path):
    assert np.unique(fsdd(write_digits(tmp_path, speakers=["george"], digits=[4])).groups).tolist() == ["george"]


def test_what_macos_leaves_beside_each_file_is_passed_over(digits):
    (digits / "._7_ann_0.wav").write_bytes(b"resource fork")
    assert len(fsdd(digits)) == 80


def test_a_silent_and_a_one_sample_recording_are_samples_like_others(digits):
    wavfile.write(digits / "0_ann_0.wav", 8000, np.zeros(800, np.int16))
    wavfile.write(digits / "0_ann_4.wav", 8000, np.ones(1, np.int16))
    data = fsdd(digits)
    assert data.X[0].samples.tolist() == [0] * 800
    assert len(data.X[1].samples) == 1


@pytest.mark.parametrize("name", ["x.wav", "10_ann_3.wav", "seven_ann_3.wav", "7_ann.wav", "7__3.wav", "7_ann_x.wav"])
def test_a_name_that_does_not_say_what_it_is_is_refused(digits, name):
    write_wav(digits / name)
    with pytest.raises(
        DescriptionError, match=f"{name}: the name does not contain digit, speaker and number; .*7_jackson_32"
    ):
        fsdd(digits)


def test_two_names_of_one_recording_are_refused(digits):
    shutil.copy(digits / "0_ann_0.wav", digits / "0_ann_00.wav")
    with pytest.raises(DescriptionError, match="is the same recording as"):
        fsdd(digits)


BROKEN = {
    "empty": lambda path: path.write_bytes(b""),
    "no samples": lambda path: wavfile.write(path, 8000, np.zeros(0, np.int16)),
    "cut short": lambda path: path.write_bytes(path.read_bytes()[:500]),
    "header only": lambda path: path.write_bytes(path.read_bytes()[:20]),
    "an mp3": lambda path: path.write_bytes(b"ID3" + bytes(range(256)) * 4),
    "not finite": lambda path: wavfile.write(path, 8000, np.array([0, np.nan, 1], np.float32)),
}


@pytest.mark.parametrize("how", BROKEN)
def test_a_broken_recording_is_named(digits, how):
    BROKEN[how](digits / "5_bob_4.wav")
    with pytest.raises(DescriptionError, match=r"5_bob_4\.wav: "):
        fsdd(digits)


def test_a_foreign_recording_is_named(digits):
    write_wav(digits / "5_bob_4.wav", rate=16000)
    with pytest.raises(DescriptionError, match=r"5_bob_4\.wav: got 16000 samples per second, but .* has 8000"):
        fsdd(digits)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _: None, "does not exist; expected the folder with the data"),
        (lambda path: path.write_text("x"), "is a file; expected the folder"),
        (lambda path: path.mkdir(), r"no \*\.wav in the folder"),
    ],
    ids=["missing", "a file", "empty"],
)
def test_a_folder_without_recordings_is_named(tmp_path, make, words):
    make(tmp_path / "here")
    with pytest.raises(DescriptionError, match=words):
        fsdd(tmp_path / "here")


def test_a_folder_that_is_none_is_refused():
    with pytest.raises(DescriptionError, match="got the folder 3, expected the path of a folder"):
        fsdd(3)


def test_nothing_is_downloaded_or_imported_before_it_is_needed():
    import subprocess
    import sys

    code = (
        "import sys, lsm_sim; lsm_sim.datasets.fsdd; print([m for m in ('pooch', 'h5py', 'wfdb') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@real("fsdd")
def test_the_real_recordings_are_all_there():
    data = fsdd(REAL / "fsdd")
    assert np.unique(data.groups).tolist() == ["jackson", "nicolas", "theo", "yweweler"]
    assert np.bincount(data.y).tolist() == [200] * 10
    assert (len(data.train), len(data.test), data.sample_rate) == (1800, 200, 8000)
    assert (min(map(len, data.X)), max(map(len, data.X))) == (1148, 18262)
    assert all(np.abs(sound.samples).max() > 0 for sound in data.X)


def test_the_checksum_is_that_of_the_version_in_its_name():
    archive = importlib.import_module("lsm_sim.datasets.fsdd").ARCHIVE
    assert "1.0.10" in archive.file
    assert archive.url.endswith("/v1.0.10.zip")
    assert lsm.datasets.fsdd is fsdd
