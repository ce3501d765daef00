"""What NIR cannot say of a program."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lsm_sim.dynamics.lif import ADAPTIVE, TWO_CURRENTS
from lsm_sim.exchange.nir.constants import Mode
from lsm_sim.program.program import Program

SAID = frozenset({"blocks"})  # synapses of several static blocks are the same network as one block of all


class Losses(NamedTuple):
    """Sentences about what is impossible, and about what would be left out."""

    impossible: list[str]
    lost: list[str]


def losses(program: Program, mode: Mode) -> Losses:
    """Return every reason why a program cannot be written, and everything that would be lost."""
    if program.arithmetic != "float64":
        reason = "its arithmetic is Loihi's, which rounds in every step, and NIR has real numbers; export the program before lsm.quantise"
        return Losses([reason], [])
    return Losses(_impossible(program, mode), _lost(program))


def _impossible(program: Program, mode: Mode) -> list[str]:
    out = []
    if not program.n_inputs:
        out.append("it has no input channels, and a graph of NIR begins at an input")
    for name, what in (("decay_u", "u"), ("decay_v", "v")):
        kept = program.arrays[name]
        if (kept == 1).any():
            out.append(
                f"{_neurons(kept == 1)} keep all of {what} ({name} = 1), so that the time constant would be infinite"
            )
        if mode == "exact" and (kept == 0).any():
            out.append(
                f"{_neurons(kept == 0)} keep nothing of {what} ({name} = 0), so that the time constant would be 0; "
                "mode='euler' can say it"
            )
    return out


def _lost(program: Program) -> list[str]:
    arrays, out = program.arrays, []
    held = arrays["refractory"] > 0
    if held.any():
        out.append(f"refractory periods of {_neurons(held)}, the longest of {arrays['refractory'].max()} steps")
    known = {
        ADAPTIVE: "adaptive thresholds: the threshold stays where it is at rest",
        TWO_CURRENTS: "the second synaptic current: its synapses get the time constant of the first",
        "stp": "short-term plasticity: each spike delivers what the first one after a long pause delivers",
        "initial-state": "u and v at the start of a sample: both start at rest",
    }
    return out + [known.get(need, f"{need!r}, which the export does not know") for need in sorted(program.needs - SAID)]


def _neurons(chosen: np.typing.NDArray[np.bool_]) -> str:
    n = int(chosen.sum())
    return "1 neuron" if n == 1 else f"{n} neurons"
