"""A folder that is written chunk by chunk, and that a run which was killed can go on with.

``manifest.json`` says what the folder is made from; it is written first and never changed. ``chunks.jsonl`` gets one line for each
chunk after all its files are complete, and a last line at the end. Only chunks with a line count, so that a process may be killed,
or the disk may be full, at any moment. There are no times and no names of machines in any file: equal runs write equal bytes.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.support import files
from lsm_sim.support.files import PathLike

MANIFEST, LOG = "manifest.json", "chunks.jsonl"
_LONGEST = 2**24  # bytes of a manifest


class ChunkFolder:
    """A folder of chunks that is open for writing; see `writing`.

    Attributes
    ----------
    path
        The folder.
    finished
        One record for each finished chunk: its number of samples and digests.
    complete
        Whether the last chunk was written.
    """

    def __init__(self, path: Path, finished: list[dict[str, Any]], *, complete: bool) -> None:
        self.path, self.finished, self.complete = path, finished, complete

    @property
    def n_samples(self) -> int:
        """Number of samples in the finished chunks."""
        return sum(int(record["samples"]) for record in self.finished)

    def add(self, contents: Mapping[str, bytes], record: Mapping[str, Any]) -> None:
        """Write the files of the next chunk, each completely or not at all, then its line in the log."""
        with self._disk():
            for name, data in contents.items():
                with files.new_file(self.path / name) as stream:
                    stream.write(data)
            self._log(record)
        self.finished.append(dict(record))

    def end(self) -> None:
        """Say that no chunk follows."""
        if not self.complete:
            with self._disk():
                self._log({"end": True, "samples": self.n_samples})
            self.complete = True

    def _log(self, record: Mapping[str, Any]) -> None:
        files.append(self.path / LOG, json.dumps(record, sort_keys=True).encode())

    @contextlib.contextmanager
    def _disk(self) -> Iterator[None]:
        """Say what is kept if something cannot be written."""
        try:
            yield
        except OSError as error:
            raise RunError(
                f"{self.path}: cannot write ({error.strerror or error}); the first {self.n_samples} samples are complete, so make "
                "room and run again with resume"
            ) from None


@contextlib.contextmanager
def writing(path: PathLike, manifest: Mapping[str, Any], *, resume: bool) -> Iterator[ChunkFolder]:
    """Make the folder, or go on with it if ``resume`` is set and it is there; only one process may write into it."""
    files.check_path(path)
    text = json.dumps(manifest, indent=1, sort_keys=True).encode() + b"\n"
    folder = _made(path, resume=resume)
    if not (folder / MANIFEST).exists():
        with _named(path), files.new_file(folder / MANIFEST) as stream:
            stream.write(text)
    _compare(path, manifest, read_manifest(path))
    with _named(path), _locked(folder, path):
        records, n_bytes = read_log(folder)
        if (folder / LOG).exists():
            os.truncate(folder / LOG, n_bytes)  # a line that was not written to its end
        complete = bool(records) and "end" in records[-1]
        yield ChunkFolder(folder, records[:-1] if complete else records, complete=complete)


def read_manifest(path: PathLike) -> dict[str, Any]:
    """Return the manifest of a folder."""
    files.check_path(path)
    try:
        file = Path(path) / MANIFEST
        if not file.is_file():
            what = "no such folder" if not Path(path).exists() else f"there is no {MANIFEST} in it"
            raise DescriptionError(f"{path}: {what}; expected a folder that lsm_sim.streams wrote")
        with file.open("rb") as stream:
            found = json.loads(stream.read(_LONGEST))
    except (OSError, ValueError, RecursionError) as error:
        if isinstance(error, DescriptionError):
            raise
        raise DescriptionError(f"{path}: {MANIFEST} is damaged or cannot be read; restore it from a copy") from None
    if not isinstance(found, dict):
        raise DescriptionError(f"{path}: {MANIFEST} is damaged; restore it from a copy")
    return found


def read_log(folder: Path) -> tuple[list[dict[str, Any]], int]:
    """Return the complete lines of the log, and how many bytes they have."""
    try:
        data = (folder / LOG).read_bytes()
    except FileNotFoundError:
        return [], 0
    except OSError as error:
        raise DescriptionError(f"{folder}: {LOG} cannot be read ({error.strerror})") from None
    whole = data[: data.rfind(b"\n") + 1]
    try:
        records = [json.loads(line) for line in whole.splitlines()]
        if not all(isinstance(record, dict) and isinstance(record["samples"], int) for record in records):
            raise ValueError
    except (ValueError, KeyError, RecursionError):
        raise DescriptionError(f"{folder}: {LOG} is damaged; remove the folder and run again") from None
    return records, len(whole)


def finished(folder: Path, manifest: Mapping[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """Return the records of the finished chunks, and whether they are all; each but the last must be full."""
    records, _ = read_log(folder)
    complete = bool(records) and "end" in records[-1]
    chunks = records[:-1] if complete else records
    size = manifest.get("chunk")
    sizes = [record["samples"] for record in chunks]
    if (
        type(size) is not int
        or size < 1
        or any(n != size for n in sizes[:-1])
        or any(not 1 <= n <= size for n in sizes)
    ):
        raise DescriptionError(f"{folder}: {MANIFEST} or {LOG} is damaged; restore the folder from a copy")
    return chunks, complete


def digest(*parts: Any) -> str:
    """Return the SHA-256 of bytes, texts and arrays."""
    total = hashlib.sha256()
    for part in parts:
        if isinstance(part, bytes | str):
            total.update(part.encode() if isinstance(part, str) else part)
        else:
            total.update(f"{part.dtype.str} {part.shape}".encode())
            total.update(part.tobytes())
    return total.hexdigest()


def _made(path: PathLike, *, resume: bool) -> Path:
    """Return the folder, which is made if it is not there."""
    try:
        folder = Path(path).resolve()
        taken = folder.exists()
    except (OSError, ValueError) as error:
        raise DescriptionError(f"{path!r}: cannot write there ({error}); choose another folder") from None
    if not taken:
        if not folder.parent.is_dir():
            raise DescriptionError(f"{path}: cannot write there, because {folder.parent} is no folder")
        with _named(path):
            folder.mkdir()
        return folder
    if not resume:
        raise DescriptionError(f"{path}: is already there; choose another folder, or resume if it is unfinished")
    if not folder.is_dir():
        raise DescriptionError(f"{path}: is a file, expected a folder")
    if not (folder / MANIFEST).exists() and any(folder.iterdir()):
        raise DescriptionError(
            f"{path}: there is no {MANIFEST} in this folder, so nothing can be resumed; choose another"
        )
    return folder


def _compare(path: PathLike, wanted: Mapping[str, Any], found: Mapping[str, Any]) -> None:
    """Raise unless the folder was begun with the same settings."""
    for key in [*wanted, *found]:
        plain = json.loads(json.dumps(wanted.get(key)))
        if plain != found.get(key):
            raise DescriptionError(
                f"{path}: was begun with another {key}, {_short(found.get(key))}, not {_short(plain)}; use the same to resume, "
                "or choose another folder"
            )


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 60 else text[:57] + "..."


@contextlib.contextmanager
def _named(path: PathLike) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DescriptionError(
            f"{path}: cannot write there ({error.strerror or error}); choose another folder"
        ) from None


@contextlib.contextmanager
def _locked(folder: Path, path: PathLike) -> Iterator[None]:
    """Hold a lock on the manifest; file systems without locks go without."""
    try:
        import fcntl
    except ImportError:
        yield
        return
    with (folder / MANIFEST).open("rb") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DescriptionError(f"{path}: another process is writing into this folder; wait until it ends") from None
        except OSError:
            pass
        yield
