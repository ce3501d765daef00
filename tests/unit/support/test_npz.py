"""Files that lie, are damaged, or are not what they are called end in one sentence, soon, and without large memory."""

import io
import os
import struct
import zipfile

import numpy as np
import pytest
from numpy.lib import format as npy

from lsm_sim import Program, Spikes
from lsm_sim.engine import conformance
from lsm_sim.errors import DescriptionError
from lsm_sim.support import npz
from lsm_sim.testing import random_program, random_stimulus


@pytest.fixture(scope="module")
def program():
    return random_program(np.random.default_rng(3), "loihi")


@pytest.fixture
def file(program, tmp_path):
    program.save(tmp_path / "program.npz")
    return tmp_path / "program.npz"


def loads_or_explains(path):
    """Load as anything; whatever goes wrong must be a `DescriptionError` that begins with the file."""
    for load in (Program.load, Spikes.load, npz.read):
        try:
            load(path)
        except DescriptionError as error:
            assert str(error).startswith(str(path))  # noqa: PT017
            assert "\n" not in str(error)  # noqa: PT017


def test_arrays_come_back_as_they_were(tmp_path):
    arrays = {
        "scalar": 3.5,
        "text": "liquid",
        "names": np.array(["a", "é"]),
        "empty": np.zeros((0, 3), np.int32),
        "grid": np.arange(6.0).reshape(2, 3),
    }
    npz.write(tmp_path / "x.npz", arrays)
    back = npz.read(tmp_path / "x.npz")
    assert back.keys() == arrays.keys()
    assert (back["scalar"], back["text"]) == (3.5, "liquid")
    for name in ("names", "empty", "grid"):
        np.testing.assert_array_equal(back[name], arrays[name])
        assert back[name].dtype == arrays[name].dtype


def test_a_name_without_suffix_is_kept(tmp_path):
    npz.write(tmp_path / "plain", {"a": 1})
    assert [path.name for path in tmp_path.iterdir()] == ["plain"]


