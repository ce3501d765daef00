"""The runs that are compared: the network as it is, in other arithmetic, without recurrence, or on other backends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine import protocol
from lsm_sim.errors import DescriptionError
from lsm_sim.explorer.silencing import silenced
from lsm_sim.explorer.subject import Subject
from lsm_sim.program.program import Program
from lsm_sim.quantisation.quantise import quantise
from lsm_sim.support import checks

LOIHI, NO_RECURRENCE = "loihi", "recurrence-off"


@dataclass(frozen=True, eq=False)
class Variant:
    """A program and the backend that runs it."""

    name: str
    remark: str
    program: Program
    backend: str


def variants(subject: Subject, against: Any) -> list[Variant]:
    """Return the network itself, then what ``against`` names."""
    own = subject.program
    found = [Variant(f"{own.arithmetic}, {subject.backend}", "", own, subject.backend)]
    names = [against] if isinstance(against, str) else checks.items(against, "explore against", "a list of names")
    for name in names:
        found.append(_variant(subject, name))
    return found


def _variant(subject: Subject, name: Any) -> Variant:
    own, backend = subject.program, subject.backend
    known = (LOIHI, NO_RECURRENCE, *protocol.known())
    checks.choice(name, "explore against", known)
    if name == LOIHI:
        if own.arithmetic == LOIHI:
            raise DescriptionError("explore against: got 'loihi', but the network is in loihi arithmetic already")
        calibration = subject.stimulus if subject.calibration is None else subject.calibration
        program = quantise(own, calibration).program if subject.integers is None else subject.integers
        return Variant(f"loihi, {backend}", "The same network in Loihi's integers.", program, backend)
    if name == NO_RECURRENCE:
        remark = "The same network; no spike of a neuron reaches another one. The readout was not trained again for it."
        return Variant("recurrence off", remark, silenced(own, np.arange(own.n_neurons)), backend)
    protocol.find(name)
    return Variant(f"{own.arithmetic}, {name}", f"The same network on the backend {name}.", own, name)
