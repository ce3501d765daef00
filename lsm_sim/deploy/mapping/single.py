"""What no partition can help: delays that are too long, and neurons that do not fit even in a core of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lsm_sim.deploy.chips import MEASURES, Chip
from lsm_sim.deploy.mapping.network import Network
from lsm_sim.deploy.mapping.usage import complete
from lsm_sim.errors import UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.support.checks import Ints

_REMEDY = {
    "output axons": "use fewer targets of it",
    "axon map words": "use fewer targets of it",
    "input axons": "use fewer sources of it",
    "synapse words": "use fewer synapses into it",
    "words": "use fewer synapses into it, and fewer sources and targets of it",
    "dendritic accumulators": "use shorter delays",
    "synapse formats": "use weights of fewer different scales into it",
}


def check_neurons(program: Program, net: Network, chip: Chip) -> None:
    """Raise `UnsupportedError` with every reason why a delay or a neuron cannot be on the chip."""
    reasons = []
    longest = chip.limits["delay"]
    if net.longest_delay > longest.value:
        reasons.append(
            f"the longest delay is {net.longest_delay + 1} steps, at most {longest.value + 1} "
            f"({longest.trust}: {longest.source}): shorten it, or use a larger dt"
        )
    refuse_alone(program, _alone(net, chip), chip, reasons)


def refuse_alone(program: Program, alone: Mapping[str, Ints], chip: Chip, reasons: Sequence[str] = ()) -> None:
    """Raise `UnsupportedError` if there are reasons, or if a neuron exceeds a limit with what it needs in a core of its own."""
    reasons = [*reasons]
    for name in MEASURES:
        if name in chip.limits and (alone[name] > chip.limits[name].value).any():
            limit, worst = chip.limits[name], int(alone[name].argmax())
            reasons.append(
                f"neuron {_named(program, worst)} needs {alone[name][worst]} {name} even in a core of its own, "
                f"{alone[name][worst] - limit.value} more than the {limit.value} of a core ({limit.trust}: {limit.source}): "
                f"{_REMEDY.get(name, 'another chip is needed')}"
            )
    if reasons:
        raise UnsupportedError(f"map_program: {chip.title} cannot hold the program: {'; '.join(reasons)}")


def _alone(net: Network, chip: Chip) -> dict[str, Ints]:
    """Return what each neuron needs in a core of its own, with no output axons: their targets may share a core."""
    n = net.n_neurons
    one = np.ones(n, np.int64)
    counts = {
        "neurons": one,
        "input axons": np.diff(net.first),
        "output axons": 0 * one,
        "synapse words": np.bincount(net.post, net.words[net.count], minlength=n).astype(np.int64),
        "synapse formats": np.array([int(bits).bit_count() for bits in net.formats], np.int64),
        **dict.fromkeys(net.settings, one),
    }
    return complete(chip.word_kinds, net.accumulators, counts)


def _named(program: Program, neuron: int) -> str:
    for name, members in program.neuron_groups.items():
        if neuron in members:
            return f"{neuron - members.start} of {name}"
    return str(neuron)
