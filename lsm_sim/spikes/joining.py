"""Spikes of several groups of channels, side by side in one batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.payloads import Payload, joined_payload
from lsm_sim.spikes.sources import Events
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints

_EVENTS = 2**18  # sorted at once


def check_parts(parts: Any, kind: type, where: str) -> None:
    """Raise unless ``parts`` is a mapping of names to spikes of equal dt and equal numbers of steps."""
    if not isinstance(parts, Mapping) or not parts:
        got = "an empty one" if isinstance(parts, Mapping) else type(parts).__name__
        raise DescriptionError(f"{where}: got {got}, expected a dict of Spikes by name of input group")
    for name, part in parts.items():
        checks.name(name, f"{where}: name")
        if not isinstance(part, kind):
            raise DescriptionError(f"{where}: {name!r}: got {type(part).__name__}, expected Spikes")
    (first, one), *others = parts.items()
    for name, part in others:
        if part.dt != one.dt:
            got = f"steps of {one.dt:g} s in {first!r} and of {part.dt:g} s in {name!r}"
            raise DescriptionError(f"{where}: got {got}, expected one dt; encode both with the same")
        if len(part) != len(one):
            got = f"{len(one)} samples in {first!r} and {len(part)} in {name!r}"
            raise DescriptionError(f"{where}: got {got}, expected the same number")
        wrong = np.flatnonzero(part.n_steps != one.n_steps)
        if wrong.size:
            b = wrong[0]
            got = f"{one.n_steps[b]} steps in {first!r} and {part.n_steps[b]} in {name!r}"
            raise DescriptionError(f"{where}: sample {b}: got {got}, expected equal durations; crop the longer one")


def joined(parts: Sequence[Any]) -> tuple[Events, Payload]:
    """Return all events, sorted, with the channels of each part after those of the previous parts; and their payloads."""
    first = np.cumsum([0, *(part.n_channels for part in parts)])
    offsets = np.sum([part.offsets for part in parts], axis=0)
    step, channel = (np.empty(offsets[-1], np.int32) for _ in range(2))
    graded = any(part.payload is not None for part in parts)
    order = np.empty(offsets[-1] if graded else 0, np.int64)
    starts = np.cumsum([0, *(part.n_events for part in parts)])
    for own in _blocks(offsets):
        block = slice(offsets[own.start], offsets[own.stop])
        step[block], channel[block], index = _sorted(parts, own, first)
        if graded:
            order[block] = _positions(parts, own, starts)[index]
    return (step, channel, offsets, parts[0].n_steps, int(first[-1])), joined_payload(parts, order)


def _blocks(offsets: Ints) -> Iterator[slice]:
    """Divide the samples into ranges of about `_EVENTS` events each, because sorting needs several times their memory."""
    ends = np.unique(
        np.searchsorted(offsets, np.arange(_EVENTS, offsets[-1] + _EVENTS, _EVENTS)).clip(1, len(offsets) - 1)
    )
    start = 0
    for end in ends if len(offsets) > 1 else ():
        yield slice(start, int(end))
        start = int(end)


def _sorted(parts: Sequence[Any], own: slice, first: Ints) -> tuple[Ints, Ints, Ints]:
    """Return steps and channels of some samples' events, sorted, and the order among the events as they come part by part."""
    blocks = [slice(part.offsets[own.start], part.offsets[own.stop]) for part in parts]
    counts = [np.diff(part.offsets[own.start : own.stop + 1]) for part in parts]
    sample = np.concatenate([np.repeat(np.arange(len(each)), each) for each in counts])
    step = np.concatenate([part.step[block] for part, block in zip(parts, blocks, strict=True)])
    channel = np.concatenate(
        [part.channel[block] + start for part, block, start in zip(parts, blocks, first[:-1], strict=True)]
    )
    n_steps = int(parts[0].n_steps.max(initial=0))
    order = np.argsort(
        (sample * n_steps + step) * int(first[-1]) + channel, kind="stable"
    )  # each part is sorted already
    return step[order], channel[order], order


def _positions(parts: Sequence[Any], own: slice, starts: Ints) -> Ints:
    """Return where some samples' events are in all events of all parts, one part after the other."""
    return np.concatenate(
        [
            np.arange(part.offsets[own.start], part.offsets[own.stop]) + start
            for part, start in zip(parts, starts[:-1], strict=True)
        ]
    )
