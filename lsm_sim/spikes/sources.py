"""Making `Spikes` from dense arrays, event lists, times in seconds, files and other spikes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import FORMAT, Spikes
from lsm_sim.support import checks, npz
from lsm_sim.support.checks import Bools, Ints
from lsm_sim.support.memory import check_memory

_LARGE = 2**22  # booleans: where NumPy takes milliseconds, as many as loading compiled code does
CASE_FORMATS = ("lsm_sim.case/1", "lsm_sim.case/2")
_EDGE = 1e-9  # of a step: 0.003 s is step 3 at dt = 0.001 s although 0.003/0.001 < 3 in floating point


def from_dense(dense: Any, dt: float) -> Spikes:
    """See `Spikes.from_dense`."""
    if not isinstance(dense, Iterable) or (isinstance(dense, np.ndarray) and dense.ndim not in (2, 3)):
        got = getattr(dense, "shape", dense)
        raise DescriptionError(f"dense spikes: got {got!r}, expected shape (B, T, C), (T, C) or a list of (T_i, C)")
    if isinstance(dense, np.ndarray) and dense.dtype == bool:
        return _from_flags(dense if dense.ndim == 3 else dense[None], dt)
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
    return Spikes(step, channel, offsets, np.array([steps for _, steps in parts], np.int64), max(widths, default=0), dt)


def _from_flags(dense: Bools, dt: float) -> Spikes:
    """Return the spikes of one boolean array (B, T, C); what can only be true or false need not be looked at twice."""
    n_samples, n_steps, n_channels = dense.shape
    step, channel, offsets = _events(dense)
    return Spikes(step, channel, offsets, np.full(n_samples, n_steps), n_channels, dt)


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
    step: Any, channel: Any, sample: Any, *, n_steps: Any, n_channels: int, dt: float, sort: bool
) -> Spikes:
    """See `Spikes.from_events`."""
    step, channel = checks.whole_array(step, "events step"), checks.whole_array(channel, "events channel")
    sample = np.zeros_like(step) if sample is None else checks.whole_array(sample, "events sample")
    if not step.shape == channel.shape == sample.shape or step.ndim != 1:
        msg = f"events: got step {step.shape}, channel {channel.shape} and sample {sample.shape}, expected lists of equal length"
        raise DescriptionError(msg)
    lengths = _per_sample(checks.whole_array(n_steps, "events n_steps"), sample, "n_steps")
    if sort:
        order = np.lexsort((channel, step, sample))
        step, channel, sample = step[order], channel[order], sample[order]
    elif (np.diff(sample) < 0).any():
        raise DescriptionError("events: the samples are not in order; sort the events, or pass sort=True")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(sample, minlength=lengths.size))])
    return Spikes(step, channel, offsets, lengths, n_channels, dt)


def _per_sample(value: Any, sample: Ints, what: str) -> Any:
    """Return one value for each sample; one number alone stands for all of them."""
    n_samples = int(sample.max(initial=0)) + 1 if value.ndim == 0 else value.size
    check_memory(n_samples * 24, f"events of {n_samples} samples")
    if value.ndim > 1:
        raise DescriptionError(f"events {what}: got shape {value.shape}, expected one number or one per sample")
    if sample.size and (sample.min() < 0 or sample.max() >= n_samples):
        bad = sample[(sample < 0) | (sample >= n_samples)][0]
        raise DescriptionError(f"events sample: got {bad}, expected 0..{n_samples - 1} as {what} says")
    return np.broadcast_to(value, (n_samples,)).copy()


def from_times(times: Any, channel: Any, sample: Any, *, duration: Any, n_channels: int, dt: float) -> Spikes:
    """See `Spikes.from_times`."""
    dt = checks.positive(dt, "dt")
    step = checks.steps(np.floor(checks.real_array(times, "times") / dt + _EDGE), "times", dt)
    n_steps = checks.steps(np.rint(checks.real_array(duration, "duration") / dt), "duration", dt)
    try:
        return from_events(step, channel, sample, n_steps=n_steps, n_channels=n_channels, dt=dt, sort=True)
    except DescriptionError as error:
        if "twice" in str(error):
            raise DescriptionError(f"{error}; use a smaller dt than {dt:g} s") from None
        raise


def concatenate(parts: Sequence[Spikes]) -> Spikes:
    """See `Spikes.concatenate`."""
    if not parts:
        raise DescriptionError("Spikes.concatenate: got no parts, expected at least one")
    for part in parts:
        if not isinstance(part, Spikes):
            raise DescriptionError(f"Spikes.concatenate: got {type(part).__name__}, expected Spikes")
    first = parts[0]
    for part in parts[1:]:
        if (part.n_channels, part.dt) != (first.n_channels, first.dt):
            raise DescriptionError(f"Spikes.concatenate: got {first} and {part}, expected equal channels and dt")
    shifts = np.concatenate([[0], np.cumsum([part.n_events for part in parts])])
    offsets = [
        np.zeros(1, np.int64),
        *(part.offsets[1:] + shift for part, shift in zip(parts, shifts[:-1], strict=True)),
    ]
    return Spikes(
        np.concatenate([part.step for part in parts]),
        np.concatenate([part.channel for part in parts]),
        np.concatenate(offsets),
        np.concatenate([part.n_steps for part in parts]),
        first.n_channels,
        first.dt,
        first.groups,
    )


def from_file(path: str | os.PathLike[str]) -> Spikes:
    """See `Spikes.load`."""
    arrays = npz.read(path)
    kind = str(arrays.get("format", ""))
    try:
        if kind in CASE_FORMATS:
            if "stimulus_payload" in arrays:
                raise DescriptionError(
                    "the stimulus has payloads, which this version of lsm_sim does not know; upgrade it"
                )
            return from_events(
                arrays["stimulus_step"],
                arrays["stimulus_channel"],
                None,
                n_steps=arrays["n_steps"],
                n_channels=arrays["n_inputs"],
                dt=arrays["dt"],
                sort=False,
            )
        if kind == FORMAT:
            ends = zip(arrays["group_name"], arrays["group_start"], arrays["group_stop"], strict=True)
            groups = {str(name): range(int(start), int(stop)) for name, start, stop in ends}
            names = ("step", "channel", "offsets", "n_steps", "n_channels", "dt")
            return Spikes(**{name: arrays[name] for name in names}, groups=groups)
    except KeyError as error:
        raise DescriptionError(f"{path}: no {error} in the file; it is damaged") from None
    except (DescriptionError, ValueError, TypeError, OverflowError) as error:
        raise DescriptionError(f"{path}: {error}") from None
    raise DescriptionError(f"{path}: got format {kind or 'none'!r}, expected {FORMAT!r} or {CASE_FORMATS[0]!r}")
