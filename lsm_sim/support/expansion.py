"""Refuse compressed files that expand to far more than data do, such as zip bombs.

Deflate shrinks repeated bytes by a factor of up to 1032, measured data by 2 to 20, and rasters of few spikes by up to 100.
"""

from __future__ import annotations

import io
import os
import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import IO

from lsm_sim.errors import DescriptionError

FREE = 2**25  # bytes that any file may expand to
FACTOR = 100
_BLOCK = 2**20


def check_expansion(packed: int, unpacked: int, where: str | os.PathLike[str]) -> None:
    """Raise `DescriptionError` if ``packed`` bytes claim to contain an unlikely number of bytes."""
    if unpacked > max(FREE, FACTOR * packed):
        raise DescriptionError(
            f"{where}: {packed} bytes expand to {unpacked}, more than {FACTOR} times as many; if you trust the file, unpack it "
            "and save it without compression"
        )


def check_members(members: Iterable[zipfile.ZipInfo], packed: int, where: str | os.PathLike[str]) -> None:
    """Raise `DescriptionError` if the members of a zip archive of ``packed`` bytes expand too much.

    Methods other than deflate are refused too, because Python unpacks them without a limit.
    """
    members = list(members)
    if any(info.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for info in members):
        raise DescriptionError(
            f"{where}: got an unusual compression, expected none or deflate; compress it again with zip"
        )
    check_expansion(packed, sum(info.file_size for info in members), where)


def check_archive(data: bytes, where: str) -> None:
    """Do the same for an archive in memory, and for archives in it."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        check_members(archive.infolist(), len(data), where)
        for name in archive.namelist():
            content = archive.read(name) if name.endswith((".npz", ".zip")) else b""
            if content:
                check_archive(content, where)


def unpack(source: IO[bytes], destination: IO[bytes], path: Path) -> None:
    """Copy what the compressed file ``path`` contains, as long as it does not expand too much."""
    packed, total = path.stat().st_size, 0
    while block := source.read(_BLOCK):
        total += len(block)
        check_expansion(packed, total, path)
        destination.write(block)
