"""Run a program in Lava: samples are grouped into jobs of a suitable size, and the results are combined."""

from __future__ import annotations

import math
import shutil
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.backend import Excursions, Outcome, Request
from lsm_sim.engine.ends import Ends
from lsm_sim.engine.requests import checked_request, recorded_steps, recorded_variables
from lsm_sim.engine.state import State, checked_state
from lsm_sim.errors import RunError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.progress import progress_bar
from lsm_sim_lava import plan as plans
from lsm_sim_lava import recorder
from lsm_sim_lava.supervisor import Limits, Worker

# Measured with benchmarks/lava_batch.py: a job takes _START s, each step _HANDSHAKE s plus a time per neuron and synapse.
_SHM = Path("/dev/shm")
_START = 0.5
_HANDSHAKE = 1.5e-3
_PER_NEURON = 60e-9
_PER_SYNAPSE = 10e-9  # if every synapse transmits at every step
_PER_SYNAPSE_BUILT = 1e-6
_STALL = 30.0  # seconds without a step before a run counts as hanging
_PATIENCE = 10  # multiple of the estimated time before a run counts as hanging
_MARGIN = 30.0  # seconds added to that
_MAX_NEURONS, _MAX_SYNAPSES, _MAX_RING = 1 << 16, 1 << 23, 1 << 26  # of all copies; beyond, handshakes are negligible


@dataclass(frozen=True, eq=False)
class _Part:
    """The results of one job."""

    spikes: Spikes | None
    traces: dict[str, tuple[Any, ...]]
    excursions: Any


def copies(program: Program, message_bits: int = 0, *, resumed: bool = False) -> int:
    """Return how many samples run together: enough to share the cost of the handshakes per step, and few enough to fit."""
    ring = (program.max_delay + 2) * program.n_receptors * program.n_neurons
    need = plans.shared_memory(program, plans.plan(program, message_bits=message_bits).layers, resumed=resumed)
    free = shutil.disk_usage(_SHM).free if _SHM.is_dir() else math.inf
    if need > free:
        raise RunError(
            f"lava: one sample needs {need / 2**20:.0f} MiB of shared memory but {_SHM} has {free / 2**20:.0f} MiB free; make it "
            "larger (in containers: --shm-size)"
        )
    per = (program.n_neurons / _MAX_NEURONS, program.n_synapses / _MAX_SYNAPSES, ring / _MAX_RING, 2 * need / free)
    return max(1, int(1 / max(per)))


def estimate(program: Program, n_samples: int, n_steps: int) -> float:
    """Return an upper estimate of the time of a job, in seconds."""
    return _START + n_steps * _per_step(program, n_samples) + n_samples * program.n_synapses * _PER_SYNAPSE_BUILT


def _per_step(program: Program, n_samples: int) -> float:
    return _HANDSHAKE + n_samples * (program.n_neurons * _PER_NEURON + program.n_synapses * _PER_SYNAPSE)


def run_program(
    worker: Worker,
    program: Program,
    stimulus: Spikes,
    request: Request | None,
    *,
    time_limit: float | None,
    stock: bool = False,
    state: State | None = None,
) -> Outcome:
    """Run every sample of ``stimulus`` from rest, or on from ``state``; see `lsm_sim.engine.protocol.StatefulRunner`."""
    request = checked_request(program, stimulus, request)
    begin = None if state is None else checked_state(program, state, len(stimulus))
    ends = Ends(program, stimulus, begin) if request.keep_state else None
    check_memory((program.max_delay + 2) * program.n_receptors * program.n_neurons * 8, "lava: the spikes in flight")
    order = np.argsort(stimulus.n_steps, kind="stable")  # samples of similar length run together
    size = copies(program, plans.message_bits(stimulus), resumed=begin is not None)
    jobs = [order[first : first + size] for first in range(0, order.size, size)]
    durations = [int(stimulus.n_steps[job].max()) for job in jobs]
    parts = []
    with progress_bar(sum(durations), request.progress, "step") as advance:
        for job, n_steps in zip(jobs, durations, strict=True):
            stall = max(_STALL, 10 * _PATIENCE * _per_step(program, len(job)))
            limit = time_limit or _MARGIN + _PATIENCE * estimate(program, len(job), n_steps)
            start = max(_STALL, _MARGIN + _PATIENCE * estimate(program, len(job), n_steps=1))
            batch = stimulus[job]
            settings = _settings(program, request, batch, n_steps, stock)
            own = None if begin is None else begin[job]
            folder = worker.run(program, batch, settings, Limits(limit, start, stall), advance, own)
            part = _read(folder, program, batch, request)
            if ends is not None:
                _add_ends(ends, folder, program, job, part)
            parts.append(_reduced(part, request, job))
            shutil.rmtree(folder, ignore_errors=True)
    outcome = _outcome(parts, np.argsort(np.concatenate(jobs)), request)
    return outcome if ends is None else replace(outcome, state=ends.state())


