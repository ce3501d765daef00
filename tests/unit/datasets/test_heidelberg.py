import gzip
import os
import re
import sys
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from lsm_sim import BackendUnavailableError, DescriptionError
from lsm_sim.datasets import shd, ssc
from lsm_sim.support import environment
from tests.datasets import compressed, write_spikes


@pytest.fixture
def digits(tmp_path):
    return {part: write_spikes(tmp_path / f"shd_{part}.h5", n, seed=n) for part, n in (("train", 6), ("test", 4))}


def events(values, b, dt=0.001):
    """Return the events of one sample as a set of (step, unit)."""
    times = values["spikes/times"][b].astype(np.float64)
    return set(zip(np.floor(times / dt + 1e-9).astype(int).tolist(), values["spikes/units"][b].tolist(), strict=True))


def test_spikes_labels_and_speakers_are_those_of_the_files(tmp_path, digits):
    data = shd(tmp_path)
    assert data.y.tolist() == [*digits["train"]["labels"], *digits["test"]["labels"]]
    assert data.groups.tolist() == [str(who) for part in digits.values() for who in part["extra/speaker"]]
    assert data.split.tolist() == [False] * 6 + [True] * 4
    assert data.classes[3] == "word 3"
    assert (data.X.n_channels, data.X.dt) == (700, 0.001)
    for b in range(10):
        values, k = (digits["train"], b) if b < 6 else (digits["test"], b - 6)
        one = data.X[b]
        assert set(zip(one.step.tolist(), one.channel.tolist(), strict=True)) == events(values, k)


def test_a_sample_ends_with_its_last_spike(tmp_path, digits):
    data = shd(tmp_path, dt=0.01)
    for b, times in enumerate(digits["train"]["spikes/times"]):
        last = int(np.floor(float(times[-1]) / 0.01 + 1e-9)) if len(times) else 0
        assert data.X.n_steps[b] == last + 1


def test_of_two_spikes_in_one_step_one_is_kept(tmp_path):
    times = [np.array([0.0101, 0.0109, 0.02])]
    write_spikes(
        tmp_path / "shd_test.h5", 1, **{"spikes/times": times, "spikes/units": [np.array([5, 5, 5], np.uint16)]}
    )
    spikes = shd(tmp_path, parts=["test"]).X
    assert (spikes.step.tolist(), spikes.channel.tolist()) == ([10, 20], [5, 5])


@pytest.mark.parametrize("how", ["gz", "zip"])
def test_compressed_files_are_read(tmp_path, digits, how):
    plain = shd(tmp_path)
    for part in digits:
        compressed(tmp_path / f"shd_{part}.h5", how)
    packed = shd(tmp_path)
    assert np.array_equal(packed.X.step, plain.X.step)
    assert np.array_equal(packed.y, plain.y)


def test_parts_and_limit_choose_what_is_read(tmp_path, digits):
    assert shd(tmp_path, parts=["test"]).y.tolist() == digits["test"]["labels"].tolist()
    data = shd(tmp_path, limit=2)
    assert data.y.tolist() == [*digits["train"]["labels"][:2], *digits["test"]["labels"][:2]]
    assert data.split.tolist() == [False, False, True, True]


def test_commands_have_three_files(tmp_path):
    for part, n in (("train", 5), ("valid", 3), ("test", 2)):
        write_spikes(tmp_path / f"ssc_{part}.h5", n, n_classes=35)
    data = ssc(tmp_path)
    assert data.split.tolist() == [False] * 8 + [True] * 2
    assert len(data.classes) == 35


def test_without_names_and_speakers_there_are_numbers_and_no_groups(tmp_path):
    write_spikes(tmp_path / "shd_test.h5", **{"extra/keys": None, "extra/speaker": None})
    data = shd(tmp_path, parts=["test"])
    assert data.groups is None
    assert data.classes == tuple(str(k) for k in range(20))


def short(*values, dtype=np.uint16):
    return [np.array(values, dtype)] * 2


