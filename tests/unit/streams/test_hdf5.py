"""HDF5 files of samples, read in a process of its own, some samples at a time."""

import contextlib
import time
from pathlib import Path

import h5py
import numpy as np
import pytest

from lsm_sim.errors import DescriptionError
from lsm_sim.streams.batches import chunks
from lsm_sim.support import hdf5_process, hdf5_worker

SEEDS = (0, 1, 2, 3, 4, 5)
SAVED = Path(__file__).parents[1] / "datasets/saved"
X = np.random.default_rng(0).random((50, 4, 2), np.float32)
Y = np.arange(50) % 3


@pytest.fixture
def path(tmp_path):
    """A file whose samples are compressed in parts of other sizes."""
    with h5py.File(tmp_path / "a.h5", "w") as file:
        file.create_dataset("X", data=X, chunks=(7, 4, 2), compression="gzip")
        file["y"] = Y
    return tmp_path / "a.h5"


def test_parts_are_the_arrays_of_the_file_and_may_be_left_unread(path):
    found = [*chunks(str(path), 20)]
    assert [len(part) for part in found] == [20, 20, 10]
    assert np.array_equal(np.concatenate([part.X for part in found]), X)
    assert np.array_equal(np.concatenate([part.y for part in found]), Y)
    assert found[0].X.dtype == X.dtype
    found[0].X[0] = 0  # it belongs to the caller
    parts = chunks(str(path), 1)
    assert len(next(parts)) == 1
    parts.close()


def declared(file):
    file.create_dataset("X", (2 * 10**9, 4, 2), dtype=np.float64, chunks=True)


def of_two_lengths(file):
    file["X"], file["y"] = X, Y[:5]


def of_text(file):
    file["X"] = ["a", "b"]


def a_group(file):
    file.create_group("X")


def something_else(file):
    file["Z"] = X


@pytest.mark.parametrize(
    ("fill", "message"),
    [
        (declared, "X declares more values than a file of this size can contain"),
        (of_two_lengths, "y: got 5 values, expected 50"),
        (of_text, "got values of type <U1, expected real numbers"),
        (a_group, "X is no array of samples"),
        (something_else, "it has no array X"),
    ],
    ids=["declared", "of two lengths", "of text", "a group", "another name"],
)
def test_a_file_with_something_else_is_one_sentence(tmp_path, fill, message):
    with h5py.File(tmp_path / "a.h5", "w") as file:
        fill(file)
    with pytest.raises(DescriptionError, match=rf"a\.h5: .*{message}"):
        next(chunks(str(tmp_path / "a.h5"), 10**8))


@pytest.mark.parametrize(
    ("death", "message"),
    [
        ("os.kill(os.getpid(), 11)", "the HDF5 library ended by signal 11"),
        ("os._exit(1)", "reading it needs more time"),
    ],
    ids=["crash", "exit"],
)
def test_a_library_that_crashes_is_one_sentence(path, tmp_path, monkeypatch, death, message):
    worker = tmp_path / "worker.py"
    worker.write_text(f"import os\n{death}\n")
    monkeypatch.setattr(hdf5_worker, "__file__", str(worker))
    with pytest.raises(DescriptionError, match=rf"a\.h5: damaged or not an HDF5 file of samples \({message}"):
        next(chunks(str(path), 10))


@pytest.mark.slow
def test_a_file_that_makes_the_library_loop_for_ever_is_one_sentence():
    start = time.perf_counter()
    with pytest.raises(DescriptionError, match=r"loops\.h5: damaged or not an HDF5 file"):
        next(chunks(str(SAVED / "loops.h5"), 10))
    assert time.perf_counter() - start < 120  # 3 s of CPU time, on a machine that may be busy


@pytest.mark.slow
@pytest.mark.parametrize("seed", SEEDS)
def test_a_file_with_changed_bytes_is_read_or_one_sentence(path, seed):
    """Numbers may differ, because HDF5 has no checksums; but every array has the form that the file declares."""
    rng = np.random.default_rng(seed)
    data = bytearray(path.read_bytes())
    for at in rng.integers(0, len(data), 30):
        data[at] = rng.integers(256)
    path.write_bytes(data)
    print("seed", seed)
    with contextlib.suppress(DescriptionError):
        assert all(len(arrays[0]) == len(arrays[-1]) <= 20 for arrays in hdf5_process.read_rows(path, 20))
