"""The cores that a program needs: what each uses, and how much of each limit is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from lsm_sim.deploy.chips import MEASURES, Chip, Limit
from lsm_sim.support.checks import Ints, read_only

NOTE = "a compiler for the chip may still refuse: it has limits that are not public"


@dataclass(frozen=True, eq=False)
class CoreUse:
    """What one core uses.

    Parameters
    ----------
    neurons, synapses
        How many it holds.
    input_axons
        Distinct sources (input channels or neurons, also its own) with synapses in the core.
    output_axons
        Distinct pairs of a neuron of the core and a core that it sends to, also itself.
    words
        64-bit words by kind.
    measures
        Every number that a limit counts, by the name of the limit, with the distinct configurations.
    """

    neurons: int
    synapses: int
    input_axons: int
    output_axons: int
    words: Mapping[str, int]
    measures: Mapping[str, int] = field(repr=False)

    def __post_init__(self) -> None:
        for name in ("words", "measures"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.neurons, self.synapses, self.input_axons, self.output_axons)
        return CoreUse, (*fields, dict(self.words), dict(self.measures))


@dataclass(frozen=True)
class Margin:
    """How much of a limit is used: by the fullest core, or, without ``core``, by the whole program."""

    limit: Limit
    used: int
    allowed: int
    core: int | None = None

    @property
    def share(self) -> float:
        """The part of the limit that is used, 0 to 1."""
        return self.used / self.allowed if self.allowed else float(self.used > 0)


@dataclass(frozen=True, eq=False, repr=False)
class CoreMap:
    """The core of each neuron of a program, and what every core uses.

    Parameters
    ----------
    chip
        Its limits hold; ``neurons`` is the limit that was asked for.
    method
        How the neurons were distributed.
    core
        Core of each neuron, (N,), 0..n_cores-1; chip k has the cores k * cores .. of its own.
    uses
        What each core uses.
    messages
        Distinct pairs of a neuron and another core that it sends to: what one spike of every neuron costs.
    input_messages
        Distinct pairs of an input channel and a core.
    n_chips
        Chips of the board.
    longest_delay
        In steps, as stored in `Program`.
    """

    chip: Chip
    method: str
    core: Ints
    uses: tuple[CoreUse, ...]
    messages: int
    input_messages: int = 0
    n_chips: int = 1
    longest_delay: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "core", read_only(np.array(self.core, np.int64)))
        object.__setattr__(self, "uses", tuple(self.uses))

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.chip, self.method, np.array(self.core), self.uses, self.messages)
        return CoreMap, (*fields, self.input_messages, self.n_chips, self.longest_delay)

    @property
    def n_cores(self) -> int:
        """Number of cores used."""
        return len(self.uses)

    def margins(self) -> tuple[Margin, ...]:
        """Return how much of each limit is used, the tightest first."""
        limits = self.chip.limits
        found = [
            Margin(limits["cores"], self.n_cores, limits["cores"].value * self.n_chips),
            Margin(limits["delay"], self.longest_delay, limits["delay"].value),
        ]
        for name in MEASURES:
            if name in limits:
                used = [use.measures[name] for use in self.uses]
                fullest = int(np.argmax(used))
                found.append(Margin(limits[name], used[fullest], limits[name].value, fullest))
        return tuple(sorted(found, key=lambda margin: -margin.share))

    def to_dict(self) -> dict[str, Any]:
        """Return the map as numbers, texts, lists and dictionaries, for JSON."""
        return {
            "chip": self.chip.name,
            "method": self.method,
            "n_chips": self.n_chips,
            "n_cores": self.n_cores,
            "messages": self.messages,
            "input_messages": self.input_messages,
            "longest_delay": self.longest_delay,
            "margins": [_margin(margin) for margin in self.margins()],
            "uses": [_use(use) for use in self.uses],
            "core": self.core.tolist(),
            "note": NOTE,
        }

    def __repr__(self) -> str:
        return (
            f"CoreMap({self.chip.name}, method={self.method!r}, {self.core.size} neurons in {self.n_cores} cores, "
            f"{self.messages} messages between cores)"
        )

    def __str__(self) -> str:
        board = self.chip.limits["cores"].value * self.n_chips
        title = (
            f"{self.core.size} neurons in {self.n_cores} of {board} cores of {self.chip.title}, method {self.method}: "
            f"{self.messages} messages between cores, {self.input_messages} from inputs"
        )
        means = (f"{kind} {np.mean([use.words[kind] for use in self.uses]):.0f}" for kind in self.chip.word_kinds)
        words = f"64-bit words of a core, mean: {', '.join(means)}"
        return "\n".join([title, *_table(self.margins()), words, f"note: {NOTE}"])


def _margin(margin: Margin) -> dict[str, Any]:
    limit = {"limit": margin.limit.name, "source": margin.limit.source, "trust": margin.limit.trust}
    return {**limit, "used": margin.used, "allowed": margin.allowed, "core": margin.core}


def _use(use: CoreUse) -> dict[str, Any]:
    own = {name: getattr(use, name) for name in ("neurons", "synapses", "input_axons", "output_axons")}
    return {**own, "words": dict(use.words), "measures": dict(use.measures)}


def _table(margins: tuple[Margin, ...]) -> list[str]:
    head = ("limit", "used", "allowed", "share", "core", "trust and source")
    rows = [
        (
            margin.limit.name,
            str(margin.used),
            str(margin.allowed),
            f"{100 * margin.share:.1f} %",
            "" if margin.core is None else str(margin.core),
            f"{margin.limit.trust}: {margin.limit.source}",
        )
        for margin in margins
    ]
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]
    return [
        "  ".join(
            text.ljust(width) if i in (0, 5) else text.rjust(width)
            for i, (text, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in (head, *rows)
    ]
