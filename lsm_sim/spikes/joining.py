"""Spikes of several groups of channels, side by side in one batch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.sources import Events
from lsm_sim.support import checks


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


def ranges(parts: Mapping[str, Any]) -> dict[str, range]:
    """Return the channels of each part when they are numbered in the order of the mapping."""
    start, out = 0, {}
    for name, part in parts.items():
        out[name] = range(start, start + part.n_channels)
        start += part.n_channels
    return out


def joined(parts: Mapping[str, Any]) -> Events:
    """Return all events, sorted, with the channels of each part after those of the previous parts."""
    every = list(parts.values())
    starts = [members.start for members in ranges(parts).values()]
    sample, step = (np.concatenate([getattr(part, name) for part in every]) for name in ("sample", "step"))
    channel = np.concatenate([part.channel + start for part, start in zip(every, starts, strict=True)])
    order = np.lexsort((channel, step, sample))
    offsets = np.sum([part.offsets for part in every], axis=0)
    n_channels = sum(part.n_channels for part in every)
    return step[order], channel[order], offsets, every[0].n_steps, n_channels
