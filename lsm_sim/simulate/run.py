"""Run a liquid on a backend; results come back under the names of its groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.engine.excursions import watched
from lsm_sim.engine.protocol import DEFAULT, Backend, Outcome, Request, find
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate.results import VARIABLES, Record, Recording, Result, Trace
from lsm_sim.spikes.bins import checked_edges
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints


def run(
    network: Liquid | Program,
    stimulus: Spikes,
    *,
    backend: str | Backend = DEFAULT,
    arithmetic: str | None = None,
    spikes: bool = True,
    bins: int | Ints | None = None,
    record: Recording | None = None,
    record_steps: Sequence[int] | Ints | None = None,
    excursions: bool = False,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> Result:
    """Run every sample of ``stimulus`` through ``network``, each from rest.

    Parameters
    ----------
    network
        A `Liquid`, lowered at the stimulus's dt, or a `Program`.
    stimulus
        Spikes on the input channels.
    backend
        Name of a backend, or one.
    arithmetic
        ``"loihi"``: quantise first, with this stimulus as calibration (see `lsm_sim.quantise`). ``"float64"``, or None: run
        the program as it is.
    spikes
        Return all spikes; without them memory does not grow with activity.
    bins
        Return counts: a number of equal bins over each sample's own length, or edges in steps (B, K + 1).
    record
        Variables by group name, such as ``{"exc": ["v"]}`` or ``{"exc": Record("v", neurons=[0, 5])}``.
    record_steps
        Record only at these steps; None: at every step.
    excursions
        Count where Loihi's registers would be left (loihi arithmetic only).
    n_threads
        At most so many threads; None: one per core. No thread count changes a bit.
    progress
        Show a progress bar; None: on a terminal, when it takes more than a second.

    Raises
    ------
    DescriptionError, UnsupportedError, BackendUnavailableError, RunError
        See `lsm_sim.errors`.
    """
    if not isinstance(stimulus, Spikes):
        raise DescriptionError(f"stimulus: got {type(stimulus).__name__}, expected Spikes; see lsm_sim.encode")
    program = lower(network, stimulus.dt) if isinstance(network, Liquid) else network
    if not isinstance(program, Program):
        raise DescriptionError(f"network: got {type(network).__name__}, expected a Liquid or a Program")
    engine = find(backend) if isinstance(backend, str) else backend
    program = engine.legalise(_in_arithmetic(program, arithmetic, stimulus))
    chosen = _chosen(program, record or {})
    request = Request(
        spikes=spikes,
        bins=None if bins is None else checked_edges(bins, stimulus.n_steps),
        neurons=np.unique(np.concatenate([np.empty(0, np.int64), *(index for index, _ in chosen.values())])),
        steps=None if record_steps is None else checks.whole_array(record_steps, "record_steps"),
        excursions=excursions,
        n_threads=n_threads,
        progress=progress,
    )
    with engine.compile(program) as runner:
        outcome = (runner if arithmetic is None else watched(runner, program))(stimulus, request)
    traces = {name: _traces(name, program, stimulus, request, outcome, chosen) for name in VARIABLES}
    if isinstance(network, Liquid) and program.arithmetic == "float64":  # a chip's integers stay what they are
        traces["v"] = _in_user_units(network, traces["v"])
    return Result(program, outcome, traces["u"], traces["v"])


def _in_arithmetic(program: Program, arithmetic: str | None, stimulus: Spikes) -> Program:
    if arithmetic in (None, program.arithmetic):
        return program
    if arithmetic != "loihi":
        raise DescriptionError(
            f"arithmetic: got {arithmetic!r} for a program in {program.arithmetic}, expected 'float64' or 'loihi', "
            "and no way leads from loihi back to float64"
        )
    from lsm_sim.quantisation.quantise import quantise

    return quantise(program, stimulus).program


def _chosen(program: Program, record: Recording) -> dict[str, tuple[Ints, tuple[str, ...]]]:
    """Return, by group, the neurons of the program to record and the variables asked for."""
    out = {}
    for name, wish in record.items():
        if name not in program.neuron_groups:
            raise DescriptionError(f"record: no group {name!r}; known: {', '.join(program.neuron_groups)}")
        members = program.neuron_groups[name]
        asked = wish if isinstance(wish, Record) else Record(wish if isinstance(wish, str) else tuple(wish))
        index = (
            np.arange(len(members)) if asked.neurons is None else checks.whole_array(asked.neurons, f"record {name!r}")
        )
        if index.ndim != 1 or (index.size and (index.min() < 0 or index.max() >= len(members))):
            msg = f"record {name!r}: got neurons {index.tolist()}, expected a list in 0..{len(members) - 1}"
            raise DescriptionError(msg)
        out[name] = (members.start + index, tuple(asked.variables))
    return out


def _traces(
    variable: str,
    program: Program,
    stimulus: Spikes,
    request: Request,
    outcome: Outcome,
    chosen: Mapping[str, tuple[Ints, tuple[str, ...]]],
) -> dict[str, Trace]:
    values = outcome.u if variable == "u" else outcome.v
    if values is None:
        return {}
    times = tuple(np.asarray((recorded_steps(request, int(n)) + 1) * program.dt) for n in stimulus.n_steps)
    scale = 64 if program.arithmetic == "loihi" else 1  # there v is compared with threshold << 6
    out = {}
    for name, (index, variables) in chosen.items():
        if variable in variables:
            columns = np.searchsorted(request.neurons, index)
            within = index - program.neuron_groups[name].start
            threshold = program.threshold[index] * scale if variable == "v" else None
            out[name] = Trace(within, times, tuple(sample[:, columns] for sample in values), threshold)
    return out


def _in_user_units(liquid: Liquid, traces: dict[str, Trace]) -> dict[str, Trace]:
    """Add v_reset, from which the program counts v."""
    from lsm_sim.program.lowering import draw_parameters

    out = {}
    for group in liquid.neurons:
        if group.name in traces:
            trace = traces[group.name]
            reset = draw_parameters(group, liquid.seed)["v_reset"][trace.neurons]
            values = tuple(sample + reset for sample in trace.values)
            threshold = None if trace.threshold is None else trace.threshold + reset
            out[group.name] = Trace(trace.neurons, trace.times, values, threshold)
    return out