BROKEN = {
    "no spikes": (
        {"spikes/times": None, "spikes/units": None},
        "no spikes/times in the file, which contains extra, labels",
    ),
    "no units": ({"spikes/units": None}, "no spikes/units in the file"),
    "no labels": ({"labels": None}, "no labels in the file, which contains extra, spikes"),
    "a label too large": ({"labels": np.array([3, 20])}, "labels: got 20 for sample 1, expected 0..19"),
    "a label below zero": ({"labels": np.array([-1, 2])}, "labels: got -1 for sample 0"),
    "labels that are not whole": ({"labels": np.array([0.5, 2])}, "labels: got float64 .*, expected integers"),
    "labels as a table": ({"labels": np.zeros((2, 2), int)}, r"labels: got int64 of shape \(2, 2\), expected integers"),
    "nothing at all": ({"labels": np.zeros(0, int)}, r"labels: got int64 of shape \(0,\), expected integers"),
    "more labels than samples": (
        {"labels": np.zeros(3, int), "extra/speaker": None},
        "got 2 lists of times and 2 of units, expected 3",
    ),
    "lists of other lengths": (
        {"spikes/units": short(1, 2)},
        "sample 0: got 3 times and 2 units, expected the same number",
    ),
    "a unit too large": ({"spikes/units": short(1, 700, 2)}, "sample 0: got units 1..700, expected 0..699"),
    "a unit below zero": ({"spikes/units": short(1, -1, 2, dtype=np.int16)}, "got units -1..2, expected 0..699"),
    "units that are not whole": ({"spikes/units": short(1, 2, 3, dtype=np.float32)}, "float32 units, expected"),
    "a time that is not a number": (
        {"spikes/times": short(0.1, np.nan, 0.2, dtype=np.float32)},
        "sample 0: got a spike at nan s, expected times >= 0 in seconds",
    ),
    "a time before zero": ({"spikes/times": short(-0.1, 0.1, 0.2, dtype=np.float32)}, "got a spike at -0.1 s"),
    "times in nanoseconds": ({"spikes/times": short(1e9, 2e9, 3e9, dtype=np.float32)}, r"got a spike at 1e\+09 s"),
    "too few speakers": ({"extra/speaker": np.zeros(1, int)}, "extra/speaker: got 1 values, expected 2"),
    "too few names": ({"extra/keys": np.array([b"one"])}, "extra/keys: got 1 names, expected 20"),
}


@pytest.mark.parametrize("how", BROKEN)
def test_what_is_wrong_in_a_file_is_named(tmp_path, how):
    replaced, words = BROKEN[how]
    good = {
        "spikes/times": short(0.1, 0.2, 0.3, dtype=np.float32),
        "spikes/units": short(1, 2, 3),
        "labels": np.array([1, 2]),
        "extra/speaker": np.array([4, 5]),
    }
    write_spikes(tmp_path / "shd_test.h5", **good | replaced)
    with pytest.raises(DescriptionError, match=rf"shd_test\.h5: .*{words}"):
        shd(tmp_path, parts=["test"])


FOREIGN = {
    "text.h5": b"this is text",
    "empty.h5": b"",
    "text.h5.gz": b"this is text",
    "text.h5.zip": b"this is text",
    "zipped.h5.gz": gzip.compress(b"this is text"),
    "cut.h5.gz": gzip.compress(bytes(100_000))[:-20],
}


@pytest.mark.parametrize("how", FOREIGN)
def test_a_file_that_is_something_else_is_named(tmp_path, how):
    name = f"shd_test.{how.partition('.')[2]}"
    (tmp_path / name).write_bytes(FOREIGN[how])
    with pytest.raises(DescriptionError, match=f"{name}: damaged or not"):
        shd(tmp_path, parts=["test"])


@pytest.mark.usefixtures("digits")
def test_a_file_that_is_cut_short_is_named(tmp_path):
    path = tmp_path / "shd_test.h5"
    path.write_bytes(path.read_bytes()[:-2000])
    with pytest.raises(DescriptionError, match=r"shd_test\.h5: damaged or not an HDF5 file"):
        shd(tmp_path)


