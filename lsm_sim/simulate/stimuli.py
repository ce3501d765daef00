"""Stimuli as users pass them: spikes of all input channels, or a dict of spikes by name of input group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeAlias

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.consecutive import consecutive

Stimulus: TypeAlias = Spikes | Mapping[str, Spikes]


def as_spikes(stimulus: Any, network: Liquid | Program) -> Spikes:
    """Return the spikes on all input channels of the network, in its order."""
    own = _input_groups(network)
    if isinstance(stimulus, Mapping):
        return _in_order(stimulus, own)
    if not isinstance(stimulus, Spikes):
        got = type(stimulus).__name__
        raise DescriptionError(
            f"stimulus: got {got}, expected Spikes, or a dict of them by input group; see lsm_sim.encode"
        )
    for name, members in stimulus.groups.items():
        if name in own and members != own[name]:
            got, expected = (f"{group.start}..{group.stop - 1}" for group in (members, own[name]))
            msg = f"stimulus: {name!r} is on channels {got}, but on {expected} of the network; pass a dict of groups by name"
            raise DescriptionError(msg)
    return stimulus


def _input_groups(network: Liquid | Program) -> dict[str, range]:
    """Return the channels of each input group."""
    if isinstance(network, Program):
        return dict(network.input_groups)
    return consecutive({group.name: group.size for group in network.inputs})


def _in_order(parts: Mapping[str, Spikes], own: Mapping[str, range]) -> Spikes:
    """Return the joined spikes after checking names and numbers of channels."""
    known = ", ".join(own) or "none"
    for name in parts:
        if name not in own:
            raise DescriptionError(f"stimulus: no input group {name!r}; known: {known}")
    missing = [repr(name) for name in own if name not in parts]
    if missing:
        raise DescriptionError(
            f"stimulus: no spikes for the input group {' and '.join(missing)}, expected all of: {known}"
        )
    joined = Spikes.join({name: parts[name] for name in own})
    for name, members in own.items():
        if parts[name].n_channels != len(members):
            got = f"got {parts[name].n_channels} channels for {name!r}"
            raise DescriptionError(f"stimulus: {got}, expected {len(members)} as in the network")
    return joined
