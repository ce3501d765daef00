"""Downloads, from a server inside this process: nothing here reaches the network."""

import dataclasses
import errno
import importlib
import io
import os
import zipfile

import numpy as np
import pytest

from lsm_sim import DescriptionError
from lsm_sim.datasets import cache, download, ecg, fsdd, japanese_vowels, shd
from lsm_sim.datasets.download import Remote, fetch, unpacked
from tests.datasets import sha256, write_digits, write_ecg, write_spikes, write_vowels, zipped
from tests.server import Server

pytestmark = pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning")  # see tests/server.py

spoken, vowels, heidelberg, mit_bih = (
    importlib.import_module(f"lsm_sim.datasets.{name}") for name in ("fsdd", "japanese_vowels", "heidelberg", "mit_bih")
)


@pytest.fixture
def server():
    server = Server()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def _cache_of_its_own(tmp_path, monkeypatch):
    monkeypatch.setenv("LSM_SIM_DATA", str(tmp_path / "cache"))


@pytest.fixture
def digits_archive(server, tmp_path, monkeypatch):
    """Put the archive of a small data set on the server and point the code there."""
    write_digits(tmp_path / "made/recordings", speakers=["ann"])
    (tmp_path / "made/README.md").write_text("digits")
    body = zipped(tmp_path / "made", "free-spoken-digit-dataset-1.0.10")
    server.files["/v1.zip"] = body
    remote = dataclasses.replace(spoken.ARCHIVE, url=f"{server.address}/v1.zip", checksum=sha256(body))
    monkeypatch.setattr(spoken, "ARCHIVE", remote)


def files(folder=None):
    folder = cache() if folder is None else folder
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_the_cache_is_where_the_environment_says(tmp_path, monkeypatch):
    assert cache() == tmp_path / "cache"
    monkeypatch.delenv("LSM_SIM_DATA")
    assert cache().name == "lsm_sim"


@pytest.mark.usefixtures("digits_archive")
def test_a_data_set_is_downloaded_once(server):
    first, second = fsdd(), fsdd()
    assert len(first) == len(second) == 40
    assert server.requested == ["/v1.zip"]
    assert "fsdd/free-spoken-digit-dataset-1.0.10/7_ann_12.wav" in files()
    assert len(files()) == 41  # the recordings and the archive, without its README


@pytest.mark.usefixtures("digits_archive")
def test_an_archive_that_was_put_into_the_cache_is_used(server):
    spoken.ARCHIVE.path.parent.mkdir(parents=True)
    spoken.ARCHIVE.path.write_bytes(server.files.pop("/v1.zip"))
    assert len(fsdd()) == 40
    assert server.requested == []


@pytest.mark.usefixtures("digits_archive")
def test_a_corrupt_download_is_refused_and_leaves_nothing(server):
    good = server.files["/v1.zip"]
    server.files["/v1.zip"] = good[:-1] + b"x"
    with pytest.raises(
        DescriptionError, match=r"download from .*v1\.zip is damaged .*checksum.* was deleted; try again, or put"
    ):
        fsdd()
    assert files() == []
    server.files["/v1.zip"] = good
    assert len(fsdd()) == 40


@pytest.mark.usefixtures("digits_archive")
def test_a_download_that_ends_early_is_refused_and_leaves_nothing(server):
    server.lengths["/v1.zip"] = len(server.files["/v1.zip"])
    server.files["/v1.zip"] = server.files["/v1.zip"][:1000]
    with pytest.raises(DescriptionError, match=r"cannot be downloaded|is damaged"):
        fsdd()
    assert files() == []


@pytest.mark.usefixtures("digits_archive")
def test_a_damaged_file_in_the_cache_is_downloaded_again():
    spoken.ARCHIVE.path.parent.mkdir(parents=True)
    spoken.ARCHIVE.path.write_bytes(b"half a file")
    assert len(fsdd()) == 40


@pytest.mark.usefixtures("digits_archive")
def test_offline_one_sentence_names_the_file_the_address_and_the_place(server):
    server.close()
    with pytest.raises(DescriptionError) as caught:
        fsdd()
    place = cache() / "fsdd"
    assert str(caught.value) == (
        f"fsdd: {place / spoken.ARCHIVE.file} does not exist and {spoken.ARCHIVE.url} cannot be downloaded (no connection); "
        f"put {spoken.ARCHIVE.file} into {place}, or pass a folder with the data"
    )
    spoken.ARCHIVE.path.write_bytes(b"half a file")
    with pytest.raises(DescriptionError, match=r"1\.0\.10\.zip is damaged and .* cannot be downloaded"):
        fsdd()


