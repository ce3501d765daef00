"""A short run of the fuzzing campaign in this process, and every input that once failed."""

import shutil

import pytest

from tests.fuzz.bombs import ten_gigabytes
from tests.fuzz.campaign import FOUND, run
from tests.fuzz.targets import TARGETS, available
from tests.fuzz.worker import Inputs, attempt, read_good

FIRST = 1000  # after the special inputs, some of which take a second
SLOW = ("HDF5", "HDF5 gzip", "npz model", "NIR", "commands", "WFDB")


@pytest.mark.parametrize("name", available())
def test_a_few_hostile_files_end_as_documented(name, tmp_path):
    if name == "NIR":
        pytest.importorskip("nir", reason="pip install '.[nir]'")
    if name.startswith("HDF5"):
        pytest.importorskip("h5py", reason="pip install '.[data]'")
    if name == "WFDB":
        pytest.importorskip("wfdb", reason="pip install '.[data]'")
    inputs = Inputs(name, 0, tmp_path, FIRST)
    read_good(inputs)
    for i in range(FIRST, FIRST + (2 if name in SLOW else 25)):
        assert not attempt(inputs, inputs.folder(i)), f"input {i} of seed 0"


@pytest.mark.parametrize("path", sorted(FOUND.glob("*")) if FOUND.is_dir() else [], ids=lambda path: path.name)
def test_what_once_failed_ends_as_documented(path, tmp_path):
    name = next(name for name in TARGETS if path.name.startswith(f"{name.replace(' ', '-')}-"))
    inputs = Inputs(name, 0, tmp_path, FIRST)
    place = inputs.folder(FIRST)
    changed = next(good for good in inputs._good if path.name.endswith(f"-{good}"))
    if not inputs.target.together:
        shutil.rmtree(place)
        place.mkdir()
    else:
        for other, good in inputs._good.items():
            (place / other).write_bytes(good)
    (place / changed).write_bytes(path.read_bytes())
    assert not attempt(inputs, place)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["npz spikes", "HDF5 gzip", "TOML"])
def test_bombs_stay_within_the_limits(name):
    assert run(name, seed=0, first=0, stop=20).wrong == []


@pytest.mark.slow
def test_ten_gigabytes_of_zeros_are_a_file_of_ten_megabytes():
    assert 9 * 2**20 < len(ten_gigabytes("X")) < 11 * 2**20
