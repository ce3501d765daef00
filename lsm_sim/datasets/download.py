"""Downloads into a cache: each file is verified before it gets its final name."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from lsm_sim.errors import DescriptionError
from lsm_sim.support import files
from lsm_sim.support.brief import brief
from lsm_sim.support.expansion import check_members
from lsm_sim.support.progress import on_terminal

TIMEOUT = 60  # seconds without an answer


@dataclass(frozen=True)
class Remote:
    """A file to download, with its checksum: ``sha256:...`` or ``md5:...``; None if none is published."""

    dataset: str
    file: str
    url: str
    checksum: str | None

    @property
    def path(self) -> Path:
        """Path of the file in the cache."""
        return cache() / self.dataset / self.file


def cache() -> Path:
    """Return the folder for downloads: that of the environment variable LSM_SIM_DATA, else the user's cache folder."""
    named = os.environ.get("LSM_SIM_DATA")
    if named:
        return Path(named).expanduser()
    import pooch

    return Path(pooch.os_cache("lsm_sim"))


class _Summed:
    """A file that also computes the checksum of what is written to it."""

    def __init__(self, stream: IO[bytes], checksum: str | None) -> None:
        algorithm, _, self._expected = (checksum or "sha256:").rpartition(":")
        self._stream, self._sum = stream, hashlib.new(algorithm)

    def write(self, data: bytes) -> int:
        self._sum.update(data)
        return self._stream.write(data)

    def flush(self) -> None:
        self._stream.flush()

    def check(self) -> None:
        if self._expected and self._sum.hexdigest() != self._expected.lower():
            raise _WrongSumError


class _WrongSumError(Exception):
    """A download is not what its checksum says."""


def _is_whole(path: Path, checksum: str | None) -> bool:
    """Return whether a file in the cache has its checksum; without a checksum it does."""
    import pooch

    files.check_readable(path)
    if checksum is None:
        return True
    algorithm, _, expected = checksum.partition(":")
    return bool(pooch.file_hash(path, algorithm) == expected.lower())


def fetch(remote: Remote) -> Path:
    """Return the file in the cache; download it if it is missing or damaged."""
    import pooch

    path = remote.path
    with _explained(remote):
        if path.exists() and _is_whole(path, remote.checksum):
            return path
        os.makedirs(path.parent, exist_ok=True)  # noqa: PTH103
        downloader = pooch.HTTPDownloader(progressbar=on_terminal(), timeout=TIMEOUT)
        with files.new_file(path) as stream:
            summed = _Summed(stream, remote.checksum)
            downloader(remote.url, summed, None)
            summed.check()
    return path


def unpacked(remote: Remote, wanted: Callable[[str], bool], check: Callable[[Path], None] | None = None) -> Path:
    """Return the folder with the wanted members of a zip archive; download and unpack it if necessary.

    ``wanted`` is called with the name of each member without its folders. ``check`` raises an error if the unpacked files
    are not the data set; it replaces a checksum if none is published. The folder appears only when it is complete.
    """
    target = remote.path.with_suffix("")
    if target.is_dir():
        return target
    was_there = remote.path.exists()
    archive = fetch(remote)
    try:
        with _explained(remote), files.new_folder(target) as new:
            _extract(archive, wanted, new)
            if check is not None:
                check(new)
    except DescriptionError:
        if remote.checksum is None and not was_there:
            archive.unlink(missing_ok=True)  # without a checksum a bad download would be reused next time
        raise
    return target


def _extract(archive: Path, wanted: Callable[[str], bool], folder: Path) -> None:
    try:
        with zipfile.ZipFile(archive) as opened:
            for member in opened.infolist():
                name = Path(member.filename).name
                if not member.is_dir() and wanted(name):
                    check_members([member], member.compress_size, f"{archive}: {name}")
                    with opened.open(member) as source, (folder / name).open("wb") as destination:
                        shutil.copyfileobj(source, destination)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DescriptionError(f"{archive}: damaged or not a zip archive ({brief(error)}); delete it") from None


@contextlib.contextmanager
def _explained(remote: Remote) -> Iterator[None]:
    """Turn errors into one sentence: what went wrong, which file is affected, and where to put it."""
    from requests.exceptions import RequestException

    where = f"put {remote.file} into {remote.path.parent}, or pass a folder with the data"
    try:
        yield
    except RequestException as error:
        state = "is damaged" if remote.path.exists() else "does not exist"
        raise DescriptionError(
            f"{remote.dataset}: {remote.path} {state} and {remote.url} cannot be downloaded ({_reason(error)}); {where}"
        ) from None
    except OSError as error:
        raise DescriptionError(
            f"{remote.dataset}: cannot write {remote.file} into {remote.path.parent} ({error.strerror or error}); "
            "free disk space, set LSM_SIM_DATA to another folder for downloads, or pass a folder with the data"
        ) from None
    except _WrongSumError:
        raise DescriptionError(
            f"{remote.dataset}: the download from {remote.url} is damaged (its checksum is not {remote.checksum}) and was "
            f"deleted; try again, or {where}"
        ) from None


def _reason(error: Exception) -> str:
    """Return the cause of a network error in a few words."""
    response = getattr(error, "response", None)
    if response is not None:
        return f"HTTP {response.status_code}"
    return "no connection" if type(error).__name__ == "ConnectionError" else type(error).__name__
