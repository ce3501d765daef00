"""The checks of the fields of `Spikes`, run once when it is created."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints


def checked(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of `Spikes` in their final types, or raise `DescriptionError`."""
    step, channel = _indices(fields["step"], "Spikes step"), _indices(fields["channel"], "Spikes channel")
    offsets, n_steps = (checks.whole_array(fields[name], f"Spikes {name}") for name in ("offsets", "n_steps"))
    if n_steps.ndim != 1:
        raise DescriptionError(
            f"Spikes n_steps: got shape {n_steps.shape}, expected a list with the steps of each sample, shape (samples,)"
        )
    n_channels = checks.whole(fields["n_channels"], "Spikes n_channels")
    if n_channels >= 2**31:
        raise DescriptionError(f"Spikes n_channels: got {n_channels}, expected less than 2^31")
    if step.ndim != 1 or step.shape != channel.shape:
        msg = f"Spikes: got step of shape {step.shape} and channel of shape {channel.shape}, expected two lists of equal length"
        raise DescriptionError(msg)
    _check_samples(offsets, n_steps, step.size)
    if not _are_valid(step, channel, offsets, n_steps, n_channels):
        sample = np.repeat(np.arange(n_steps.size), np.diff(offsets))
        _check_range("channel", channel, sample, np.full(n_steps.size, n_channels))
        _check_range("step", step, sample, n_steps)
        _check_order(sample, step, channel, n_channels)
    out: dict[str, Any] = {
        "step": step.astype(np.int32, copy=False),
        "channel": channel.astype(np.int32, copy=False),
        "offsets": offsets,
        "n_steps": n_steps,
    }
    payload = _payload(fields["payload"], step.size)
    out |= {} if payload is None else {"payload": payload}
    out = {name: checks.read_only(array) for name, array in out.items()} | (
        {"payload": None} if payload is None else {}
    )
    dt = checks.positive(fields["dt"], "Spikes dt", "time")
    return out | {"n_channels": n_channels, "dt": dt, "groups": _checked_groups(fields["groups"], n_channels)}


def check_again(fields: Mapping[str, Any]) -> None:
    """Raise `DescriptionError` unless the fields of a `Spikes` are still valid, as engines use them as indices."""
    arrays = {"step": np.int32, "channel": np.int32, "offsets": np.int64, "n_steps": np.int64}
    for name, kind in arrays.items():
        array = fields[name]
        if type(array) is not np.ndarray or array.dtype != kind or array.ndim != 1:
            raise DescriptionError(f"Spikes {name}: got another array than the constructor made; create new Spikes")
    step, channel, offsets, n_steps = (fields[name] for name in arrays)
    payload = fields["payload"]
    if payload is not None and (
        type(payload) is not np.ndarray or payload.dtype != np.int32 or payload.shape != step.shape
    ):
        raise DescriptionError("Spikes payload: got another array than the constructor made; create new Spikes")
    if step.size == channel.size:
        _check_samples(offsets, n_steps, step.size)
        if _are_valid(step, channel, offsets, n_steps, fields["n_channels"]):
            return
    checked(fields)


def _indices(value: Any, where: str) -> Any:
    """Return integers in an array of our own, so that nobody can change them during or after the checks."""
    is_int32 = type(value) is np.ndarray and value.dtype == np.int32  # as most events are
    return np.array(value, order="C") if is_int32 else checks.whole_array(value, where)


def _payload(payload: Any, n_events: int) -> Any:
    """Return the payload of each event, None where it is 1 for all."""
    if payload is None:
        return None
    values = _indices(payload, "Spikes payload")
    if values.shape != (n_events,):
        raise DescriptionError(f"Spikes payload: got shape {values.shape}, expected ({n_events},), one for each event")
    outside = (values < -checks.MOST) | (values > checks.MOST)
    if outside.any():
        raise DescriptionError(f"Spikes payload: got {values[outside][0]}, expected integers within +-(2^31 - 1)")
    return None if (values == 1).all() else values.astype(np.int32, copy=False)


def _checked_groups(groups: Any, n_channels: int) -> dict[str, range]:
    if not isinstance(groups, Mapping):
        raise DescriptionError(f"Spikes groups: got {groups!r}, expected ranges by name")
    for name, members in groups.items():
        checks.name(name, "Spikes groups")
        if not isinstance(members, range) or members.step != 1 or members.start < 0 or members.stop > n_channels:
            raise DescriptionError(f"Spikes groups: {name!r} is {members!r}, expected a range inside 0..{n_channels}")
    return dict(groups)


def _check_samples(offsets: Ints, n_steps: Ints, n_events: int) -> None:
    if (
        offsets.shape != (n_steps.size + 1,)
        or offsets[0] != 0
        or offsets[-1] != n_events
        or (np.diff(offsets) < 0).any()
    ):
        msg = f"Spikes offsets: expected {n_steps.size + 1} non-decreasing values from 0 to the {n_events} events"
        raise DescriptionError(msg)
    if n_steps.size and n_steps.min() < 1:
        bad = int(np.flatnonzero(n_steps < 1)[0])
        raise DescriptionError(f"Spikes n_steps: sample {bad} has {n_steps[bad]} steps, expected at least 1; drop it")
    if n_steps.size and n_steps.max() >= 2**31:
        raise DescriptionError(f"Spikes n_steps: got {n_steps.max()}, expected less than 2^31")


def _are_valid(step: Ints, channel: Ints, offsets: Ints, n_steps: Ints, n_channels: int) -> bool:
    """Return whether events are sorted and in range; fast, because in sorted steps only the ends need a check."""
    if step.size == 0:
        return True
    if channel.min() < 0 or channel.max() >= n_channels:
        return False
    filled = np.flatnonzero(np.diff(offsets))
    if (step[offsets[filled]] < 0).any() or (step[offsets[filled + 1] - 1] >= n_steps[filled]).any():
        return False
    ascends = (step[1:] > step[:-1]) | ((step[1:] == step[:-1]) & (channel[1:] > channel[:-1]))
    ascends[offsets[filled[1:]] - 1] = True  # a new sample starts from step 0 again
    return bool(ascends.all())


def _check_range(label: str, values: Ints, sample: Ints, limit: Ints) -> None:
    outside = (values < 0) | (values >= limit[sample])
    if outside.any():
        i = int(np.flatnonzero(outside)[0])
        top = limit[sample[i]] - 1
        raise DescriptionError(f"Spikes {label}: got {values[i]} in sample {sample[i]}, expected 0..{top}")


def _check_order(sample: Ints, step: Ints, channel: Ints, n_channels: int) -> None:
    """Check that events are sorted within each sample by step, then channel, without repeats."""
    if step.size < 2:
        return
    same = sample[1:] == sample[:-1]
    key = np.multiply(step, max(n_channels, 1), dtype=np.int64) + channel
    wrong = same & (key[1:] <= key[:-1])
    if wrong.any():
        i = int(np.flatnonzero(wrong)[0])
        event = f"step {step[i + 1]}, channel {channel[i + 1]} of sample {sample[i + 1]}"
        if key[i + 1] == key[i]:
            raise DescriptionError(
                f"Spikes: the event at {event} appears twice; a channel spikes at most once per step"
            )
        raise DescriptionError(f"Spikes: the event at {event} is out of order; sort events by sample, step and channel")
