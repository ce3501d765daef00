"""Electrocardiograms in WFDB records with annotations, such as the MIT-BIH Arrhythmia Database."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from lsm_sim.datasets import mit_bih
from lsm_sim.datasets.folders import folder_with
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.wfdb_record import AAMI, RHYTHM, Annotated, read_record
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.files import PathLike

Labels = Literal["aami", "symbols", "rhythm"]

SOURCE = Source(
    origin="https://physionet.org/content/mitdb/1.0.0",
    licence="ODC-BY 1.0",
    citation="G. B. Moody, R. G. Mark: The impact of the MIT-BIH Arrhythmia Database. "
    "IEEE Engineering in Medicine and Biology 20, 45-50 (2001)",
)
Piece = tuple[Floats, str]


def ecg(
    folder: PathLike | None = None,
    *,
    records: Sequence[str] | None = None,
    channel: int | str = 0,
    labels: Labels = "aami",
    before: float = 0.25,
    after: float = 0.4,
    window: float | None = None,
    annotator: str = "atr",
) -> Dataset:
    """Return beats or windows of annotated recordings: X of shape (B, T, 1), in the unit of the records (mV).

    Beats: from ``before`` to ``after`` around each annotated beat; beats too close to an end of the record are omitted.
    Windows: consecutive, of ``window`` seconds each. Needs the extra ``data``: ``pip install '.[data]'`` from a checkout,
    ``pip install 'lsm-sim[data]'`` once published.

    Published split (de Chazal et al. 2004): the 22 records DS2 of the MIT-BIH Arrhythmia Database are the test set; there
    is no split if any other record is read. ``groups`` are the names of the records (201 and 202 are from the same person).

    Parameters
    ----------
    folder
        A folder with records: .hea, .dat and annotations. None downloads the 44 records of DS1 and DS2 of the
        MIT-BIH Arrhythmia Database into the cache, about 90 MB.
    records
        Names of the records to read; None reads all annotated records of the folder except the paced ones 102, 104, 107
        and 217.
    channel
        Index or name of the signal, such as ``"MLII"``.
    labels
        ``"aami"``: the classes N, S, V, F, Q of ANSI/AAMI EC57. ``"symbols"``: the beat annotations themselves.
        ``"rhythm"``: the rhythm at the start of a window, such as ``"(AFIB"``; windows before the first rhythm annotation
        are omitted. With the other two, a window has the class of most of its beats; a window without beats is omitted.
    before, after, window
        Times in seconds; without ``window`` the samples are beats.
    annotator
        Suffix of the annotation files.
    """
    before, after = checks.positive(before, "ecg before", "time"), checks.positive(after, "ecg after", "time")
    window = None if window is None else checks.positive(window, "ecg window", "time")
    if labels not in ("aami", "symbols", "rhythm"):
        raise DescriptionError(f"ecg labels: got {labels!r}, expected 'aami', 'symbols' or 'rhythm'")
    if labels == "rhythm" and window is None:
        raise DescriptionError("ecg labels: 'rhythm' needs windows; set window in seconds")
    if folder is None:
        records = mit_bih.RECORDS if records is None else records
        folder = mit_bih.downloaded(records)
    names = _names(folder_with("ecg", folder, ("*.hea",)), records, annotator)
    signals = [read_record(path, channel, annotator) for path in names]
    rate = _one_rate(signals)
    pieces = [
        _beats(signal, labels, round(before * rate), round(after * rate))
        if window is None
        else _windows(signal, labels, round(window * rate))
        for signal in signals
    ]
    return _dataset(signals, pieces, labels, rate)


def _names(folder: Path, records: Sequence[str] | None, annotator: str) -> list[Path]:
    """Return the records as paths without suffix."""
    if records is None:
        found = sorted(path.with_suffix("") for path in folder.glob("*.hea") if path.stem not in mit_bih.PACED)
        annotated = [path for path in found if path.with_suffix(f".{annotator}").exists()]
        if not annotated:
            raise DescriptionError(
                f"ecg: no record with annotations *.{annotator} in {folder}; to read the paced records, name them with records="
            )
        return annotated
    if isinstance(records, str) or not records:
        raise DescriptionError(f"ecg records: got {records!r}, expected a list of names such as ['100', '101']")
    for name in records:
        for suffix in ("hea", annotator):
            if not (folder / f"{name}.{suffix}").exists():
                raise DescriptionError(
                    f"ecg: no {name}.{suffix} in {folder}; expected each record's .hea and .{annotator}"
                )
    return [folder / str(name) for name in records]


def _one_rate(signals: Sequence[Annotated]) -> float:
    first = signals[0]
    for signal in signals:
        if signal.rate != first.rate:
            raise DescriptionError(
                f"ecg: record {signal.name} has {signal.rate:g} samples per second, but {first.name} has {first.rate:g}; "
                "read them separately with records="
            )
    return first.rate


def _beats(signal: Annotated, labels: Labels, before: int, after: int) -> list[Piece]:
    pieces = []
    for at, symbol in zip(signal.beat.tolist(), signal.symbol, strict=True):
        if before <= at and at + after <= len(signal.values):
            pieces.append((signal.part(at - before, at + after), _label(symbol, labels)))
    return pieces


def _windows(signal: Annotated, labels: Labels, length: int) -> list[Piece]:
    if length < 1:
        raise DescriptionError(f"ecg window: shorter than one sample at {signal.rate:g} samples per second")
    pieces = []
    for start in range(0, len(signal.values) - length + 1, length):
        label = _window_label(signal, labels, start, start + length)
        if label is not None:
            pieces.append((signal.part(start, start + length), label))
    return pieces


def _window_label(signal: Annotated, labels: Labels, start: int, stop: int) -> str | None:
    if labels == "rhythm":
        current = np.searchsorted(signal.rhythm_start, start, side="right") - 1
        return signal.rhythm[current] if current >= 0 else None
    first, last = np.searchsorted(signal.beat, (start, stop))
    present, counts = np.unique([_label(symbol, labels) for symbol in signal.symbol[first:last]], return_counts=True)
    return str(present[np.argmax(counts)]) if present.size else None


def _label(symbol: str, labels: Labels) -> str:
    return AAMI[symbol] if labels == "aami" else symbol


def _dataset(signals: Sequence[Annotated], pieces: Sequence[list[Piece]], labels: Labels, rate: float) -> Dataset:
    samples = [values for part in pieces for values, _ in part]
    if not samples:
        raise DescriptionError(f"ecg: no sample with a label of labels={labels!r} in these records; try other labels")
    names = [label for part in pieces for _, label in part]
    classes = ("N", "S", "V", "F", "Q") if labels == "aami" else tuple(sorted(set(names)))
    groups = np.repeat([signal.name for signal in signals], [len(part) for part in pieces])
    index = {label: k for k, label in enumerate(classes)}
    y: Ints = np.array([index[label] for label in names])
    X = np.stack(samples)[:, :, None]
    return Dataset("ecg", X, y, classes, SOURCE, groups, mit_bih.split(groups), sample_rate=rate)


__all__ = ["AAMI", "RHYTHM", "ecg"]