def test_a_missing_file_is_named(tmp_path):
    write_spikes(tmp_path / "shd_train.h5")
    with pytest.raises(
        DescriptionError, match=r"no shd_test\.h5 or shd_test\.h5\.gz or .* in the folder .*; get it from"
    ):
        shd(tmp_path)


@pytest.mark.parametrize("parts", ["test", [], ["valid"], ["test", "test"]], ids=str)
def test_parts_that_do_not_exist_are_refused(tmp_path, parts):
    with pytest.raises(DescriptionError, match="expected some of train, test"):
        shd(tmp_path, parts=parts)


@pytest.mark.parametrize("wrong", [{"dt": 0}, {"dt": np.nan}, {"limit": 0}], ids=str)
def test_numbers_out_of_range_are_refused(tmp_path, wrong):
    with pytest.raises(DescriptionError, match=r"shd (dt|limit)"):
        shd(tmp_path, **wrong)


@pytest.mark.usefixtures("digits")
def test_a_missing_package_is_named_with_the_line_that_installs_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "h5py", None)
    with pytest.raises(
        BackendUnavailableError,
        match=r"package h5py, .*" + re.escape(environment.install("data")),
    ):
        shd(tmp_path)


def test_a_file_that_hangs_hdf5_ends_in_one_sentence(tmp_path):
    """Some damaged bytes make the HDF5 library loop for ever, deaf to signals."""
    (tmp_path / "shd_test.h5").write_bytes((Path(__file__).parent / "saved/loops.h5").read_bytes())
    start = time.perf_counter()
    with pytest.raises(
        DescriptionError, match=r"shd_test\.h5: damaged or not an HDF5 file \(reading it needs more time"
    ):
        shd(tmp_path, parts=["test"])
    assert time.perf_counter() - start < 120  # it would loop for ever; 3 s of CPU time, on a machine that may be busy


@pytest.mark.parametrize("key", ["labels", "extra/speaker"])
def test_an_array_that_is_declared_but_not_stored_is_refused(tmp_path, key):
    """An HDF5 file of some kB may declare any number of values, which read as zeros."""
    import h5py

    write_spikes(tmp_path / "shd_test.h5", **{key: None})
    with h5py.File(tmp_path / "shd_test.h5", "a") as file:
        file.create_dataset(key, (2 * 10**9,), dtype=np.int64, chunks=True)
    with pytest.raises(DescriptionError, match=rf"{key} declares more values than a file of this size can contain"):
        shd(tmp_path, parts=["test"])


def test_lists_that_share_their_values_cannot_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr("lsm_sim.support.hdf5_process.BYTES", 2**25)
    monkeypatch.setattr("lsm_sim.support.hdf5_process.BYTES_PER_BYTE", 0)
    units = [np.zeros(100_000, np.int64)] * 64
    write_spikes(tmp_path / "shd_test.h5", 64, **{"spikes/units": units})
    with pytest.raises(DescriptionError, match=r"spikes/units contains more values than|memory"):
        shd(tmp_path, parts=["test"])


@pytest.mark.parametrize("how", ["gz", "zip"])
def test_a_bomb_is_refused(tmp_path, how):
    if how == "gz":
        (tmp_path / "shd_test.h5.gz").write_bytes(gzip.compress(bytes(2**26)))
    else:
        with zipfile.ZipFile(tmp_path / "shd_test.h5.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("shd_test.h5", bytes(2**26))
    with pytest.raises(
        DescriptionError, match=r"shd_test\.h5\..*: \d+ bytes expand to \d+, more than 100 times as many"
    ):
        shd(tmp_path, parts=["test"])


def test_a_named_pipe_does_not_block(tmp_path):
    os.mkfifo(tmp_path / "shd_test.h5")
    with pytest.raises(DescriptionError, match=r"shd_test\.h5: cannot be read, because it is a named pipe, expected"):
        shd(tmp_path, parts=["test"])
