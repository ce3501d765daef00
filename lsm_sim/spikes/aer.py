"""Spikes as address events: structured arrays with fields x, y, t, p, as event cameras and the package tonic have them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.sources import step_of
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints

# tonic 1.7.0, tonic/io.py: events_struct. Sensors with more than two polarities or 32767 columns get wider fields.
TONIC = np.dtype([("x", np.int16), ("y", np.int16), ("t", np.int64), ("p", np.bool_)])

MICROSECOND = 1e-6


def to_aer(spikes: Any, sensor_size: tuple[int, int, int]) -> list[npt.NDArray[Any]]:
    """Return address events: for each sample a structured array with fields x, y, t and p; `from_aer` is the way back.

    Fields have the types of tonic's ``events_struct`` (int16, int16, int64, bool), wider ones only where the sensor needs
    them. t is the first whole microsecond of the step, so that events come back to their steps. Payloads, and dt below a
    microsecond, are errors. Groups and the time after the last event are not in the arrays.

    Parameters
    ----------
    sensor_size
        Width, height and number of polarities; channel c has ``c = (p * height + y) * width + x``. ``(n_channels, 1, 1)``
        for spikes without a place.

    Examples
    --------
    >>> import lsm_sim
    >>> lsm_sim.Spikes.from_trains([[0.002], [], [], [0.001]], duration=0.01, dt=1e-3).to_aer((2, 2, 1))[0].tolist()
    [(1, 1, 1000, False), (0, 0, 2000, False)]
    """
    width, height, n_polarities = size = _sensor(sensor_size, "Spikes.to_aer")
    if spikes.n_channels != width * height * n_polarities:
        raise DescriptionError(
            f"Spikes.to_aer: got {spikes.n_channels} channels and sensor_size {size}, expected as many channels as "
            f"width * height * polarities, {width * height * n_polarities}"
        )
    if spikes.payload is not None:
        raise DescriptionError(
            "Spikes.to_aer: got events with payloads, which address events cannot carry; use to_neo or to_pandas"
        )
    if spikes.dt < MICROSECOND:
        raise DescriptionError(
            f"Spikes.to_aer: got dt {spikes.dt:g} s, expected at least 1 us, the unit of the times of address events"
        )
    events = np.empty(spikes.n_events, _dtype(size))
    rest, events["x"] = np.divmod(spikes.channel, width)
    events["p"], events["y"] = np.divmod(rest, height)
    events["t"] = _microseconds(spikes.step, spikes.dt)
    return np.split(events, spikes.offsets[1:-1]) if len(spikes) else []


def _microseconds(step: Any, dt: float) -> Ints:
    """Return the first whole microsecond of each step."""
    width = dt / MICROSECOND
    whole = round(width)
    if abs(width - whole) <= 1e-9 * width:
        return np.asarray(step, np.int64) * whole
    return np.asarray(np.ceil(step * width), np.int64)


def _dtype(size: tuple[int, int, int]) -> np.dtype[Any]:
    """Return tonic's dtype, with wider fields where the sensor needs them."""
    kinds = {name: TONIC[name] for name in ("x", "y", "t", "p")}
    for name, n in zip(("x", "y", "p"), size, strict=True):
        if n > (2 if name == "p" else 2**15):
            kinds[name] = np.dtype(np.int16 if n <= 2**15 else np.int32)
    return np.dtype(list(kinds.items()))


def _sensor(size: Any, where: str) -> tuple[int, int, int]:
    values = checks.whole_array(size, f"{where} sensor_size")
    if values.shape != (3,) or (values < 1).any() or (values >= 2**31).any():
        raise DescriptionError(
            f"{where} sensor_size: got {size!r}, expected (width, height, polarities), such as (34, 34, 2)"
        )
    width, height, n_polarities = map(int, values)
    if width * height * n_polarities >= 2**31:
        raise DescriptionError(f"{where} sensor_size: got {size!r}, expected less than 2^31 channels")
    return width, height, n_polarities