def test_a_file_cut_anywhere_is_an_error(file):
    whole = file.read_bytes()
    for size in sorted({*range(0, len(whole), len(whole) // 60), len(whole) - 1, len(whole) - 30}):
        file.write_bytes(whole[:size])
        with pytest.raises(DescriptionError, match=r"damaged or not an .npz file"):
            Program.load(file)


@pytest.mark.parametrize("seed", range(4))
def test_flipped_bytes_never_surprise(file, seed):
    whole, rng = file.read_bytes(), np.random.default_rng(seed)
    for _ in range(100):
        damaged = bytearray(whole)
        for place in rng.integers(0, len(whole), rng.integers(1, 6)):
            damaged[place] ^= int(rng.integers(1, 256))
        file.write_bytes(bytes(damaged))
        loads_or_explains(file)


def test_flipped_bytes_in_the_arrays_never_surprise(program, tmp_path):
    """As above, but with checksums that fit, so that what is inside gets read."""
    program.save(tmp_path / "whole.npz")
    with zipfile.ZipFile(tmp_path / "whole.npz") as archive:
        members = {info.filename: archive.read(info) for info in archive.infolist()}
    rng = np.random.default_rng(0)
    for _ in range(300):
        name = list(members)[rng.integers(len(members))]
        damaged = bytearray(members[name])
        for place in rng.integers(0, len(damaged), rng.integers(1, 4)):
            damaged[place] ^= int(rng.integers(1, 256))
        with zipfile.ZipFile(tmp_path / "damaged.npz", "w") as archive:
            for other, data in members.items():
                archive.writestr(other, bytes(damaged) if other == name else data)
        loads_or_explains(tmp_path / "damaged.npz")


def test_random_bytes_are_an_error(tmp_path):
    for size in (0, 1, 22, 1000):
        (tmp_path / "noise").write_bytes(np.random.default_rng(size).bytes(size))
        with pytest.raises(DescriptionError, match=r"damaged or not an .npz file"):
            npz.read(tmp_path / "noise")


class Bomb:
    """What a malicious pickle looks like: loading it would run a command."""

    def __reduce__(self):
        return os.mkdir, ("/nonexistent/pickle-was-loaded",)


def test_pickled_objects_are_never_loaded(tmp_path):
    np.savez(tmp_path / "pickle.npz", format="lsm_sim.program/1", post=np.array([Bomb()], dtype=object))
    with pytest.raises(DescriptionError, match=r"pickled objects, which are never loaded"):
        Program.load(tmp_path / "pickle.npz")


def header(shape, descr="<f8", version=(1, 0)):
    text = repr({"descr": descr, "fortran_order": False, "shape": shape}).encode() + b"\n"
    size = struct.pack("<H" if version == (1, 0) else "<I", len(text))
    return npy.magic(*version) + size + text


@pytest.mark.parametrize("version", [(1, 0), (2, 0), (3, 0)])
@pytest.mark.parametrize(
    "shape",
    [
        (10**12,),
        (2**63,),
        (10**30,),
        (2**32, 2**32),
        (-1,),
        (-5, -5),
        (10**9, 10**9, 10**9, 0),
        ("a",),
        (1.5,),
        7,
        (True,) * 3,
    ],
    ids=str,
)
def test_claimed_shapes_are_compared_with_what_is_there(tmp_path, shape, version):
    with zipfile.ZipFile(tmp_path / "liar.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("post.npy", header(shape, version=version) + bytes(64))
    with pytest.raises(DescriptionError, match=r"liar\.npz"):
        npz.read(tmp_path / "liar.npz")


@pytest.mark.parametrize("version", [(0, 0), (9, 9), (1, 7)])
def test_unknown_versions_are_an_error(tmp_path, version):
    with zipfile.ZipFile(tmp_path / "old.npz", "w") as archive:
        archive.writestr("post.npy", b"\x93NUMPY" + bytes(version) + header((8,))[8:] + bytes(64))
    with pytest.raises(DescriptionError, match=r"old\.npz"):
        npz.read(tmp_path / "old.npz")


@pytest.mark.parametrize(
    "text", [b"", b"[" * 5000, b"{'descr': __import__('os').system('true')}", b"{}", b"(" * 60_000]
)
def test_headers_are_data_not_code(tmp_path, text):
    with zipfile.ZipFile(tmp_path / "code.npz", "w") as archive:
        archive.writestr("post.npy", npy.magic(1, 0) + struct.pack("<H", len(text)) + text)
    with pytest.raises(DescriptionError, match=r"code\.npz"):
        npz.read(tmp_path / "code.npz")


def test_an_archive_that_swells_beyond_memory_is_refused(tmp_path, monkeypatch):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("post.npy", header((2**23,)) + bytes(2**26))
    assert (tmp_path / "bomb.npz").stat().st_size < 2**17

    class Memory:
        available = 2**25

    monkeypatch.setattr("psutil.virtual_memory", Memory)
    with pytest.raises(DescriptionError, match=r"bomb\.npz: needs about 0.0625 GiB but 0.0312 GiB are free"):
        npz.read(tmp_path / "bomb.npz")


def test_a_size_that_the_archive_lies_about_is_an_error(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("post.npy", header((2**20,)) + bytes(2**23))
    data = bytearray(stream.getvalue())
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):  # the uncompressed size, in both headers
        place = data.index(mark) + offset
        data[place : place + 4] = struct.pack("<I", 1000)
    (tmp_path / "small.npz").write_bytes(data)
    with pytest.raises(DescriptionError, match=r"small\.npz"):
        npz.read(tmp_path / "small.npz")


def test_what_is_no_file_is_an_error(tmp_path):
    with pytest.raises(DescriptionError, match=r"absent: no such file"):
        npz.read(tmp_path / "absent")
    with pytest.raises(DescriptionError, match=r"cannot be read"):
        npz.read(tmp_path)
    (tmp_path / "a").write_text("")
    with pytest.raises(DescriptionError, match=r"file\.npz: (cannot be read|no such file)"):
        npz.read(tmp_path / "a" / "file.npz")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="pipes with names are a thing of POSIX")
def test_a_pipe_does_not_hang(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(DescriptionError, match=r"cannot be read"):
        npz.read(tmp_path / "pipe")


@pytest.mark.parametrize("target", ["absent/x.npz", "file/x.npz", "folder"])
def test_unwritable_targets_are_an_error_and_leave_nothing(program, tmp_path, target):
    (tmp_path / "file").write_text("kept")
    (tmp_path / "folder").mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(DescriptionError, match=r"cannot write there"):
        program.save(tmp_path / target)
    assert sorted(tmp_path.rglob("*")) == before
    assert (tmp_path / "file").read_text() == "kept"


def test_a_write_that_fails_midway_keeps_the_old_file(file, monkeypatch, program):
    before = file.read_bytes()

    def fail(stream, **_):
        stream.write(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", fail)
    with pytest.raises(DescriptionError, match=r"cannot write there .No space left on device."):
        program.save(file)
    assert file.read_bytes() == before
    assert [path.name for path in file.parent.iterdir()] == [file.name]


def test_an_interrupted_write_leaves_nothing(monkeypatch, program, tmp_path):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", interrupt)
    with pytest.raises(KeyboardInterrupt):
        program.save(tmp_path / "x.npz")
    assert list(tmp_path.iterdir()) == []


def rewritten(file, **changes):
    arrays = npz.read(file)
    for name, value in changes.items():
        if value is None:
            del arrays[name]
        else:
            arrays[name] = value
    npz.write(file, arrays)
    return file


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "nir/1"}, "got format 'nir/1', expected 'lsm_sim.program/1' or 'lsm_sim.case/1'"),
        ({"format": None}, "got format 'none'"),
        ({"format": np.zeros(3)}, "got format "),
        ({"arithmetic": "posit"}, "got arithmetic 'posit', expected 'float64' or 'loihi'"),
        ({"post": None, "du": None}, "no post, du in the file; it is damaged"),
        ({"dt": -1.0}, "Program dt: got -1"),
        ({"dt": "fast"}, "Program dt: got values of type <U4"),
        ({"n_neurons": 10**15}, "Program indptr: got shape"),
        ({"n_neurons": 0}, "Program n_neurons: got 0, expected a whole number >= 1"),
        ({"weight": np.zeros(1, "U3")}, "Program weight: got values of type <U3"),
        ({"threshold": np.zeros(3)}, r"Program threshold: got shape \(3,\)"),
        ({"neuron_group_stop": 7}, "Program groups"),
        ({"neuron_group_stop": np.array([np.inf])}, "neuron_group_stop: got inf"),
        ({"neuron_group_stop": np.array([2**62])}, "Program groups: got ranges that cover"),
        (
            {"neuron_group_name": np.array(["a", "b"]), "neuron_group_stop": np.array([2, 1])},
            "expected a range that starts at 2",
        ),
        ({"neuron_group_name": np.array([""]), "neuron_group_stop": np.array([2])}, "Program groups: got ''"),
    ],
    ids=str,
)
def test_a_program_file_that_makes_no_sense_is_an_error(file, changes, words):
    with pytest.raises(DescriptionError, match=words) as caught:
        Program.load(rewritten(file, **changes))
    assert str(caught.value).startswith(str(file))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": "foreign"}, "got format 'foreign'"),
        ({"offsets": None}, "no 'offsets' in the file; it is damaged"),
        ({"step": np.array([[1]])}, "expected two lists of equal length"),
        ({"n_steps": 5}, "Spikes "),
        ({"channel": np.array([1e9])}, "Spikes"),
        ({"group_stop": 3}, "."),
        ({"group_stop": np.array([np.inf]), "group_start": np.zeros(1), "group_name": np.array(["a"])}, "."),
        ({"group_name": np.array(["a"])}, "."),
        ({"n_channels": -1}, "Spikes n_channels: got -1"),
    ],
    ids=str,
)
def test_a_spike_file_that_makes_no_sense_is_an_error(program, tmp_path, changes, words):
    random_stimulus(np.random.default_rng(0), program).save(tmp_path / "spikes.npz")
    with pytest.raises(DescriptionError, match=words) as caught:
        Spikes.load(rewritten(tmp_path / "spikes.npz", **changes))
    assert str(caught.value).startswith(str(tmp_path))


