"""Recorded state variables on the command line: which, and the file that they are written to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.support import npz

if TYPE_CHECKING:
    from lsm_sim.program.program import Program
    from lsm_sim.simulate.results import Result

FORMAT = "lsm_sim.traces/1"


def variables(record: str | None, traces: Path | None) -> tuple[str, ...]:
    """Return the names in --record; it and --traces need each other."""
    if (record is None) != (traces is None):
        missing, given = ("--traces", "--record") if traces is None else ("--record", "--traces")
        raise DescriptionError(f"{missing}: missing, expected beside {given}, such as --record u,v --traces traces.npz")
    names = [] if record is None else [name.strip() for name in record.split(",")]
    return tuple(dict.fromkeys(names))


def every_group(network: Liquid | Program, names: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """Return the request to record these variables of every neuron group."""
    if not names:
        return {}
    groups = [group.name for group in network.neurons] if isinstance(network, Liquid) else list(network.neuron_groups)
    return dict.fromkeys(groups, names)


def save(result: Result, path: Path) -> None:
    """Write an array "VARIABLE.GROUP" of shape (steps of all samples, neurons) for each, and where samples begin."""
    steps = result.spikes.n_steps
    arrays: dict[str, Any] = {"format": FORMAT, "dt": result.program.dt, "offsets": np.append(0, np.cumsum(steps))}
    for variable, groups in result.traces.items():
        arrays |= {f"{variable}.{name}": np.concatenate(trace.values) for name, trace in groups.items()}
    npz.write(path, arrays)
