"""The limits of Loihi 1 and Loihi 2, each with its source and how far that source can be trusted.

Only few of these figures are official. The word budget of a core of Loihi 2 was inferred from tables that Intel's compiler
printed in public notebooks: it reproduces all 18 printed rows that give a total, and none of it was confirmed by Intel.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks

TRUST = MappingProxyType(
    {
        "A": "official text of the manufacturer",
        "B": "paper, or its abstract, that we read",
        "S": "quoted by others from a paper that we did not read",
        "C": "public source code",
        "D": "inferred from public code or notebooks, not confirmed",
        "U": "set by the user",
    }
)
MEASURES = (  # what a core is limited in
    "neurons",
    "input axons",
    "output axons",
    "synapse words",
    "axon map words",
    "axon memory words",
    "words",
    "neuron groups",
    "neuron configurations",
    "thresholds",
    "synapse formats",
    "dendritic accumulators",
)
BOARD_LIMITS = ("cores", "delay")
WORD_KINDS = ("input axons", "neuron groups", "neurons", "synapses", "axon map", "axon memory")


@dataclass(frozen=True)
class Limit:
    """A limit of a chip.

    Parameters
    ----------
    name
        What is limited; one of `MEASURES` for a core, ``"cores"`` (per chip) or ``"delay"`` (in steps, as in `Program`).
    value
        The largest number allowed.
    source
        Where the figure is from.
    trust
        A letter of `TRUST`.
    """

    name: str
    value: int
    source: str
    trust: str

    def __post_init__(self) -> None:
        checks.name(self.name, "Limit name")
        object.__setattr__(self, "value", checks.whole(self.value, f"Limit {self.name}"))
        checks.name(self.source, f"Limit {self.name}: source")
        checks.choice(self.trust, f"Limit {self.name}: trust", TRUST)

    def __str__(self) -> str:
        return f"{self.name} <= {self.value} [{self.trust}: {self.source}]"


@dataclass(frozen=True, eq=False, repr=False)
class Chip:
    """A chip that is made of equal cores.

    Parameters
    ----------
    name, title
        The name for `find`, and the one for people.
    limits
        By name; ``"cores"`` (of a chip), ``"neurons"`` (of a core) and ``"delay"`` are needed, what is missing is unlimited.
    word_kinds
        The kinds of 64-bit words that share the memory of a core, of `WORD_KINDS`; ``"words"`` limits their sum.
    weight_bits, index_bits
        Of a stored synapse, besides the bits of its delay.
    """

    name: str
    title: str
    limits: Mapping[str, Limit]
    word_kinds: tuple[str, ...] = WORD_KINDS
    weight_bits: Limit = field(default=Limit("weight bits", 8, "the weights of Loihi's integers have 8 bits", "C"))
    index_bits: Limit = field(default=Limit("index bits", 12, "MNIST notebook of lava-dl, see `LOIHI2`", "D"))

    def __post_init__(self) -> None:
        checks.name(self.name, "Chip name")
        checks.name(self.title, "Chip title")
        known = (*BOARD_LIMITS, *MEASURES)
        for name, limit in checks.instance(self.limits, Mapping, "Chip limits", "limits by name").items():
            checks.choice(name, "Chip limits", known)
            checks.instance(limit, Limit, f"Chip limits: {name}", "a Limit")
            if limit.name != name:
                raise DescriptionError(f"Chip limits: {name} got the limit of {limit.name!r}, expected the same name")
        for name in ("cores", "neurons", "delay"):
            if name not in self.limits:
                raise DescriptionError(f"Chip limits: got none for {name!r}, expected one")
            checks.whole(self.limits[name].value, f"Chip limits: {name}", minimum=0 if name == "delay" else 1)
        for kind in checks.items(self.word_kinds, "Chip word_kinds", "kinds of words"):
            checks.choice(kind, "Chip word_kinds", WORD_KINDS)
        object.__setattr__(self, "word_kinds", tuple(self.word_kinds))
        object.__setattr__(self, "limits", MappingProxyType(dict(self.limits)))
        for name in ("weight_bits", "index_bits"):
            checks.instance(getattr(self, name), Limit, f"Chip {name}", "a Limit")

    def __reduce__(self) -> tuple[Any, ...]:
        fields = (self.name, self.title, dict(self.limits), self.word_kinds, self.weight_bits, self.index_bits)
        return Chip, fields

    def with_limit(self, limit: Limit) -> Chip:
        """Return the chip with this limit in place of the one of the same name."""
        return replace(self, limits={**self.limits, limit.name: limit})

    def __repr__(self) -> str:
        return f"Chip({self.name!r}, {self.title!r}, {len(self.limits)} limits)"

    def __str__(self) -> str:
        figures = [*self.limits.values(), self.weight_bits, self.index_bits]
        width = max(len(one.name) for one in figures)
        rows = (f"  {one.name:<{width}}  {one.value:>6}  {one.trust}  {one.source}" for one in figures)
        return "\n".join([self.title, *rows, *(f"  {letter}: {text}" for letter, text in TRUST.items())])


def find(chip: Chip | str) -> Chip:
    """Return a chip by its name; a `Chip` is returned as it is."""
    return chip if isinstance(chip, Chip) else CHIPS[checks.choice(chip, "chip", CHIPS)]


def _limits(*rows: tuple[str, int, str, str]) -> dict[str, Limit]:
    return {row[0]: Limit(*row) for row in rows}


_DAVIES = "Davies et al. 2018, IEEE Micro 38(1)"
_NENGO = "nengo-loihi"
_NOTEBOOKS = "tables of Intel's compiler in notebooks of lava-dl and lava-optimization"

LOIHI1 = Chip(
    "loihi1",
    "Loihi 1",
    _limits(
        ("cores", 128, f"{_DAVIES}, p. 86", "S"),
        ("neurons", 1024, f"{_DAVIES}, p. 89; {_NENGO} block.py", "S"),
        ("input axons", 4096, f"{_DAVIES}, p. 89; {_NENGO} block.py", "S"),
        ("output axons", 4096, f"{_DAVIES}, p. 89; {_NENGO} block.py", "S"),
        ("synapse words", 16384, f"128 KB, {_DAVIES}, p. 89; {_NENGO} block.py", "S"),
        ("neuron configurations", 31, f"{_NENGO} hardware/builder.py: fewer than 32", "C"),
        ("thresholds", 7, f"{_NENGO} hardware/builder.py: fewer than 8", "C"),
        ("synapse formats", 7, f"{_NENGO} hardware/builder.py: fewer than 8", "C"),
        ("dendritic accumulators", 8192, "1024 neurons of 8; 16, 32 or 64 for delays above 6, 14 or 30 steps", "D"),
        ("delay", 62, f"6-bit field, {_DAVIES}, p. 92; brian2_loihi", "S"),
    ),
    word_kinds=("synapses",),
    index_bits=Limit("index bits", 10, f"1024 neurons in a core; {_NENGO} block.py allows 0 and 6 to 12", "C"),
)
LOIHI2 = Chip(
    "loihi2",
    "Loihi 2",
    _limits(
        ("cores", 120, "lava magma/compiler/subcompilers/constants.py", "C"),
        ("neurons", 4095, _NOTEBOOKS, "D"),
        ("input axons", 16000, _NOTEBOOKS, "D"),
        ("synapse words", 16000, _NOTEBOOKS, "D"),
        ("axon map words", 16000, _NOTEBOOKS, "D"),
        ("axon memory words", 16000, _NOTEBOOKS, "D"),
        ("words", 20000, _NOTEBOOKS, "D"),
        ("neuron groups", 8, _NOTEBOOKS, "D"),
        ("delay", 62, "lava-dl netx/hdf5.py clips delays to it", "C"),
    ),
    index_bits=Limit("index bits", 12, "8 + 12 bits give the synapse words of the MNIST notebook of lava-dl", "D"),
)
CHIPS = MappingProxyType({chip.name: chip for chip in (LOIHI1, LOIHI2)})
