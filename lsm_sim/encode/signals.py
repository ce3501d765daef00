"""Code shared by all encoders: batches of signals, frames that last several steps, assembly of the spikes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np

from lsm_sim.encode.trials import Trials, checked_seed
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.warn import warn, warn_if_long

Interpolation = Literal["hold", "linear"]

_LOW_RATE, _LONG_FRAME = 1.0, 1.0  # Hz, s; there is a warning beyond them
_TOGETHER = 64  # samples that an encoder processes at once, step by step


class Encoder(Protocol):
    """Converts a batch of signals to spikes."""

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels for signals of ``n_features`` channels."""
        ...

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode a batch in steps of ``dt`` seconds, each signal once per trial: all trials of sample 0, then of sample 1, ...

        ``trials`` is a number n, for trials 0 to n - 1, or a list of the trial numbers themselves.
        """
        ...


def check_settings(encoder: Any) -> None:
    """Check the fields that encoders share, and convert quantities of Brian2 to plain numbers."""
    for field in dataclasses.fields(encoder):
        if field.name in _SETTINGS:
            value, where = getattr(encoder, field.name), f"{type(encoder).__name__} {field.name}"
            checked = _SETTINGS[field.name](value, where)
            if type(value) not in (int, float):  # a plain number keeps its type
                object.__setattr__(encoder, field.name, checked)


def _rate(value: Any, where: str) -> float:
    rate = checks.positive(value, where, "rate")
    if rate < _LOW_RATE:
        warn(f"{where}: got {rate:g} Hz, which is unusually low; did you mean {rate:g} * kHz?")
    return rate


def _time(value: Any, where: str) -> float:
    return checks.positive(value, where, "time")


def _frame(value: Any, where: str) -> float | None:
    if value is None:
        return None
    frame = _time(value, where)
    warn_if_long(frame, _LONG_FRAME, where)
    return frame


def _interpolation(value: Any, where: str) -> Any:
    return checks.choice(value, where, ("hold", "linear"))


_SETTINGS: Mapping[str, Callable[[Any, str], Any]] = {
    "max_rate": _rate,
    "cutoff": _rate,
    "power": checks.positive,
    "frame": _frame,
    "taps": _time,
    "interpolation": _interpolation,
    "threshold": checks.real,
    "start": checks.real,
    "seed": checked_seed,
}


def batch(signals: Any) -> list[Floats]:
    """Return the signals as float arrays of shape (T_i, C); an error names the signal that is wrong."""
    out = []
    for b, signal in enumerate(_each(signals)):
        array = checks.real_array(signal, f"signal of sample {b}")
        array = array[None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[0] == 0:
            raise DescriptionError(
                f"signal of sample {b}: got shape {array.shape}, expected (T, C) with at least one frame"
            )
        out.append(array)
    if not out:
        raise DescriptionError("signals: got an empty batch, expected at least one sample")
    widths = {array.shape[1] for array in out}
    if len(widths) > 1 or 0 in widths:
        raise DescriptionError(f"signals: got {sorted(widths)} channels, expected the same number >= 1 in all samples")
    return out


def _each(signals: Any) -> Sequence[Any]:
    """Return the signals of a batch one by one: an array of two dimensions is one signal, a list is always a batch."""
    if isinstance(signals, np.ndarray):
        if signals.ndim == 2:
            return [signals]
        if signals.ndim == 3:
            return list(signals)
    elif isinstance(signals, (list, tuple)):
        _refuse_lists_of_numbers(signals)
        return signals
    got = type(signals).__name__ + (f" of shape {signals.shape}" if isinstance(signals, np.ndarray) else "")
    remedy = "; for one channel write x[:, None], for one frame x[None]" if np.ndim(signals) == 1 else ""
    raise DescriptionError(
        f"signals: got {got}, expected a list of (T, C) arrays, an array (B, T, C), or one array (T, C){remedy}"
    )


def _refuse_lists_of_numbers(signals: Sequence[Any]) -> None:
    """Raise for a list of lists of numbers, which may be one signal or a batch of samples of one frame."""
    flat = [b for b, part in enumerate(signals) if isinstance(part, (list, tuple)) and _begins_with_number(part)]
    if flat:
        raise DescriptionError(
            f"signals: got a list of {len(signals)} in which item {flat[0]} is a list of {len(signals[flat[0]])} numbers; it "
            "may be one signal or a batch of samples of one frame: for one signal (T, C) write numpy.array(signals) or "
            "[signals], for samples of one frame numpy.array(signals)[:, None]"
        )
    if any(isinstance(part, (int, float, np.number)) for part in signals):
        raise DescriptionError(
            "signals: got a list of numbers, expected a list of (T, C) arrays; for one channel write "
            "numpy.array(signals)[:, None], for one frame numpy.array(signals)[None]"
        )


def _begins_with_number(part: Sequence[Any]) -> bool:
    return len(part) > 0 and isinstance(part[0], (int, float, np.number))


def in_unit_range(signals: Sequence[Floats], what: str) -> None:
    """Raise `DescriptionError` unless every value lies in [0, 1]."""
    for b, signal in enumerate(signals):
        if signal.min() < 0 or signal.max() > 1:
            bad = signal[(signal < 0) | (signal > 1)].flat[0]
            raise DescriptionError(
                f"{what}: got {bad:g} in sample {b}, expected values in [0, 1]; scale the signals first"
            )


def frame_steps(frame: float | None, dt: float) -> int:
    """Return how many steps one frame lasts."""
    if frame is None:
        return 1
    steps = checks.positive(frame, "frame", "time") / checks.positive(dt, "dt", "time")
    if steps > checks.MOST or round(steps) < 1 or not np.isclose(steps, round(steps), rtol=1e-6):
        raise DescriptionError(f"frame: got {frame:g} s, expected a whole number of steps of {dt:g} s")
    return round(steps)


def resample(signal: Floats, steps: int, how: Interpolation) -> Floats:
    """Return one value per step, shape (T * steps, C): frames are held, or interpolated linearly between their centres."""
    check_memory(signal.size * steps * 32, "signals")  # values, their cumulative sum, random numbers, spikes
    if how == "hold" or steps == 1 or len(signal) == 1:
        return np.repeat(signal, steps, axis=0)
    moments = (np.arange(len(signal) * steps) + 0.5) / steps - 0.5
    left = np.clip(np.floor(moments).astype(np.int64), 0, len(signal) - 2)
    share = np.clip(moments - left, 0, 1)[:, None]  # constant before the first and after the last centre
    return np.asarray((1 - share) * signal[left] + share * signal[left + 1])


def assemble(events: Sequence[tuple[Ints, Ints]], n_steps: Sequence[int], n_channels: int, dt: float) -> Spikes:
    """Return the spikes of (step, channel) lists, one pair per sample, each sorted."""
    none = np.empty(0, np.int32)
    step, channel = (
        np.concatenate([none, *(pair[axis] for pair in events)], dtype=np.int32, casting="same_kind") for axis in (0, 1)
    )
    offsets = np.concatenate([[0], np.cumsum([pair[0].size for pair in events])])
    return Spikes(step, channel, offsets, np.asarray(n_steps, np.int64), n_channels, dt)


def of_rasters(rasters: Iterable[Bools], dt: float) -> Spikes:
    """Return the spikes of boolean arrays (steps, channels), one per sample, of which one at a time is held."""
    events, lengths, width = [], [], 0
    for raster in rasters:
        events.append(_events(raster))
        lengths.append(raster.shape[0])
        width = raster.shape[1]
    return assemble(events, lengths, width, dt)


def _events(raster: Bools) -> tuple[Ints, Ints]:
    """Return step and channel of the spikes of one sample; as 32 bits, because a batch may have millions of them."""
    step, channel = np.nonzero(raster)
    return step.astype(np.int32), channel.astype(np.int32)


def encode_together(
    signals: Sequence[Floats], steps: int, how: Interpolation, function: Callable[[Floats, Ints], Bools], dt: float
) -> Spikes:
    """Return the spikes of ``function(values, n_steps)``, which processes many samples at once, step by step.

    ``values`` has shape (steps, samples, channels) and is zero after the end of a sample, ``n_steps`` shape (samples,). The
    function returns (steps, samples, spike channels); its values after the end of a sample are dropped. Samples of similar
    length are processed together.
    """
    order = np.argsort([len(signal) for signal in signals], kind="stable")
    events: list[tuple[Ints, Ints]] = [(np.empty(0, np.int64),) * 2] * len(signals)
    width = 0
    for first in range(0, len(signals), _TOGETHER):
        chosen = order[first : first + _TOGETHER]
        parts = [resample(signals[b], steps, how) for b in chosen]
        values = np.zeros((len(parts[-1]), len(parts), parts[0].shape[1]))
        for j, part in enumerate(parts):
            values[: len(part), j] = part
        raster = function(values, np.array([len(part) for part in parts]))
        width = raster.shape[2]
        for j, b in enumerate(chosen):
            events[b] = _events(raster[: len(parts[j]), j])
    return assemble(events, [len(signal) * steps for signal in signals], width, dt)
