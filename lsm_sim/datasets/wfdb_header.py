"""Check the header of a WFDB record before the library wfdb believes it: what it declares must be in the files.

wfdb allocates what a header declares, follows its segments without end, and reads any file that it names.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lsm_sim.errors import DescriptionError
from lsm_sim.support.brief import brief
from lsm_sim.support.expansion import FACTOR
from lsm_sim.support.files import check_readable

_LARGEST = 2**20  # bytes of a header
_FORMAT = re.compile(r"(\d+)(?:x(\d+))?(?::(\d+))?(?:\+(\d+))?")  # format x samples per frame : skew + offset
_FLAC = ("508", "516", "524")


@dataclass(frozen=True)
class _Signal:
    """What the line of a signal says, as far as it determines the memory to read it."""

    file: Path
    kind: str
    per_frame: int
    skew: int


def check_header(path: Path) -> None:
    """Raise `DescriptionError` if the header of the record ``path`` (without suffix) does not fit its files."""
    header = path.with_name(f"{path.name}.hea")
    lines = _lines(header)
    words = lines[0].split() if lines else []
    if len(words) < 2 or not words[1].isdecimal() or (len(words) > 3 and not words[3].isdecimal()):
        raise DescriptionError(f"{header}: damaged or not the file of a WFDB record; download it again")
    if "/" in words[0]:
        raise DescriptionError(f"{header}: the record has several segments, expected one; read the segments as records")
    if int(words[1][:9]) != len(lines) - 1:
        raise DescriptionError(f"{header}: declares {brief(words[1], 20)} signals, but describes {len(lines) - 1}")
    signals = [_signal(line, header) for line in lines[1:]]
    n = int(words[3][:18]) if len(words) > 3 else 0
    for file in {signal.file for signal in signals}:
        _check_size(file, [signal for signal in signals if signal.file == file], n, header)


def _lines(header: Path) -> list[str]:
    check_readable(header)
    try:
        size, text = header.stat().st_size, header.read_bytes()[:_LARGEST].decode("utf-8", "replace")
    except FileNotFoundError:
        raise DescriptionError(f"{header}: no such file") from None
    except OSError as error:
        raise DescriptionError(f"{header}: cannot be read ({error.strerror or error})") from None
    if size > _LARGEST:
        raise DescriptionError(f"{header}: got {size} bytes, expected a header of at most {_LARGEST}")
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _signal(line: str, header: Path) -> _Signal:
    words = line.split()
    match = _FORMAT.fullmatch(words[1]) if len(words) > 1 else None
    if match is None or "/" in words[0] or not words[0].isprintable() or words[0] in ("~", ".", ".."):
        raise DescriptionError(
            f"{header}: got the signal {brief(line, 60)!r}, expected the name of a file in the same folder and its format"
        )
    kind, per_frame, skew, _ = (part[:12] if part else "" for part in match.groups())
    return _Signal(header.parent / words[0], kind, int(per_frame or 1), int(skew or 0))


def _check_size(file: Path, signals: list[_Signal], n: int, header: Path) -> None:
    """Check that a file can contain the samples of its signals; no format but FLAC takes less than a byte for one."""
    check_readable(file)
    try:
        size = file.stat().st_size
    except OSError:
        return  # wfdb says which file is missing
    per_byte = FACTOR if any(signal.kind in _FLAC for signal in signals) else 1
    per_frame = sum(signal.per_frame for signal in signals)
    if max(n, 1) * per_frame > size * per_byte or max(signal.skew for signal in signals) > max(n, size * per_byte):
        raise DescriptionError(
            f"{header}: damaged or not a file of a WFDB record (it declares {n} samples of {len(signals)} signals, but "
            f"{file.name} has {size} bytes); download the record again"
        )