def test_messages_stay_short(tmp_path):
    long = "n" * 20_000
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr(f"{long}.npy", header((3,)))
    with pytest.raises(DescriptionError, match="declares 24 bytes but contains 0") as caught:
        npz.read(tmp_path / "a.npz")
    assert len(str(caught.value)) < 500
    header_of_text = npy.magic(1, 0) + struct.pack("<H", 9000) + b"x" * 8999 + b"\n"
    with zipfile.ZipFile(tmp_path / "b.npz", "w") as archive:
        archive.writestr("a.npy", header_of_text)
    with pytest.raises(DescriptionError, match="damaged or not") as caught:
        npz.read(tmp_path / "b.npz")
    assert len(str(caught.value)) < 500


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA], ids=["bzip2", "lzma"])
def test_methods_that_python_unpacks_without_a_limit_are_refused(tmp_path, method):
    with zipfile.ZipFile(tmp_path / "a.npz", "w", method) as archive:
        archive.writestr("a.npy", header((10,)) + bytes(80))
    with pytest.raises(DescriptionError, match="got an unusual compression, expected none or deflate"):
        npz.read(tmp_path / "a.npz")


def test_a_bomb_that_fits_into_memory_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("X.npy", header((2**23,)) + bytes(2**26))
    data = (tmp_path / "bomb.npz").read_bytes()
    with pytest.raises(
        DescriptionError, match=r"bomb\.npz: \d+ bytes expand to 67108936, more than 100 times as many; if"
    ):
        npz.read(tmp_path / "bomb.npz")
    assert len(data) < 2**17


def test_data_that_shrink_well_are_read(tmp_path):
    np.savez_compressed(tmp_path / "X.npz", X=np.zeros(2**20))
    assert npz.read(tmp_path / "X.npz")["X"].shape == (2**20,)


@pytest.mark.parametrize("name", ["format", "arithmetic"])
def test_a_table_in_place_of_a_word_is_not_printed_in_full(file, name):
    arrays = npz.read(file) | {name: np.zeros((100, 100))}
    npz.write(file, arrays)
    for load in (Program.load, *([Spikes.load, conformance.load] if name == "format" else [])):
        with pytest.raises(DescriptionError, match=f"got {name} ") as caught:
            load(file)
        assert len(str(caught.value)) < 600
