"""Cutting and appending spikes in time. Each function returns the first five fields of `Spikes`, and the payloads."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.payloads import Payload, joined_payload
from lsm_sim.spikes.sources import Events
from lsm_sim.support import checks


def crop(spikes: Any, start: Any, stop: Any) -> tuple[Events, Payload]:
    """See `Spikes.crop`."""
    first = _step(start, spikes.dt, "crop start")
    last = spikes.n_steps if stop is None else np.minimum(spikes.n_steps, _step(stop, spikes.dt, "crop stop"))
    if stop is not None and _step(stop, spikes.dt, "crop stop") <= first:
        raise DescriptionError(
            f"crop: got start {start:g} s and stop {stop:g} s, expected stop at least one step of {spikes.dt:g} s later"
        )
    empty = np.flatnonzero(last <= first)
    if empty.size:
        b = empty[0]
        seconds = spikes.n_steps[b] * spikes.dt
        raise DescriptionError(f"crop start: got {start:g} s, but sample {b} lasts only {seconds:g} s; drop it first")
    keep = (spikes.step >= first) & (spikes.step < last[spikes.sample])
    offsets = np.concatenate([[0], np.cumsum(keep)])[spikes.offsets]
    events = spikes.step[keep] - first, spikes.channel[keep], offsets, last - first, spikes.n_channels
    return events, None if spikes.payload is None else spikes.payload[keep]


def _step(seconds: Any, dt: float, where: str) -> int:
    """Return the number of the step that begins nearest to a time."""
    time = checks.real(seconds, where, "time")
    if time < 0:
        raise DescriptionError(f"{where}: got {time:g} s, expected a time >= 0")
    return int(checks.steps(np.rint(np.float64(time / dt)), where, dt))


def checked_parts(parts: Any, kind: Any, along: Any) -> list[Any]:
    """Return the parts that `Spikes.concatenate` is to append, or raise `DescriptionError`."""
    checks.choice(along, "Spikes.concatenate along", ("samples", "time"))
    parts = checks.items(parts, "Spikes.concatenate", "a list of Spikes")
    if not parts:
        raise DescriptionError("Spikes.concatenate: got no parts, expected at least one")
    for part in parts:
        if not isinstance(part, kind):
            raise DescriptionError(f"Spikes.concatenate: got {type(part).__name__}, expected Spikes")
        if (part.n_channels, part.dt) != (parts[0].n_channels, parts[0].dt):
            raise DescriptionError(f"Spikes.concatenate: got {parts[0]} and {part}, expected equal channels and dt")
    return list(parts)


def batch_of(parts: Sequence[Any]) -> tuple[Events, Payload]:
    """See `Spikes.concatenate` with ``along="samples"``."""
    before = np.cumsum([0, *(part.n_events for part in parts[:-1])])
    offsets = [np.zeros(1, np.int64), *(part.offsets[1:] + n for part, n in zip(parts, before, strict=True))]
    step, channel, n_steps = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("step", "channel", "n_steps")
    )
    return (step, channel, np.concatenate(offsets), n_steps, parts[0].n_channels), joined_payload(parts)


def one_after_the_other(parts: Sequence[Any]) -> tuple[Events, Payload]:
    """See `Spikes.concatenate` with ``along="time"``."""
    first = parts[0]
    for part in parts:
        if len(part) != len(first):
            raise DescriptionError(
                f"Spikes.concatenate: got parts of {len(first)} and {len(part)} samples, expected equal numbers along time"
            )
    before = np.cumsum([np.zeros(len(first), np.int64), *(part.n_steps for part in parts)], axis=0)
    sample = np.concatenate([part.sample for part in parts])
    step = np.concatenate([part.step + start[part.sample] for part, start in zip(parts, before[:-1], strict=True)])
    order = np.argsort(sample, kind="stable")  # parts are in order of time already
    channel = np.concatenate([part.channel for part in parts])[order]
    offsets = np.sum([part.offsets for part in parts], axis=0)
    return (step[order], channel, offsets, before[-1], first.n_channels), joined_payload(parts, order)
