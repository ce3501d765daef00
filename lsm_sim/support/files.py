"""Writing files completely or not at all, and only where a regular file is or can be.

A file is written under no name at all where the file system can do that (``O_TMPFILE``, on Linux), else under a temporary name
that begins with a dot and ends in ``.part``. Temporary names are locked while their process lives; those of processes that
were killed are removed by the next write to the same file.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from lsm_sim.errors import DescriptionError
from lsm_sim.support.ending import removed_on_signals

PathLike = str | os.PathLike[str]

_KINDS: tuple[tuple[Callable[[int], bool], str], ...] = (
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a socket"),
    (stat.S_ISCHR, "a device"),
    (stat.S_ISBLK, "a device"),
)


def check_path(path: object) -> None:
    """Raise `DescriptionError` unless ``path`` is the name of a file."""
    if not isinstance(path, str | os.PathLike):
        raise DescriptionError(f"path: got {type(path).__name__}, expected the name of a file, such as 'liquid.npz'")


def check_readable(path: PathLike) -> None:
    """Raise `DescriptionError` if ``path`` is there but no regular file, because reading others may block for ever."""
    check_path(path)
    try:
        mode = Path(path).stat().st_mode
    except (OSError, ValueError, TypeError):
        return  # the one who opens it says why
    if not stat.S_ISREG(mode):
        raise DescriptionError(f"{path}: cannot be read, because it is {_kind(mode)}, expected a regular file")


@contextlib.contextmanager
def replacing(path: PathLike) -> Iterator[IO[bytes]]:
    """Open a new file that gets the name ``path`` only after everything was written; a symbolic link is followed."""
    check_path(path)
    try:
        with new_file(path) as stream:
            yield stream
    except OSError as error:
        raise DescriptionError(f"{path}: cannot write there ({error.strerror}); choose another file") from None


def append(path: Path, line: bytes) -> None:
    """Append a line to a log, whose readers ignore a last line without its end; a process may be killed in between."""
    with path.open("ab") as stream:
        stream.write(line + b"\n")


def new_folder_path(folder: PathLike) -> Path:
    """Return the path of a folder that can be made; raise if the name is taken."""
    check_path(folder)
    try:
        target, taken = Path(folder).resolve(), Path(folder).exists()
    except (OSError, ValueError) as error:  # a name that is too long, or has a null character
        why = error.strerror if isinstance(error, OSError) else error
        raise DescriptionError(f"{folder!r}: cannot write there ({why}); choose another folder") from None
    if taken:
        raise DescriptionError(f"{folder}: is already there; choose another folder, or remove it")
    if not target.parent.is_dir():
        raise DescriptionError(f"{folder}: cannot write there, because {target.parent} is no folder")
    return target


@contextlib.contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Make a temporary folder that gets the name ``target`` only at the end, unless another process was faster."""
    _remove_leftovers(target)
    temporary = _temporary(target)
    with removed_on_signals(temporary):
        try:
            temporary.mkdir()
            lock = os.open(temporary, os.O_RDONLY)
            try:
                _lock(lock)
                yield temporary
                _rename_folder(temporary, target)
            finally:
                os.close(lock)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


def _rename_folder(temporary: Path, target: Path) -> None:
    try:
        temporary.rename(target)
    except OSError:
        if not target.is_dir():  # else another process has made the same folder
            raise


def _kind(mode: int) -> str:
    return next((name for check, name in _KINDS if check(mode)), "a special file")


def _target(path: PathLike) -> Path:
    """Return the file to write, after following links; raise if it exists and is no regular file."""
    target = Path(os.path.realpath(path))
    with contextlib.suppress(FileNotFoundError):
        mode = target.lstat().st_mode
        if not stat.S_ISREG(mode):
            kind = "a symbolic link to itself" if stat.S_ISLNK(mode) else _kind(mode)
            raise DescriptionError(f"{path}: cannot write there, because it is {kind}; choose another file")
    return target


@contextlib.contextmanager
def new_file(path: PathLike) -> Iterator[IO[bytes]]:
    """Do what `replacing` does, with an OSError as it is."""
    target = _target(path)
    _remove_leftovers(target)
    handle = _nameless(target.parent)
    if handle is None:
        with _named_file(target) as stream:
            yield stream
        return
    with os.fdopen(handle, "w+b") as stream:
        yield stream
        stream.flush()
        try:
            _give_name(handle, target)
        except OSError:  # some systems make such files, but refuse them a name
            stream.seek(0)
            with _named_file(target) as copy:
                shutil.copyfileobj(stream, copy)


def _nameless(folder: Path) -> int | None:
    """Open a new file without a name in ``folder``; None if the system or the file system has none."""
    if not hasattr(os, "O_TMPFILE") or not Path("/proc/self/fd").is_dir():
        return None
    try:
        return os.open(folder, os.O_TMPFILE | os.O_RDWR, 0o666)
    except OSError:  # if no file can be made there at all, the one with a name will say why
        return None


def _give_name(handle: int, target: Path) -> None:
    """Give a file without a name its name; an existing file is replaced."""
    try:
        _link(handle, target)
    except FileExistsError:
        temporary = _temporary(target)
        _lock(handle)
        with removed_on_signals(temporary):
            try:
                _link(handle, temporary)
                temporary.replace(target)
            except BaseException:
                temporary.unlink(missing_ok=True)
                raise


def _link(handle: int, path: Path) -> None:
    folder = os.open(path.parent, os.O_RDONLY)
    try:  # with dst_dir_fd Python calls linkat, which follows the link in /proc; without it link, which does not
        os.link(f"/proc/self/fd/{handle}", path.name, dst_dir_fd=folder)
    finally:
        os.close(folder)


@contextlib.contextmanager
def _named_file(target: Path) -> Iterator[IO[bytes]]:
    """Open a new file under a temporary name, and rename it at the end."""
    temporary = _temporary(target)
    with removed_on_signals(temporary):
        try:
            with os.fdopen(_locked(temporary), "wb") as stream:
                yield stream
                stream.flush()
                temporary.replace(target)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def _locked(path: Path) -> int:
    """Create a file and lock it; again if another process took it for abandoned before it was locked."""
    while True:
        handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666)
        _lock(handle)
        if os.fstat(handle).st_nlink:
            return handle
        os.close(handle)


def _temporary(target: Path) -> Path:
    return target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")


def _lock(handle: int) -> None:
    """Lock a file for as long as this process has it open; file systems without locks go without."""
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _remove_leftovers(target: Path) -> None:
    """Remove temporary files and folders for ``target`` of processes that were killed."""
    with contextlib.suppress(OSError):
        start, end = f".{target.name}.", ".part"
        found = [entry.name for entry in os.scandir(target.parent) if entry.name.startswith(start)]
        for name in found:
            if name.endswith(end):
                _remove_if_abandoned(target.with_name(name))


def _remove_if_abandoned(path: Path) -> None:
    try:
        import fcntl
    except ImportError:
        return
    with contextlib.suppress(OSError):
        if not stat.S_ISREG(mode := path.lstat().st_mode) and not stat.S_ISDIR(mode):
            return
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)  # an error if its process lives
            if stat.S_ISDIR(mode):
                shutil.rmtree(path)
            else:
                path.unlink()
        finally:
            os.close(handle)
