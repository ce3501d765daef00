"""Reading one WFDB record with its annotations."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.datasets.packages import needed
from lsm_sim.datasets.wfdb_header import check_header
from lsm_sim.errors import DescriptionError
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import check_readable

# ANSI/AAMI EC57: beats that are neither supraventricular (S) nor ventricular ectopic (V), fusion (F) or unknown and paced
# (Q) are N, including bundle branch blocks and escape beats
_MEMBERS = {"N": "NLRBejn", "S": "AaJS", "V": "VEr", "F": "F", "Q": "/fQ?"}
AAMI = {symbol: group for group, symbols in _MEMBERS.items() for symbol in symbols}
RHYTHM = "+"  # an annotation whose note names the rhythm that starts there


@dataclass(frozen=True, eq=False)
class Annotated:
    """One signal (n,) with its beats (times and symbols) and its rhythms (times and notes), sorted by time."""

    name: str
    values: Floats
    rate: float
    beat: Ints
    symbol: list[str]
    rhythm_start: Ints
    rhythm: list[str]

    def part(self, start: int, stop: int) -> Floats:
        """Return a part of the signal; raise an error if values are missing in it."""
        values = self.values[start:stop]
        if np.isnan(values).any():
            at = (start + int(np.flatnonzero(np.isnan(values))[0])) / self.rate
            raise DescriptionError(
                f"ecg: record {self.name} has no value at {at:.3f} s; choose another channel, or omit the record"
            )
        return values


@dataclass(frozen=True, eq=False)
class Rhythms:
    """The beats and rhythms of a record, without its signals; ``rate`` is in samples per second."""

    rate: float
    beat: Ints
    rhythm_start: Ints
    rhythm: list[str]


def read_rhythms(path: Path, annotator: str) -> Rhythms:
    """Read the beats (of the files ``.annotator``) and rhythms (``.atr``) of the record ``path`` (without suffix)."""
    wfdb = needed("wfdb", "WFDB records")
    for suffix in ("hea", annotator, "atr"):
        check_readable(path.with_suffix(f".{suffix}"))
    header = _library(wfdb.rdheader, f"{path}.hea", str(path))
    if not header.fs or not np.isfinite(header.fs) or header.fs <= 0:
        raise DescriptionError(f"{path}.hea: got {header.fs} samples per second, expected a number > 0")
    for suffix in ("atr", annotator):
        _check_end(path, suffix)
    notes, beats = (_library(wfdb.rdann, f"{path}.{one}", str(path), one) for one in ("atr", annotator))
    rhythms = _rhythms(notes)
    at = np.sort(
        np.asarray([t for t, symbol in zip(beats.sample, beats.symbol, strict=True) if symbol in AAMI], np.int64)
    )
    start = np.asarray(notes.sample, np.int64)[rhythms]
    return Rhythms(float(header.fs), at, start, [_name(notes.aux_note[k]) for k in rhythms])


def _check_end(path: Path, annotator: str) -> None:
    if path.with_suffix(f".{annotator}").read_bytes()[-2:] != b"\0\0":  # the format ends with these bytes
        raise DescriptionError(f"{path}.{annotator}: truncated, or not an annotation file; download it again")


def _rhythms(notes: Any) -> list[Any]:
    """Return which annotations are the start of a rhythm, in the order of time."""
    order = np.argsort(np.asarray(notes.sample, np.int64), kind="stable")
    return [k for k in order if notes.symbol[k] == RHYTHM and notes.aux_note[k].startswith("(")]


def _name(note: str) -> str:
    return note.rstrip("\x00 ")


def read_record(path: Path, channel: int | str, annotator: str) -> Annotated:
    """Read the record ``path`` (without suffix) and its annotations."""
    wfdb = needed("wfdb", "WFDB records")
    check_header(path)
    check_readable(path.with_suffix(f".{annotator}"))
    record = _library(wfdb.rdrecord, f"{path}.hea", str(path))
    _check_end(path, annotator)
    notes = _library(wfdb.rdann, f"{path}.{annotator}", str(path), annotator)
    if record.p_signal is None or len(record.p_signal) != record.sig_len:
        got = 0 if record.p_signal is None else len(record.p_signal)
        raise DescriptionError(
            f"{path}.hea: declares {record.sig_len} samples, but there are {got}; the record is truncated"
        )
    values = np.asarray(record.p_signal[:, _column(record, channel, path)], np.float64)
    at = np.asarray(notes.sample, np.int64)
    if at.size and not 0 <= at.min() <= at.max() < len(values):
        bad = at.max() if at.max() >= len(values) else at.min()
        raise DescriptionError(
            f"{path}.{annotator}: got an annotation at sample {bad}, but the record has {len(values)} samples"
        )
    order = np.argsort(at, kind="stable")
    beats = [k for k in order if notes.symbol[k] in AAMI]
    rhythms = _rhythms(notes)
    return Annotated(
        name=path.name,
        values=values,
        rate=float(record.fs),
        beat=at[beats],
        symbol=[notes.symbol[k] for k in beats],
        rhythm_start=at[rhythms],
        rhythm=[_name(notes.aux_note[k]) for k in rhythms],
    )


def _library(function: Any, file: str, *arguments: Any) -> Any:
    try:
        with warnings.catch_warnings():  # see packages.needed
            warnings.simplefilter("ignore", DeprecationWarning)
            return function(*arguments)
    except FileNotFoundError as error:
        raise DescriptionError(f"{error.filename or file}: no such file, but {file} needs it") from None
    except Exception as error:  # wfdb checks little, so other files raise errors of any type
        raise DescriptionError(
            f"{file}: damaged or not a file of a WFDB record ({type(error).__name__}: {brief(error)})"
        ) from None


def _column(record: Any, channel: int | str, path: Path) -> int:
    names = list(record.sig_name)
    if isinstance(channel, str) and channel in names:
        return names.index(channel)
    if isinstance(channel, int) and not isinstance(channel, bool) and 0 <= channel < len(names):
        return channel
    raise DescriptionError(f"{path}: no channel {channel!r}; it has 0..{len(names) - 1}: {', '.join(map(str, names))}")