def _add_ends(ends: Ends, folder: Path, program: Program, job: Ints, part: _Part) -> None:
    """Add what a job shows of the states at the end of its samples."""
    assert part.spikes is not None
    values = {name: np.load(folder / recorder.end_file(name)) for name in program.state}
    for i, b in enumerate(job):
        own = slice(part.spikes.offsets[i], part.spikes.offsets[i + 1])
        ends.add_spikes(b, part.spikes.step[own], part.spikes.channel[own])
        for name in program.state:
            ends.set_variable(b, name, values[name][i])


def _settings(program: Program, request: Request, batch: Spikes, n_steps: int, stock: bool) -> dict[str, Any]:
    steps = {} if request.steps is None else {"steps": request.steps}
    if request.keep_state:
        steps["ends"] = batch.n_steps
    neurons = (np.arange(len(batch))[:, None] * program.n_neurons + request.neurons).ravel()
    variables = np.array(recorded_variables(program, request), dtype=np.str_)
    common = {"n_steps": n_steps, "neurons": neurons, "variables": variables, "excursions": request.excursions}
    return {"stock_synapses": stock, **common, **steps}


def _read(folder: Path, program: Program, batch: Spikes, request: Request) -> _Part:
    """Return the results that a job wrote, by sample."""
    n, n_samples = program.n_neurons, len(batch)
    events = np.fromfile(folder / recorder.SPIKES, np.int32).reshape(-1, 2)
    step, sample, neuron = events[:, 0], events[:, 1] // n, events[:, 1] % n  # type: Any, Any, Any
    keep = step < batch.n_steps[sample]
    step, sample, neuron = step[keep], sample[keep], neuron[keep]
    order = np.argsort(sample, kind="stable")
    offsets = np.concatenate([[0], np.cumsum(np.bincount(sample, minlength=n_samples))])
    spikes = Spikes(step[order], neuron[order], offsets, batch.n_steps, n, program.dt, program.neuron_groups)
    variables = recorded_variables(program, request)
    traces = {name: _traces(folder / recorder.trace_file(name), batch, request) for name in variables}
    return _Part(spikes, traces, np.load(folder / recorder.EXCURSIONS) if request.excursions else None)


def _traces(path: Path, batch: Spikes, request: Request) -> tuple[Any, ...]:
    rows = np.fromfile(path).reshape(-1, len(batch), request.neurons.size)
    return tuple(rows[: recorded_steps(request, int(length)).size, b].copy() for b, length in enumerate(batch.n_steps))


def _reduced(part: _Part, request: Request, job: Ints) -> Any:
    """Return counts, spikes if requested, and the rest; without spikes the size of the result does not depend on activity."""
    assert part.spikes is not None
    counts = None if request.bins is None else part.spikes.counts(request.bins[job])
    return counts, part if request.spikes else replace(part, spikes=None)


def _outcome(parts: list[Any], back: Ints, request: Request) -> Outcome:
    """Return the parts in the order of the stimulus."""
    names = list(parts[0][1].traces)
    traces = {name: [sample for _, part in parts for sample in part.traces[name]] for name in names}
    excursions = None
    if request.excursions:
        e = np.concatenate([part.excursions for _, part in parts])[back]
        excursions = Excursions(e[:, 0], e[:, 1], e[:, 2])
    return Outcome(
        spikes=Spikes.concatenate([part.spikes for _, part in parts if part.spikes])[back] if request.spikes else None,
        counts=None if request.bins is None else np.concatenate([counts for counts, _ in parts])[back],
        traces={name: tuple(rows[b] for b in back) for name, rows in traces.items()},
        excursions=excursions,
    )
