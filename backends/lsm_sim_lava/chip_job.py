"""All samples in one job on the chip, one after the other, with the network brought to rest between them.

A sample ends in a pause. In the gap after it, the host holds every neuron at low u and the lowest v until everything that was on
its way has arrived, `Program.max_delay` + 1 steps; then it sets u and v to 0, as at the start. If a neuron spikes in a gap
nevertheless, because it has no memory and strong input, samples run again in a job each. State variables are read at pauses,
too, so only a few steps of each sample can be recorded.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lsm_sim.backend import Outcome, Request
from lsm_sim.dynamics.loihi import MAX_STATE, ONE, SHIFT
from lsm_sim.engine.requests import checked_request, recorded_steps, recorded_variables
from lsm_sim.errors import UnsupportedError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints
from lsm_sim.support.progress import progress_bar
from lsm_sim_lava import recorder
from lsm_sim_lava.runner import estimate
from lsm_sim_lava.supervisor import Limits, Worker

MAX_READS = 64  # pauses per sample for recording
_MARGIN, _PATIENCE = 60.0, 10
_PER_VALUE = 20e-6  # seconds in which Lava transfers a number


def run_on_chip(
    worker: Worker,
    program: Program,
    stimulus: Spikes,
    request: Request | None,
    *,
    host: Mapping[str, str],
    time_limit: float | None,
) -> Outcome:
    """Run every sample from rest in one job."""
    request = checked_request(program, stimulus, request)
    reads = 0 if request.neurons.size == 0 else max(recorded_steps(request, int(n)).size for n in stimulus.n_steps)
    if reads > MAX_READS:
        raise UnsupportedError(
            f"loihi2: u and v cannot be recorded on the chip at {reads} steps, only at up to {MAX_READS}, as each is a pause; record "
            "fewer steps, or use backend='lava' or 'fast'"
        )
    job = _Job(worker, program, host, time_limit)
    outcome = job(stimulus, request)
    if outcome is not None:
        return outcome
    return _together([job(stimulus[b : b + 1], _of_sample(request, b)) for b in range(len(stimulus))])


@dataclass(frozen=True, eq=False)
class _Job:
    """Runs samples in one job."""

    worker: Worker
    program: Program
    host: Mapping[str, str]
    time_limit: float | None

    def __call__(self, stimulus: Spikes, request: Request) -> Outcome | None:
        """Return the outcome; None if a neuron spiked in a gap."""
        program = self.program
        gap = program.max_delay + 1
        begins = np.concatenate([[0], np.cumsum(stimulus.n_steps[:-1] + gap)])
        whole = _one_after_the_other(stimulus, begins)
        n_steps = int(whole.n_steps[0])
        read = np.unique(np.concatenate([recorded_steps(request, int(n)) for n in stimulus.n_steps]))
        settings = {
            "stock_synapses": True,
            "n_steps": n_steps,
            "neurons": request.neurons,
            "variables": np.array(recorded_variables(program, request), dtype=np.str_),
            "excursions": False,
            "lengths": stimulus.n_steps,
            "read_steps": read,
            "gap": gap,
            "held_steps": held_steps(program, gap),
            **self.host,
        }
        values = 2 * len(stimulus) * (read.size + gap) * program.n_neurons
        limit = self.time_limit or _MARGIN + _PATIENCE * (estimate(program, 1, n_steps) + values * _PER_VALUE)
        with progress_bar(n_steps, request.progress, "step") as advance:
            folder = self.worker.run(program, whole, settings, Limits(limit, limit, limit), advance)
            try:
                return _outcome(folder, program, stimulus, begins, request)
            finally:
                shutil.rmtree(folder, ignore_errors=True)


def _of_sample(request: Request, b: int) -> Request:
    return replace(request, bins=None if request.bins is None else request.bins[b : b + 1])


def _together(parts: Sequence[Outcome | None]) -> Outcome:
    """Return the outcomes of single samples as one; a job of one sample has no gaps."""
    every = [part for part in parts if part is not None]
    spikes = [part.spikes for part in every if part.spikes is not None]
    counts = [part.counts for part in every if part.counts is not None]
    return Outcome(
        spikes=Spikes.concatenate(spikes) if spikes else None,
        counts=np.concatenate(counts) if counts else None,
        traces={name: tuple(part.traces[name][0] for part in every) for name in every[0].traces},
    )


def _one_after_the_other(stimulus: Spikes, begins: Ints) -> Spikes:
    """Return all samples as one, each beginning at its step."""
    return Spikes.from_events(
        stimulus.step + begins[stimulus.sample],
        stimulus.channel,
        n_steps=int(begins[-1] + stimulus.n_steps[-1]),
        n_channels=stimulus.n_channels,
        dt=stimulus.dt,
    )


def held_steps(program: Program, gap: int) -> int:
    """Return after how many steps in a gap the host must set v again, so that no neuron can reach its threshold.

    From the lowest v, even if every source had sent in every step before, v is at most

        v = -(2^23 - 1) (1 - dv/4096)^m + (sum over j <= m of j) 64 * (positive weights) + m bias
    """
    every = program.synapses()
    up = every.weight > 0
    most = np.bincount(every.post[up], every.weight[up] << SHIFT, program.n_neurons)
    for m in range(1, gap + 1):
        v = -MAX_STATE * (1 - program.dv / ONE) ** m + m * (m + 1) / 2 * most + m * np.maximum(program.bias, 0)
        if (v > program.threshold << SHIFT).any():
            return max(1, m - 1)
    return gap


def _outcome(folder: Any, program: Program, stimulus: Spikes, begins: Ints, request: Request) -> Outcome | None:
    events = np.fromfile(folder / recorder.SPIKES, np.int32).reshape(-1, 2)
    sample = np.searchsorted(begins, events[:, 0], side="right") - 1
    step = events[:, 0] - begins[sample]
    late = step >= stimulus.n_steps[sample]
    if late.any():
        return None
    spikes = Spikes.from_events(
        step,
        events[:, 1],
        sample=sample,
        n_steps=stimulus.n_steps,
        n_channels=program.n_neurons,
        dt=program.dt,
    )
    spikes = Spikes(**(vars(spikes) | {"groups": program.neuron_groups}))
    sizes = [recorded_steps(request, int(n)).size for n in stimulus.n_steps]
    traces = {}
    for name in recorded_variables(program, request):
        rows = np.load(folder / recorder.pause_file(name))
        traces[name] = tuple(np.split(rows.astype(np.float64), np.cumsum(sizes)[:-1]))
    counts = None if request.bins is None else spikes.counts(request.bins)
    return Outcome(spikes=spikes if request.spikes else None, counts=counts, traces=traces)
