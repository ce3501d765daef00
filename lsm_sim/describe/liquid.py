"""Descriptions of liquids: input channels, groups of LIF neurons and the synapses between them, in SI units.

    tau_syn * du/dt = -u + weight * (arriving spikes, as unit impulses)
    dv/dt = -(v - v_rest)/tau_m + u + i_bias        spike when v > v_thresh; then v := v_reset, held for t_ref

``weight`` is in units of v: what one spike would add to v if the membrane did not leak. It does not depend on tau_syn.
"""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lsm_sim.describe import file, plain
from lsm_sim.describe.background import Background, Source, sources
from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.neurons import Neurons
from lsm_sim.describe.synapses import Synapses
from lsm_sim.describe.values import Value, value_range
from lsm_sim.dynamics import LIF
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike
from lsm_sim.support.printing import html_table

FORMATS = ("lsm_sim.liquid/1", "lsm_sim.liquid/2")  # the second may have what `_is_second` looks for


@dataclass(frozen=True)
class Inputs:
    """A group of ``size`` input channels, through which a stimulus enters; ``name`` is what `Synapses` refer to."""

    name: str
    size: int

    def __post_init__(self) -> None:
        checks.described_name(self.name, "Inputs name")
        object.__setattr__(
            self, "size", checks.whole(self.size, f"Inputs {self.name!r} size", minimum=1, maximum=checks.MOST)
        )


@dataclass(frozen=True, eq=False)
class Liquid:
    """A spiking network: ``inputs``, ``neurons``, ``synapses``, the ``seed`` of all random draws, and ``background`` noise."""

    inputs: Sequence[Inputs]
    neurons: Sequence[Neurons]
    synapses: Sequence[Synapses] = ()
    seed: int = 0
    background: Sequence[Background] = ()

    def __post_init__(self) -> None:
        for part, kind in (
            ("inputs", Inputs),
            ("neurons", Neurons),
            ("synapses", Synapses),
            ("background", Background),
        ):
            object.__setattr__(self, part, _records(getattr(self, part), kind, f"Liquid {part}"))
        object.__setattr__(self, "seed", checks.whole(self.seed, "Liquid seed"))
        if not self.neurons:
            raise DescriptionError("Liquid: got no neurons, expected at least one group")
        names = [group.name for group in self.inputs] + [group.name for group in self.neurons]
        for name, n in Counter(names).items():
            if n > 1:
                raise DescriptionError(f"Liquid: the group name {name!r} appears twice; give each group its own name")
        for synapses in self.synapses:
            self._check_ends(synapses, names)
        self._check_background()

    def _check_ends(self, synapses: Synapses, names: list[str]) -> None:
        own = {group.name: group for group in self.neurons}
        where = f"Synapses {synapses.pre} -> {synapses.post}"
        if synapses.pre not in names:
            raise DescriptionError(f"{where}: no group {synapses.pre!r}; known: {', '.join(names)}")
        for target in synapses.targets:
            if target not in own:
                raise DescriptionError(f"{where}: no neuron group {target!r}; known: {', '.join(own)}")
        sign = own[synapses.pre].sign if synapses.pre in own else None
        for target in synapses.targets:
            synapses.receptor_number(target, sign, second=own[target].tau_syn_inh is not None)
        if synapses.stp is not None:
            sizes = {group.name: group.size for group in self.inputs} | {
                name: group.size for name, group in own.items()
            }
            synapses.stp.check_size(sizes[synapses.pre], where)
        if sign is not None and _breaks_dale(synapses.weight, sign):
            kind, want = ("excitatory", ">= 0") if sign == 1 else ("inhibitory", "<= 0")
            msg = f"{where} weight: got {synapses.weight!r}, but {synapses.pre!r} is {kind}; expected weights {want}"
            raise DescriptionError(msg)

    def _check_background(self) -> None:
        own = {group.name: group for group in self.neurons}
        for one in self.background:
            unknown = [target for target in one.targets if target not in own]
            if unknown:
                raise DescriptionError(f"Background to: no neuron group {unknown[0]!r}; known: {', '.join(own)}")
        for source in self.noise():
            target = source.synapses.targets[0]
            source.synapses.receptor_number(target, None, second=own[target].tau_syn_inh is not None)

    @property
    def n_inputs(self) -> int:
        """Total number of input channels, without those of background noise."""
        return sum(group.size for group in self.inputs)

    @property
    def n_neurons(self) -> int:
        """Total number of neurons."""
        return sum(group.size for group in self.neurons)

    def noise(self) -> list[Source]:
        """Return the sources of background noise, in the order of their input channels in a program."""
        return sources(self.background, {group.name: group.size for group in self.neurons})

    def with_noise_channels(self) -> Liquid:
        """Return the liquid with its background noise as further input groups and synapses, as it is lowered."""
        noise = self.noise()
        if not noise:
            return self
        inputs = [*self.inputs, *(Inputs(source.name, source.size) for source in noise)]
        synapses = [*self.synapses, *(source.synapses for source in noise)]
        return dataclasses.replace(self, inputs=inputs, synapses=synapses, background=())

    def to_dict(self) -> dict[str, Any]:
        """Return the description as text, numbers, lists and dicts, without fields that are None.

        >>> Liquid([], [Neurons("a", 3)], seed=7).to_dict()["seed"]
        7
        """
        return {
            "format": FORMATS[_is_second(self)],
            "seed": self.seed,
            **_without_empty(plain.encode_fields(self, defaults=True)),
        }

    @staticmethod
    def from_dict(data: Any, where: str = "liquid") -> Liquid:
        """Return the liquid that ``data`` describes; ``where`` names the file in errors.

        Raises
        ------
        DescriptionError
            If a key is unknown or missing, or a type or value wrong; the message has file and key path.
        """
        fields = [field.name for field in dataclasses.fields(Liquid)]
        if not isinstance(data, dict) or data.get("format") not in FORMATS:
            got = plain.short(data.get("format")) if isinstance(data, dict) and "format" in data else "none"
            raise DescriptionError(
                f"{where}: got format {got}, expected {FORMATS[0]!r} or {FORMATS[1]!r}; is it the description of a liquid?"
            )
        plain.check_keys(data, ["format", *fields], [], f"{where}: ")
        content = {key: value for key, value in data.items() if key != "format"}
        liquid: Liquid = plain.decode_record(Liquid, content, f"{where}: ")
        return liquid

    def save(self, path: PathLike) -> None:
        """Write the description to a .toml or .json file; an unfinished file is never left behind."""
        file.write(self.to_dict(), path)

    @staticmethod
    def load(path: PathLike) -> Liquid:
        """Return the liquid in a .toml or .json file.

        Raises
        ------
        DescriptionError
            If the file is missing, damaged, of another kind, or describes no liquid.
        """
        return Liquid.from_dict(file.read(path), str(path))

    def __repr__(self) -> str:
        inputs, neurons = (
            ", ".join(f"{group.name} {group.size}" for group in part) or "none" for part in (self.inputs, self.neurons)
        )
        noise = (
            f"background to {', '.join(t for one in self.background for t in one.targets)}; " if self.background else ""
        )
        return f"Liquid(inputs: {inputs}; neurons: {neurons}; {len(self.synapses)} kinds of synapses; {noise}seed={self.seed})"

    def _repr_html_(self) -> str:
        rows = [
            (type(part).__name__, repr(part))
            for part in (*self.inputs, *self.neurons, *self.synapses, *self.background)
        ]
        return html_table(repr(self), rows)

    def __eq__(self, other: object) -> bool:
        return self.to_dict() == other.to_dict() if isinstance(other, Liquid) else NotImplemented

    __hash__ = None  # type: ignore[assignment]


