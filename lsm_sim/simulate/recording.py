"""Which state variables a user asks for, by group name, and their values by group name."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

import numpy as np

from lsm_sim.dynamics import Units
from lsm_sim.dynamics.loihi import SHIFT
from lsm_sim.engine.protocol import Outcome
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.simulate.results import Record, StateTrace
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

Chosen: TypeAlias = Mapping[str, tuple[Ints, tuple[str, ...]]]  # neurons of the program and variables, by group


def chosen(program: Program, record: Any) -> Chosen:
    """Return, by group, the neurons of the program to record and the requested variables."""
    out = {}
    if not isinstance(record, Mapping):
        known = next(iter(program.neuron_groups))
        raise DescriptionError(f"record: got {record!r}, expected a dict by group name, such as {{{known!r}: ['v']}}")
    for name, entry in record.items():
        if not isinstance(entry, (str, Record, Sequence)):
            raise DescriptionError(
                f"record {name!r}: got {entry!r}, expected names of variables such as ['v'], or a Record"
            )
        if name not in program.neuron_groups:
            raise DescriptionError(f"record: no group {name!r}; known: {', '.join(program.neuron_groups)}")
        members = program.neuron_groups[name]
        spec = entry if isinstance(entry, Record) else Record(entry if isinstance(entry, str) else tuple(entry))
        index = (
            np.arange(len(members)) if spec.neurons is None else checks.whole_array(spec.neurons, f"record {name!r}")
        )
        if index.ndim != 1 or (index.size and (index.min() < 0 or index.max() >= len(members))):
            msg = f"record {name!r}: got neurons {index.tolist()}, expected a list in 0..{len(members) - 1}"
            raise DescriptionError(msg)
        out[name] = (members.start + index, tuple(spec.variables))
    return out


def recorded_neurons(groups: Chosen) -> Ints:
    """Return the neurons of all groups, ascending."""
    return np.unique(np.concatenate([np.empty(0, np.int64), *(index for index, _ in groups.values())]))


def traces(
    variable: str,
    program: Program,
    units: Units | None,
    groups: Chosen,
    outcome: Outcome,
    times: tuple[Floats, ...],
) -> dict[str, StateTrace]:
    """Return the recorded variable by group, in the user's units if ``units`` is given."""
    recorded = recorded_neurons(groups)
    threshold = program.threshold * (1 << SHIFT if program.arithmetic == "loihi" else 1)
    out = {}
    for name, (index, variables) in groups.items():
        if variable not in variables:
            continue
        columns = np.searchsorted(recorded, index)
        values = [sample[:, columns] for sample in outcome.traces[variable]]
        limit: Any = threshold[index] if variable == "v" else None
        if variable == "v" and "w" in variables:
            limit = tuple(limit + sample[:, columns] for sample in outcome.traces["w"])
        if units is not None:
            values = [units.to_user(variable, sample, index) for sample in values]
            if isinstance(limit, tuple):
                limit = tuple(units.to_user(variable, sample, index) for sample in limit)
            elif limit is not None:
                limit = units.to_user(variable, limit, index)
        within = index - program.neuron_groups[name].start
        unit = "" if units is None else next(one.unit for one in program.model.state if one.name == variable)
        out[name] = StateTrace(within, times, tuple(values), limit, unit)
    return out
