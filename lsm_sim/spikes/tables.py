"""Spikes as a pandas table, one row for each event. pandas is optional and imported only here."""

from __future__ import annotations

from typing import Any

from lsm_sim.errors import BackendUnavailableError, DescriptionError
from lsm_sim.spikes.groups import group_of_each


def pandas() -> Any:
    """Return the package pandas."""
    try:
        import pandas
    except ImportError:
        raise BackendUnavailableError("pandas is not installed; install it with: pip install pandas") from None
    return pandas


def to_pandas(spikes: Any) -> Any:
    """Return a pandas DataFrame with one row for each event, in order of sample, time and channel.

    Columns: ``sample``, ``time`` in seconds from the start of the sample, ``channel``, ``payload`` if events have one, and
    ``group`` if there are groups (NaN outside of every group). Needs pandas.
    """
    table = {"sample": spikes.sample, "time": spikes.times(), "channel": spikes.channel}
    if spikes.payload is not None:
        table["payload"] = spikes.payload
    if spikes.groups:
        code = group_of_each(spikes)[spikes.channel]
        table["group"] = pandas().Categorical.from_codes(code, list(spikes.groups))
    return pandas().DataFrame(table)


def columns(frame: Any) -> tuple[Any, Any, Any, Any]:
    """Return times, channels, samples (None: one sample) and payloads (None: 1) of a table."""
    if not isinstance(frame, pandas().DataFrame):
        raise DescriptionError(f"Spikes.from_pandas: got {type(frame).__name__}, expected a pandas DataFrame")
    missing = [name for name in ("time", "channel") if name not in frame.columns]
    if missing:
        got = ", ".join(map(str, frame.columns)) or "none"
        raise DescriptionError(
            f"Spikes.from_pandas: no column {' and no column '.join(missing)}; got {got}, expected time (in seconds), channel "
            "and, for several samples, sample"
        )
    sample = frame["sample"].to_numpy() if "sample" in frame.columns else None
    payload = frame["payload"].to_numpy() if "payload" in frame.columns else None
    return frame["time"].to_numpy(), frame["channel"].to_numpy(), sample, payload