@pytest.mark.usefixtures("digits_archive")
def test_an_address_that_is_gone_is_named(server):
    server.files.clear()
    with pytest.raises(DescriptionError, match=r"v1\.zip cannot be downloaded \(HTTP 404\)"):
        fsdd()


@pytest.mark.usefixtures("digits_archive")
def test_a_cache_that_cannot_be_made_is_named():
    cache().write_text("a file, not a folder")
    with pytest.raises(DescriptionError, match=r"cannot write free.*set LSM_SIM_DATA to another folder"):
        fsdd()


@pytest.mark.parametrize(("number", "words"), [(errno.EACCES, "Permission denied"), (errno.EROFS, "Read-only")])
@pytest.mark.usefixtures("digits_archive")
def test_a_read_only_cache_is_named(monkeypatch, number, words):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr("os.makedirs", refuse)
    with pytest.raises(DescriptionError, match=f"fsdd: cannot write .*{words}.*LSM_SIM_DATA"):
        fsdd()


@pytest.mark.usefixtures("digits_archive")
def test_a_disk_that_is_full_during_the_download_is_named(monkeypatch):
    def full(_self, _url, output_file, *_):
        output_file.write(b"half")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("pooch.HTTPDownloader.__call__", full)
    with pytest.raises(DescriptionError, match=r"No space left on device\); free disk space"):
        fsdd()
    assert files() == []


@pytest.mark.usefixtures("digits_archive")
def test_a_disk_that_is_full_during_unpacking_leaves_no_half_data_set(server, monkeypatch):
    copied = []

    def full(source, destination):
        copied.append(destination)
        if len(copied) == 9:
            raise OSError(errno.ENOSPC, "No space left on device")
        destination.write(source.read())

    with monkeypatch.context() as patch:
        patch.setattr("shutil.copyfileobj", full)
        with pytest.raises(DescriptionError, match=r"No space left on device\); free disk space"):
            fsdd()
    assert files() == ["fsdd/free-spoken-digit-dataset-1.0.10.zip"]
    assert len(fsdd()) == 40
    assert server.requested == ["/v1.zip"]


@pytest.mark.usefixtures("digits_archive")
def test_what_a_killed_process_left_in_the_cache_is_removed():
    place = spoken.ARCHIVE.path.parent
    left = place / ".free-spoken-digit-dataset-1.0.10.0123.part"
    left.mkdir(parents=True)
    (left / "0_ann_0.wav").write_bytes(b"half")
    (place / ".free-spoken-digit-dataset-1.0.10.zip.4567.part").write_bytes(b"half")
    assert len(fsdd()) == 40
    assert not [name for name in files() if ".part" in name]


def test_an_archive_that_is_a_bomb_is_refused(server):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", bytes(2**26))
    server.files["/a.zip"] = stream.getvalue()
    remote = Remote("toy", "a.zip", f"{server.address}/a.zip", sha256(stream.getvalue()))
    with pytest.raises(DescriptionError, match=r"a\.txt: \d+ bytes expand to 67108864, more than 100 times as many"):
        unpacked(remote, lambda _: True)
    assert files() == ["toy/a.zip"]


def test_what_is_no_archive_is_refused(server):
    server.files["/a.zip"] = b"<html>please log in</html>"
    remote = Remote("toy", "a.zip", f"{server.address}/a.zip", None)
    with pytest.raises(DescriptionError, match="not a zip archive"):
        unpacked(remote, lambda _: True)
    assert files() == []  # without a checksum, the bad file must not wait there for the next call


