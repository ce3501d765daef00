"""A map of neurons to cores with made-up words, as reports take it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Limit:
    name: str
    value: int
    source: str
    trust: str


@dataclass(frozen=True)
class Chip:
    name: str
    title: str
    limits: Mapping[str, Limit]


@dataclass(frozen=True)
class Use:
    neurons: int
    synapses: int
    input_axons: int
    output_axons: int
    words: Mapping[str, int]


@dataclass(frozen=True)
class Margin:
    limit: Limit
    used: int
    allowed: int
    core: int | None = None


@dataclass(frozen=True, eq=False)
class MadeUpMap:
    chip: Chip
    method: str
    core: Any
    uses: tuple[Use, ...]
    messages: int

    def margins(self):
        limits, most = self.chip.limits, max(use.neurons for use in self.uses)
        fullest = [use.neurons for use in self.uses].index(most)
        return (
            Margin(limits["neurons"], most, limits["neurons"].value, fullest),
            Margin(limits["cores"], len(self.uses), limits["cores"].value),
        )

    def to_dict(self):
        return {"chip": self.chip.name, "core": np.asarray(self.core).tolist(), "n_cores": len(self.uses)}


def chip(name="loihi2", title="Loihi 2"):
    rows = [("cores", 120, "a source", "C"), ("neurons", 400, "notebooks", "D"), ("words", 20000, "notebooks", "D")]
    return Chip(name, title, {row[0]: Limit(*row) for row in rows})


def core_map(program, core, on=None):
    """Return the map of a program whose neuron i is in ``core[i]``."""
    core, every = np.asarray(core), program.synapses()
    into = core[every.post]
    uses = []
    for k in range(core.max() + 1):
        own, neurons = every.source[into == k], int((core == k).sum())
        axons = np.unique(own).size
        words = {"input axons": axons, "neurons": neurons, "synapses": 2 * own.size, "axon map": neurons}
        uses.append(Use(neurons, own.size, axons, neurons, words))
    return MadeUpMap(on or chip(), "made up", core, tuple(uses), 0)
