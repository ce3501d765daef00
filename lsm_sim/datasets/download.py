"""Downloads into a cache: each file is verified before it gets its final name."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from lsm_sim.errors import DescriptionError

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


def fetch(remote: Remote) -> Path:
    """Return the file in the cache; download it if it is missing or damaged."""
    import pooch

    downloader = pooch.HTTPDownloader(progressbar=sys.stderr.isatty(), timeout=TIMEOUT)
    with _explained(remote):
        pooch.retrieve(remote.url, remote.checksum, fname=remote.file, path=remote.path.parent, downloader=downloader)
    return remote.path


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
        with _explained(remote), tempfile.TemporaryDirectory(dir=target.parent, prefix=".unpacking-") as temporary:
            new = Path(temporary) / "data"
            new.mkdir()
            _extract(archive, wanted, new)
            if check is not None:
                check(new)
            _put(new, target)
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
                    with opened.open(member) as source, (folder / name).open("wb") as destination:
                        shutil.copyfileobj(source, destination)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError, zlib.error) as error:
        raise DescriptionError(f"{archive}: damaged or not a zip archive ({error}); delete it") from None


def _put(new: Path, target: Path) -> None:
    try:
        new.rename(target)
    except OSError:
        if not target.is_dir():  # else another process has unpacked the same data
            raise


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
    except ValueError as error:
        if isinstance(error, DescriptionError):
            raise
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