def _without_empty(fields: dict[str, Any]) -> dict[str, Any]:
    """Return the fields as in files that earlier versions can read: no background, rather than an empty one."""
    return {key: value for key, value in fields.items() if key != "background" or value}


def _is_second(liquid: Liquid) -> bool:
    """Return whether the liquid has anything that versions which know only the first format cannot read."""
    if liquid.background:
        return True
    optional = [parameter.name for parameter in LIF.parameters if parameter.default is None]
    return any(getattr(group, name) is not None for group in liquid.neurons for name in optional) or any(
        synapses.stp is not None or synapses.receptor is not None for synapses in liquid.synapses
    )


def _breaks_dale(weight: Value, sign: int) -> bool:
    """Return whether a number has the wrong sign, or a distribution has no values of the right sign.

    A distribution with values of both signs is folded when it is drawn.
    """
    low, high = sorted(sign * end for end in value_range(weight))  # now the right sign is the positive one
    return low < 0 and (high <= 0 or not isinstance(weight, Distribution))


def _records(value: Any, kind: type, where: str) -> tuple[Any, ...]:
    if isinstance(value, kind):
        return (value,)
    items = tuple(checks.items(value, where, f"a list of {kind.__name__}(...)"))
    for item in items:
        if not isinstance(item, kind):
            msg = f"{where}: got {item!r}, expected {kind.__name__}(...)"
            raise DescriptionError(msg)
    return items
