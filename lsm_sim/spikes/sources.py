"""From dense arrays, event lists and times in seconds to the first five fields of `Spikes`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.memory import check_memory

Events: TypeAlias = tuple[Any, Any, Ints, Ints, int]  # step, channel, offsets, n_steps, n_channels

_LARGE = 2**22  # booleans; at this size NumPy takes milliseconds, as loading the compiled code does
_EDGE = 1e-9  # of a step: 0.003 s is step 3 at dt = 0.001 s although 0.003/0.001 < 3 in floating point
_ULPS = 4 * np.finfo(np.float64).eps  # after millions of steps, the rounding of (k dt) / dt is larger than that


def from_dense(dense: Any) -> Events:
    """See `Spikes.from_dense`."""
    if not isinstance(dense, Iterable) or (isinstance(dense, np.ndarray) and dense.ndim not in (2, 3)):
        got = getattr(dense, "shape", dense)
        raise DescriptionError(f"dense spikes: got {got!r}, expected shape (B, T, C), (T, C) or a list of (T_i, C)")
    if isinstance(dense, np.ndarray) and dense.dtype == bool:
        return _from_flags(dense if dense.ndim == 3 else dense[None])
    samples = [dense] if isinstance(dense, np.ndarray) and dense.ndim == 2 else list(dense)
    parts, widths = [], set()
    for b, sample in enumerate(samples):
        array = checks.real_array(sample, f"dense spikes of sample {b}")
        if array.ndim != 2:
            raise DescriptionError(f"dense spikes of sample {b}: got shape {array.shape}, expected (T, C)")
        if not np.isin(array, (0, 1)).all():
            bad = array[~np.isin(array, (0, 1))][0]
            msg = f"dense spikes of sample {b}: got {bad:g}, expected 0 or 1; encode analog signals with lsm_sim.encode"
            raise DescriptionError(msg)
        widths.add(array.shape[1])
        parts.append((np.nonzero(array), array.shape[0]))
    if len(widths) > 1:
        raise DescriptionError(f"dense spikes: got samples of {sorted(widths)} channels, expected the same for all")
    offsets = np.concatenate([[0], np.cumsum([len(events[0]) for events, _ in parts])]).astype(np.int64)
    none = np.empty(0, np.int64)
    step, channel = (np.concatenate([none, *(events[axis] for events, _ in parts)]) for axis in (0, 1))
    return step, channel, offsets, np.array([steps for _, steps in parts], np.int64), max(widths, default=0)


def _from_flags(dense: Bools) -> Events:
    """Return the events of one boolean array (B, T, C), whose values need no check."""
    n_samples, n_steps, n_channels = dense.shape
    step, channel, offsets = _events(dense)
    return step, channel, offsets, np.full(n_samples, n_steps), n_channels


def _events(dense: Bools) -> tuple[Any, Any, Ints]:
    """Return step and channel of true values, and where the events of each sample begin."""
    n_samples, n_steps, n_channels = dense.shape
    if dense.size >= _LARGE:
        from lsm_sim.spikes import set_bits  # compiled

        return set_bits.events(dense)
    where = np.flatnonzero(dense)
    row = where // max(n_channels, 1)  # np.divmod would be three times slower
    offsets = np.searchsorted(where, np.arange(n_samples + 1) * (n_steps * n_channels))
    return row - np.repeat(np.arange(n_samples) * n_steps, np.diff(offsets)), where - row * n_channels, offsets


def from_events(
    step: Any, channel: Any, sample: Any, *, n_steps: Any, n_channels: int, sort: bool, payload: Any
) -> tuple[Events, Any]:
    """See `Spikes.from_events`."""
    step, channel = checks.whole_array(step, "events step"), checks.whole_array(channel, "events channel")
    sample = np.zeros_like(step) if sample is None else checks.whole_array(sample, "events sample")
    if not step.shape == channel.shape == sample.shape or step.ndim != 1:
        msg = f"events: got step {step.shape}, channel {channel.shape} and sample {sample.shape}, expected lists of equal length"
        raise DescriptionError(msg)
    lengths = _per_sample(checks.whole_array(n_steps, "events n_steps"), sample, "n_steps")
    if payload is not None:
        payload = checks.whole_array(payload, "events payload")
        if payload.shape != step.shape:
            raise DescriptionError(
                f"events payload: got shape {payload.shape}, expected {step.shape}, one for each event"
            )
    if sort:
        order = np.lexsort((channel, step, sample))
        step, channel, sample = step[order], channel[order], sample[order]
        payload = None if payload is None else payload[order]
    elif (np.diff(sample) < 0).any():
        raise DescriptionError("events: the samples are not in order; sort the events, or pass sort=True")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(sample, minlength=lengths.size))])
    return (step, channel, offsets, lengths, n_channels), payload


def _per_sample(value: Any, sample: Ints, what: str) -> Any:
    """Return one value for each sample; a single number applies to all of them."""
    n_samples = int(sample.max(initial=0)) + 1 if value.ndim == 0 else value.size
    check_memory(n_samples * 24, f"events of {n_samples} samples")
    if value.ndim > 1:
        raise DescriptionError(f"events {what}: got shape {value.shape}, expected one number or one per sample")
    if sample.size and (sample.min() < 0 or sample.max() >= n_samples):
        bad = sample[(sample < 0) | (sample >= n_samples)][0]
        raise DescriptionError(f"events sample: got {bad}, expected 0..{n_samples - 1} as {what} says")
    return np.broadcast_to(value, (n_samples,)).copy()


def from_times(
    times: Any, channel: Any, sample: Any, *, duration: Any, n_channels: int, dt: float, payload: Any
) -> tuple[Events, Any]:
    """See `Spikes.from_times`."""
    step = step_of(checks.real_array(times, "times", "time"), dt, "times")
    n_steps = checks.steps(np.rint(checks.real_array(duration, "duration", "time") / dt), "duration", dt)
    return from_events(step, channel, sample, n_steps=n_steps, n_channels=n_channels, sort=True, payload=payload)


def step_of(times: Floats, dt: float, where: str) -> Ints:
    """Return the step that covers each time in seconds; a time within rounding errors of a step's begin belongs to it."""
    moment = times / dt
    return checks.steps(np.floor(moment + np.maximum(_EDGE, _ULPS * np.abs(moment))), where, dt)
