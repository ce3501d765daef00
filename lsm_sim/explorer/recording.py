"""State variables of some neurons, few enough for a page, in the user's units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Request, compiled
from lsm_sim.explorer.variants import Variant
from lsm_sim.program.program import Program
from lsm_sim.simulate.recording import traces
from lsm_sim.simulate.results import StateTrace
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints

POINTS = 2000  # of each recorded neuron at most
BYTES = 1_500_000  # of all recordings in a page


@dataclass(frozen=True, eq=False)
class Plan:
    """Which neurons to record in which steps, and which variables."""

    neurons: Ints
    steps: Ints
    variables: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Recording:
    """Of one sample: times (P,), values of each variable (P, neurons), threshold (neurons,) or (P, neurons), units by variable."""

    times: Floats
    values: Mapping[str, Floats]
    threshold: Floats
    units: Mapping[str, str]


def plan(program: Program, stimulus: Spikes, n_runs: int, first: Ints) -> Plan:
    """Return what fits into the page: the neurons in ``first``, then some of each group, evenly spaced."""
    longest = int(stimulus.n_steps.max(initial=1))
    stride = -(-longest // POINTS)
    variables = tuple(name for name in ("u", "v", "w") if name in program.state)
    each = n_runs * (longest // stride) * 2 * len(variables)
    most = max(1, BYTES // max(each, 1))
    if most >= program.n_neurons:
        chosen = np.arange(program.n_neurons)
    else:
        rest = np.unique(np.linspace(0, program.n_neurons - 1, most).astype(np.int64))
        chosen = np.sort(list(dict.fromkeys([*first.tolist(), *rest.tolist()]))[:most])
    return Plan(np.asarray(chosen, np.int64), np.arange(stride - 1, longest, stride), variables)


def record(variant: Variant, stimulus: Spikes, what: Plan) -> list[Recording]:
    """Run the samples once more and return what was recorded in each."""
    with compiled(variant.program, variant.backend) as runner:
        program = runner.program
        request = Request(neurons=what.neurons, variables=what.variables, steps=what.steps, progress=False)
        outcome = runner(stimulus, request)
    whole = Program(**(vars(program) | {"neuron_groups": {"all": range(program.n_neurons)}}))
    groups = {"all": (what.neurons, what.variables)}
    times = tuple((what.steps[what.steps < n] + 1) * stimulus.dt for n in stimulus.n_steps)
    found = {name: traces(name, whole, program.units, groups, outcome, times)["all"] for name in what.variables}
    return [_of_sample(found, b, times[b]) for b in range(len(stimulus))]


def _of_sample(found: Mapping[str, StateTrace], b: int, times: Floats) -> Recording:
    limit: Any = found["v"].threshold
    return Recording(
        times,
        {name: trace.values[b] for name, trace in found.items()},
        np.asarray(limit[b] if isinstance(limit, tuple) else limit),
        {name: trace.unit for name, trace in found.items()},
    )


def in_16_bits(values: Sequence[Any] | Floats) -> tuple[Floats, Floats, Any]:
    """Return the lowest and highest value of each column, (n,), and the values (P, n) in 65535ths between them."""
    array = np.asarray(values, np.float64)
    low, high = array.min(axis=0, initial=np.inf), array.max(axis=0, initial=-np.inf)
    low, high = (np.where(np.isfinite(end), end, 0.0) for end in (low, high))
    extent = np.where(high > low, high - low, 1.0)
    return low, high, np.rint((array - low) / extent * 65535).astype(np.uint16)
