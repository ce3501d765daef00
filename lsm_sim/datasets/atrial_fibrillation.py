"""Atrial fibrillation in annotated WFDB records: the variability of heart beats, without the electrocardiogram itself."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.datasets.folders import folder_with
from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.wfdb_record import Rhythms, read_rhythms
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.files import PathLike

SOURCE = Source(
    origin="https://physionet.org/content/afdb/1.0.0",
    licence="ODC-BY 1.0",
    citation="G. B. Moody, R. G. Mark: A new method for detecting atrial fibrillation using R-R intervals. Computers in "
    "Cardiology 10, 227-230 (1983)",
)
CHANNELS = ("RR", "difference", "SDNN", "RMSSD", "pNN50")
_AF = "(AFIB"
_LONGEST = 3.0  # s: an interval beyond it is a gap between annotations
_LAST = 8  # intervals in the running measures


def atrial_fibrillation(folder: PathLike | None = None, *, beats: int = 64, annotator: str | None = None) -> Dataset:
    """Return windows of consecutive beats, with atrial fibrillation or not: X of shape (windows, beats, 5).

    Reads annotations only, such as those of the MIT-BIH Atrial Fibrillation Database: its 25 records are of 25 patients, so
    ``groups``, the names of the records, keep patients apart. A window is fibrillation if that is the annotated rhythm, "(AFIB",
    at more than half of its beats. There is no published split: leave patients out. Needs the extra ``data``.

    The channels are measures of heart rate variability (Task Force, Circulation 93, 1043-1065, 1996) after each beat: the
    interval RR since the last beat, in s; the absolute difference of the last two intervals; and of the last 8 intervals of
    the window their standard deviation SDNN, the root mean square of their successive differences RMSSD, and the share pNN50
    of differences above 50 ms.

    Parameters
    ----------
    folder
        A folder with headers .hea, rhythms .atr and, if the beats are in files of their own, .qrs. It is not downloaded: get
        it from https://physionet.org/content/afdb/1.0.0.
    beats
        Intervals in a window; windows do not overlap. One that has an interval of more than 3 s, or beats before the
        first annotated rhythm, is omitted.
    annotator
        Suffix of the files with the beats; None: ``"qrs"`` where there is one, else ``"atr"``.
    """
    beats = checks.whole(beats, "atrial_fibrillation beats", minimum=2, maximum=checks.MOST)
    if folder is None:
        raise DescriptionError(
            "atrial_fibrillation: got no folder, and this data set is not downloaded; get the annotations from "
            f"{SOURCE.origin} and pass their folder"
        )
    top = folder_with("atrial_fibrillation", folder, ("*.hea",))
    paths = [path.with_suffix("") for path in sorted(top.glob("*.hea")) if path.with_suffix(".atr").exists()]
    if not paths:
        raise DescriptionError(f"atrial_fibrillation: no record with rhythms *.atr in {top}")
    found = {path.name: _windows(_read(path, annotator), beats) for path in paths}
    X = [window for windows, _ in found.values() for window in windows]
    if not X:
        raise DescriptionError(
            f"atrial_fibrillation: no window of {beats} beats with a rhythm in these {len(paths)} records; use fewer beats"
        )
    y = np.concatenate([labels for _, labels in found.values()]).astype(np.int64)
    groups = np.repeat(list(found), [len(windows) for windows, _ in found.values()])
    return Dataset("atrial_fibrillation", np.stack(X), y, ("other", "fibrillation"), SOURCE, groups)


def _read(path: Path, annotator: str | None) -> Rhythms:
    suffix = annotator or ("qrs" if path.with_suffix(".qrs").exists() else "atr")
    if not path.with_suffix(f".{suffix}").exists():
        raise DescriptionError(
            f"atrial_fibrillation: no {path.name}.{suffix} in {path.parent}; expected that of each record"
        )
    return read_rhythms(path, suffix)


def _windows(record: Rhythms, beats: int) -> tuple[list[Floats], list[bool]]:
    """Return the windows of a record and whether each is fibrillation."""
    at = record.beat / record.rate
    current = np.searchsorted(record.rhythm_start, record.beat, side="right") - 1
    fibrillating = np.array([k >= 0 and record.rhythm[k] == _AF for k in current], bool)
    windows, labels = [], []
    for first in range(0, len(at) - beats, beats):
        intervals = np.diff(at[first : first + beats + 1])
        if current[first] >= 0 and intervals.max() <= _LONGEST:
            windows.append(variability(intervals))
            labels.append(bool(2 * fibrillating[first + 1 : first + beats + 1].sum() > beats))
    return windows, labels


def variability(intervals: Any) -> Floats:
    """Return the five channels of `atrial_fibrillation` after each of some intervals, in seconds, (intervals, 5).

    Examples
    --------
    >>> variability([0.8, 0.9, 0.7]).round(3)
    array([[0.8  , 0.   , 0.   , 0.   , 0.   ],
           [0.9  , 0.1  , 0.05 , 0.1  , 1.   ],
           [0.7  , 0.2  , 0.082, 0.158, 1.   ]])
    """
    rr = checks.real_array(intervals, "intervals")
    if rr.ndim != 1 or not rr.size:
        raise DescriptionError(f"intervals: got shape {rr.shape}, expected (intervals,), at least one")
    out = np.zeros((rr.size, len(CHANNELS)))
    out[:, 0] = rr
    for k in range(rr.size):
        last = rr[max(k + 1 - _LAST, 0) : k + 1]
        steps = np.abs(np.diff(last))
        out[k, 2] = last.std()
        if steps.size:
            out[k, 1] = steps[-1]
            out[k, 3] = np.sqrt((steps**2).mean())
            out[k, 4] = (steps > 0.05).mean()
    return out