def test_a_member_cannot_leave_its_folder(server, tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("../../../outside.txt", "hello")
    server.files["/a.zip"] = stream.getvalue()
    remote = Remote("toy", "a.zip", f"{server.address}/a.zip", sha256(stream.getvalue()))
    assert files(unpacked(remote, lambda _: True)) == ["outside.txt"]
    assert not (tmp_path / "outside.txt").exists()


def test_an_md5_sum_is_checked_too(server):
    server.files["/a"] = b"hello"
    good = Remote("toy", "a", f"{server.address}/a", "md5:5d41402abc4b2a76b9719d911017c592")
    assert fetch(good).read_bytes() == b"hello"
    with pytest.raises(DescriptionError, match="checksum"):
        fetch(dataclasses.replace(good, file="b", checksum="md5:" + "0" * 32))


@pytest.fixture
def vowels_archive(server, tmp_path, monkeypatch):
    blocks = write_vowels(tmp_path / "made")
    server.files["/v.zip"] = zipped(tmp_path / "made", "top")
    monkeypatch.setattr(vowels, "CONTENTS", vowels.contents(blocks))
    monkeypatch.setattr(vowels, "ARCHIVE", dataclasses.replace(vowels.ARCHIVE, url=f"{server.address}/v.zip"))
    return blocks


def test_vowels_are_verified_by_their_numbers(server, vowels_archive):
    for _ in range(2):
        data = japanese_vowels()
        assert [block.tolist() for block in data.X] == [block.tolist() for block in vowels_archive]
    assert server.requested == ["/v.zip"]


@pytest.mark.usefixtures("vowels_archive")
def test_other_numbers_are_refused_and_leave_nothing(server, tmp_path):
    write_vowels(tmp_path / "other", seed=1)
    server.files["/v.zip"] = zipped(tmp_path / "other", "top")
    with pytest.raises(DescriptionError, match="does not contain the published numbers"):
        japanese_vowels()
    assert files() == []


def test_spikes_are_downloaded_file_by_file(server, tmp_path, monkeypatch):
    made = tmp_path / "made"
    made.mkdir()
    for part, n in (("train", 5), ("test", 3)):
        write_spikes(made / f"shd_{part}.h5", n)
        body = zipped(made, "top")
        server.files[f"/datasets/shd_{part}.h5.zip"] = body
        monkeypatch.setitem(heidelberg.CHECKSUMS, f"shd_{part}", sha256(body))
        (made / f"shd_{part}.h5").unlink()
    monkeypatch.setattr(heidelberg, "ADDRESS", f"{server.address}/datasets")
    assert len(shd(parts=["test"])) == 3
    assert len(shd()) == 8
    assert server.requested == ["/datasets/shd_test.h5.zip", "/datasets/shd_train.h5.zip"]


@pytest.fixture
def arrhythmias(server, tmp_path, monkeypatch):
    """Two records and the list of their checksums on the server."""
    for name in ("100", "101"):
        write_ecg(tmp_path / "made", name)
    sums = []
    for path in sorted((tmp_path / "made").iterdir()):
        server.files[f"/{path.name}"] = path.read_bytes()
        sums.append(f"{sha256(path.read_bytes()).removeprefix('sha256:')} {path.name}\n")
    listing = "".join(sums).encode()
    server.files["/SHA256SUMS.txt"] = listing
    remote = dataclasses.replace(mit_bih.SUMS, url=f"{server.address}/SHA256SUMS.txt", checksum=sha256(listing))
    monkeypatch.setattr(mit_bih, "SUMS", remote)
    monkeypatch.setattr(mit_bih, "ADDRESS", server.address)


@pytest.mark.usefixtures("arrhythmias")
def test_records_are_verified_by_the_published_list(server):
    data = ecg(records=["100", "101"])
    assert np.unique(data.groups).tolist() == ["100", "101"]
    assert data.split.tolist() == (data.groups == "100").tolist()
    n_requests = len(server.requested)
    ecg(records=["100", "101"])
    assert len(server.requested) == n_requests == 7


@pytest.mark.usefixtures("arrhythmias")
def test_a_corrupt_record_is_refused_and_leaves_nothing(server):
    server.files["/101.dat"] = b"not these"
    with pytest.raises(DescriptionError, match=r"download from .*101\.dat is damaged"):
        ecg(records=["100", "101"])
    assert "mitdb/101.dat" not in files()


@pytest.mark.usefixtures("arrhythmias")
def test_a_record_that_the_database_lacks_is_named():
    with pytest.raises(DescriptionError, match="no record '999'"):
        ecg(records=["999"])


@pytest.mark.usefixtures("arrhythmias")
def test_only_the_records_asked_for_are_read():
    ecg(records=["101"])
    assert np.unique(ecg(records=["100"]).groups).tolist() == ["100"]


@pytest.mark.usefixtures("digits_archive")
def test_a_faster_process_is_not_overwritten(monkeypatch):
    def faster(archive, _wanted, new):
        write_digits(archive.with_suffix(""), speakers=["ann"], digits=[0])
        write_digits(new, speakers=["ann"])

    monkeypatch.setattr(download, "_extract", faster)
    assert len(fsdd()) == 4
