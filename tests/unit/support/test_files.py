"""Files are written completely or not at all, to regular files only, and leave no temporary file."""

import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lsm_sim.errors import DescriptionError
from lsm_sim.support import files
from lsm_sim.support.files import check_readable, new_folder, replacing

pytestmark = pytest.mark.skipif(os.name != "posix", reason="links, pipes and signals are things of POSIX")


@pytest.fixture(params=["nameless", "named"])
def way(request, monkeypatch):
    """Write with O_TMPFILE, and as where there is none."""
    if request.param == "named":
        monkeypatch.setattr(files, "_nameless", lambda _folder: None)
    return request.param


def write(path, content=b"new"):
    with replacing(path) as stream:
        stream.write(content)


def interrupted_write(path):
    with replacing(path) as stream:
        stream.write(b"half")
        raise KeyboardInterrupt


def interrupted_folder(path):
    with new_folder(path) as folder:
        (folder / "a").write_text("x")
        raise KeyboardInterrupt


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("there", [False, True])
def test_a_file_is_made_or_replaced(tmp_path, there):
    if there:
        (tmp_path / "a").write_bytes(b"old")
    write(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


@pytest.mark.usefixtures("way")
def test_an_error_keeps_the_old_file_and_leaves_nothing(tmp_path):
    (tmp_path / "a").write_bytes(b"old")
    with pytest.raises(KeyboardInterrupt):
        interrupted_write(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.skipif(not hasattr(os, "O_TMPFILE"), reason="files without a name are a thing of Linux")
def test_nothing_is_visible_before_the_end(tmp_path):
    with replacing(tmp_path / "a") as stream:
        stream.write(b"half")
        assert names(tmp_path) == []


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("mask", [0o022, 0o077, 0o027])
def test_permissions_are_those_of_any_new_file(tmp_path, mask):
    before = os.umask(mask)
    try:
        write(tmp_path / "a")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o666 & ~mask


def test_the_umask_of_the_process_is_never_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "umask", lambda _mask: pytest.fail("another thread could make files that all can write"))
    write(tmp_path / "a")


@pytest.mark.usefixtures("way")
def test_a_link_is_followed(tmp_path):
    (tmp_path / "there").mkdir()
    (tmp_path / "there/real").write_bytes(b"old")
    (tmp_path / "link").symlink_to("there/real")
    (tmp_path / "dangling").symlink_to("there/later")
    write(tmp_path / "link")
    write(tmp_path / "dangling")
    assert (tmp_path / "link").is_symlink()
    assert names(tmp_path) == ["dangling", "link", "there"]
    assert (tmp_path / "there/real").read_bytes() == (tmp_path / "there/later").read_bytes() == b"new"


def make_socket(path):
    with socket.socket(socket.AF_UNIX) as made:
        os.chdir(path.parent)  # addresses of sockets must be short
        made.bind(path.name)


SPECIAL = {
    "a named pipe": os.mkfifo,
    "a folder": os.mkdir,
    "a device": lambda path: path.symlink_to("/dev/null"),
    "a socket": make_socket,
    "a symbolic link to itself": lambda path: path.symlink_to(path),
}


def written(path):
    """Return what changes if a file is written or replaced; following a link changes the time of its last access."""
    found = path.lstat()
    return found.st_mode, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


@pytest.mark.parametrize("kind", SPECIAL)
def test_what_is_no_regular_file_is_not_written(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    SPECIAL[kind](tmp_path / "x")
    before = written(tmp_path / "x")
    with pytest.raises(DescriptionError, match=f"x: cannot write there, because it is {kind}; choose another file"):
        write(tmp_path / "x")
    assert written(tmp_path / "x") == before
    assert names(tmp_path) == ["x"]


@pytest.mark.parametrize("kind", ["a named pipe", "a folder", "a device", "a socket"])
def test_what_is_no_regular_file_is_not_read(tmp_path, monkeypatch, kind):
    monkeypatch.chdir(tmp_path)
    SPECIAL[kind](tmp_path / "x")
    with pytest.raises(DescriptionError, match=f"x: cannot be read, because it is {kind}, expected a regular file"):
        check_readable(tmp_path / "x")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(DescriptionError, match="nowhere/a: cannot write there \\(No such file or directory\\); choose"):
        write(tmp_path / "nowhere/a")


def test_a_full_disk_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_nameless", lambda _folder: os.open("/dev/full", os.O_RDWR))
    with pytest.raises(
        DescriptionError, match=r"a: cannot write there \(No space left on device\); choose another file"
    ):
        write(tmp_path / "a", bytes(10**6))
    assert names(tmp_path) == []


def test_where_a_file_without_a_name_cannot_get_one_it_is_copied(tmp_path, monkeypatch):
    def refuse(_handle, _path):
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(files, "_link", refuse)
    write(tmp_path / "a")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"new"


WRITER = """
import sys, time
from lsm_sim.support import files
if sys.argv[2] == "named":
    files._nameless = lambda folder: None
with files.replacing(sys.argv[1]) as stream:
    stream.write(b"half")
    stream.flush()
    print("writing", flush=True)
    time.sleep(60)
"""


def end_a_writer(path, way, number):
    command = [sys.executable, "-c", WRITER, str(path), way]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"writing\n"
        process.send_signal(number)
        return process.wait(timeout=10)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
@pytest.mark.parametrize("way", ["nameless", "named"])
def test_a_signal_during_writing_leaves_no_temporary_file(tmp_path, way, number):
    (tmp_path / "a").write_bytes(b"old")
    assert end_a_writer(tmp_path / "a", way, number) == -number
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


@pytest.mark.usefixtures("way")
def test_temporary_files_of_killed_processes_are_removed_by_the_next_write(tmp_path):
    end_a_writer(tmp_path / "a", "named", signal.SIGKILL)
    assert len(names(tmp_path)) == 1
    (tmp_path / ".b.0123.part").write_bytes(b"that of another file")
    write(tmp_path / "a")
    assert names(tmp_path) == [".b.0123.part", "a"]


def test_temporary_files_of_living_processes_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_nameless", lambda _folder: None)
    with replacing(tmp_path / "a") as stream:
        stream.write(b"first")
        write(tmp_path / "a", b"second")
    assert names(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"first"


def test_a_handler_of_the_user_is_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(files, "_nameless", lambda _folder: None)
    got = []
    before = signal.signal(signal.SIGTERM, lambda *_: got.append(1))
    try:
        with replacing(tmp_path / "a") as stream:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(0.01)
            stream.write(b"new")
        assert got == [1]
        assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
    assert (tmp_path / "a").read_bytes() == b"new"


def test_a_folder_appears_when_it_is_complete(tmp_path):
    with new_folder(tmp_path / "data") as folder:
        (folder / "a").write_text("x")
        assert not (tmp_path / "data").exists()
    assert names(tmp_path) == ["data"]
    with pytest.raises(KeyboardInterrupt):
        interrupted_folder(tmp_path / "other")
    assert names(tmp_path) == ["data"]


def test_an_abandoned_folder_is_removed(tmp_path):
    (tmp_path / ".data.0123.part").mkdir()
    (tmp_path / ".data.0123.part/a").write_text("half")
    with new_folder(tmp_path / "data"):
        pass
    assert names(tmp_path) == ["data"]


WRITES = re.compile(
    r"\.write_text\(|\.write_bytes\(|\.tofile\(|open\([^)]*[\"'][wxa]b?\+?[\"']|np\.savez?\w*\((?!stream)|savefig\((?!stream|\")"
)
TEMPORARY = {
    "support/files.py",
    "datasets/download.py",
    "datasets/spike_hdf5.py",
}  # into a folder that is temporary itself


def test_every_writer_of_the_library_uses_the_common_function():
    root = Path(files.__file__).parents[1]
    found = {
        f"{path.relative_to(root)}: {line.strip()}"
        for path in root.rglob("*.py")
        if str(path.relative_to(root)) not in TEMPORARY
        for line in path.read_text().splitlines()
        if WRITES.search(line.partition("#")[0])
    }
    assert found == set()
