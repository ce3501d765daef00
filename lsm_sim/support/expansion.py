"""Refuse compressed files that expand to far more than data do, such as zip bombs.

Deflate shrinks repeated bytes by a factor of up to 1032, measured data by 2 to 20, and rasters of few spikes by up to 100.
"""

from __future__ import annotations

import os
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


def unpack(source: IO[bytes], destination: IO[bytes], path: Path) -> None:
    """Copy what the compressed file ``path`` contains, as long as it does not expand too much."""
    packed, total = path.stat().st_size, 0
    while block := source.read(_BLOCK):
        total += len(block)
        check_expansion(packed, total, path)
        destination.write(block)
