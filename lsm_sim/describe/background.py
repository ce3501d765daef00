"""Background noise of a network, in SI units."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.values import Value, checked_value
from lsm_sim.describe.wiring import AllToAll, OneToOne
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.printing import short_repr
from lsm_sim.support.records import rebuild

Per = Literal["neuron", "group"]
PER: tuple[Per, ...] = ("neuron", "group")


@dataclass(frozen=True, eq=False, repr=False)
class Background:
    """Poisson noise into the neurons of a group (or of several groups), drawn anew for each sample.

    The spikes enter through input channels of their own, which `lower` adds after those of the liquid and which `run` and the
    estimators fill, so that a stimulus has the channels of ``Liquid.inputs`` only. They depend on the liquid's seed, on what is
    in the sample, and on the number of the trial, but not on the batch: see ``trial`` of `run`.

    Parameters
    ----------
    to
        Name of the group, or several names.
    rate
        Of each source of noise, in Hz; at most one spike per step.
    weight
        In units of v; one number, or a distribution.
    per
        "neuron": each neuron has a source of its own, independent of the others; "group": all neurons of a group share one.
    """

    to: str | tuple[str, ...]
    rate: float
    weight: Value
    per: Per = "neuron"

    def __post_init__(self) -> None:
        if not isinstance(self.to, str):
            names = checks.items(self.to, "Background to", "the name of a group or several names")
            object.__setattr__(self, "to", tuple(names))
        for target in self.targets:
            checks.described_name(target, "Background to")
        if not self.targets or len(set(self.targets)) < len(self.targets):
            raise DescriptionError("Background to: expected different groups, at least one")
        where = f"Background to {', '.join(self.targets)}"
        object.__setattr__(self, "rate", checks.positive(self.rate, f"{where} rate", "rate"))
        weight = checked_value(self.weight, None, f"{where} weight")
        if isinstance(weight, np.ndarray):
            raise DescriptionError(f"{where} weight: got an array, expected one number or a distribution")
        object.__setattr__(self, "weight", weight)
        checks.choice(self.per, f"{where} per", PER)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuild(self)

    @property
    def targets(self) -> tuple[str, ...]:
        """The target groups."""
        return (self.to,) if isinstance(self.to, str) else self.to

    def __repr__(self) -> str:
        return short_repr(self)


class Source(NamedTuple):
    """The noise of a `Background` into one group: name and number of its input channels, their rate, and the synapses."""

    name: str
    size: int
    rate: float
    synapses: Synapses


def sources(background: Iterable[Background], sizes: Mapping[str, int]) -> list[Source]:
    """Return the sources of noise, in the order of their input channels; ``sizes`` are those of the groups of neurons."""
    out = []
    for number, one in enumerate(background):
        for target in one.targets:
            own = one.per == "neuron"
            name = f"background {number} to {target}"
            synapses = Synapses(name, target, OneToOne() if own else AllToAll(), weight=one.weight)
            out.append(Source(name, sizes[target] if own else 1, one.rate, synapses))
    return out
