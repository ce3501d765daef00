"""Spikes of several groups of channels, side by side in one batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.payloads import Payload, joined_payload
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


def joined(parts: Sequence[Any]) -> tuple[Events, Payload]:
    """Return all events, sorted, with the channels of each part after those of the previous parts; and their payloads."""
    first = np.cumsum([0, *(part.n_channels for part in parts)])
    sample, step = (np.concatenate([getattr(part, name) for part in parts]) for name in ("sample", "step"))
    channel = np.concatenate([part.channel + start for part, start in zip(parts, first[:-1], strict=True)])
    n_steps, n_channels = int(parts[0].n_steps.max(initial=0)), int(first[-1])
    order = np.argsort((sample * n_steps + step) * n_channels + channel, kind="stable")  # the parts are sorted already
    offsets = np.sum([part.offsets for part in parts], axis=0)
    return (step[order], channel[order], offsets, parts[0].n_steps, n_channels), joined_payload(parts, order)