def events(data: Any, sensor_size: Any, dt: Any, duration: Any, repeats: Any) -> dict[str, Any]:
    """Return the arguments of `Spikes.from_events`."""
    size = _sensor(sensor_size, "Spikes.from_aer")
    dt = checks.positive(dt, "Spikes.from_aer dt", "time")
    checks.choice(repeats, "Spikes.from_aer repeats", ("error", "one", "payload"))
    one = isinstance(data, np.ndarray) and data.dtype.names is not None
    samples = [data] if one else checks.items(data, "Spikes.from_aer", "a structured array, or a list of them")
    parts = [_one_sample(sample, size, dt, b) for b, sample in enumerate(samples)]
    step, channel = (np.concatenate([np.empty(0, np.int64), *(part[i] for part in parts)]) for i in (0, 1))
    sample = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    step, channel, sample, payload = _merged(step, channel, sample, repeats)
    if duration is None:
        n_steps = np.array([part[0].max(initial=0) + 1 for part in parts], np.int64)
    else:
        n_steps = checks.steps(np.rint(checks.real_array(duration, "duration", "time") / dt), "duration", dt)
    n_steps = np.broadcast_to(n_steps, (len(parts),)) if n_steps.ndim == 0 else n_steps
    form = {"n_steps": n_steps, "n_channels": size[0] * size[1] * size[2], "dt": dt}
    return {"step": step, "channel": channel, "sample": sample, "payload": payload, "sort": True} | form


def _one_sample(sample: Any, size: tuple[int, int, int], dt: float, b: int) -> tuple[Ints, Ints]:
    """Return step and channel of each event of one structured array."""
    where = f"Spikes.from_aer sample {b}"
    names = sample.dtype.names if isinstance(sample, np.ndarray) else None
    needed = ("x", "t", "p") if size[1] == 1 else ("x", "y", "t", "p")
    if names is None or any(name not in names for name in needed):
        got = type(sample).__name__ if names is None else f"fields {', '.join(names)}"
        raise DescriptionError(f"{where}: got {got}, expected a structured array with fields {', '.join(needed)}")
    if sample.ndim != 1:
        raise DescriptionError(f"{where}: got shape {sample.shape}, expected (events,)")
    x, y, p = (_coordinate(sample, name, n, where) for name, n in zip(("x", "y", "p"), size, strict=True))
    seconds = checks.real_array(sample["t"], f"{where} t") * MICROSECOND
    return step_of(seconds, dt, f"{where} t"), (p * size[1] + y) * size[0] + x


def _coordinate(sample: Any, name: str, n: int, where: str) -> Ints:
    """Return one field as integers below ``n``; y may be missing where there is one row."""
    if name not in sample.dtype.names:
        return np.zeros(len(sample), np.int64)
    values = checks.whole_array(sample[name], f"{where} {name}")
    wrong = values[(values < 0) | (values >= n)]
    if wrong.size:
        raise DescriptionError(f"{where} {name}: got {wrong[0]}, expected 0..{n - 1} as sensor_size says")
    return values


def _merged(step: Ints, channel: Ints, sample: Ints, repeats: str) -> tuple[Ints, Ints, Ints, Ints | None]:
    """Return each event of a channel in a step once, with the number of its events if ``repeats`` asks for it."""
    order = np.lexsort((channel, step, sample))
    step, channel, sample = step[order], channel[order], sample[order]
    is_first = np.ones(step.size, np.bool_)
    is_first[1:] = (np.diff(step) != 0) | (np.diff(channel) != 0) | (np.diff(sample) != 0)
    first = np.flatnonzero(is_first)
    if repeats == "error" and first.size < step.size:
        i = int(np.flatnonzero(~is_first)[0])
        raise DescriptionError(
            f"Spikes.from_aer: sample {sample[i]} has two events of channel {channel[i]} in step {step[i]}; use a smaller dt, "
            "repeats='one', or repeats='payload', which counts them"
        )
    count = np.diff(np.append(first, step.size)) if repeats == "payload" else None
    return step[first], channel[first], sample[first], count
