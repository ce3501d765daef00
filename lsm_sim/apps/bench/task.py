"""From a workload to a task: the network, its stimulus, and the correct counts."""

from __future__ import annotations

import time

import numpy as np

from lsm_sim.apps.bench import workloads
from lsm_sim.apps.bench.peer import Counts, Settings, Task
from lsm_sim.apps.bench.workloads import Workload
from lsm_sim.engine.protocol import Request, Runner, compiled
from lsm_sim.engine.reference import Reference
from lsm_sim.errors import RunError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Ints


def make(workload: Workload, settings: Settings, *, samples: int | None = None, seed: int | None = None) -> Task:
    """Draw the network and the stimulus, and run them on our backend; the reference runs the first sample too.

    Parameters
    ----------
    samples
        Number of samples, instead of that of the workload.
    seed
        Seed of network and stimulus, instead of those of the workload.

    Raises
    ------
    RunError
        The counts of the two differ, so there are no correct counts to compare with.
    """
    drawn = workloads.NETWORK_SEED if seed is None else seed
    program = lower(workloads.liquid(workload, drawn), workloads.DT)
    shown = workloads.STIMULUS_SEED if seed is None else seed
    dense = workloads.stimulus(workload, samples or workload.samples, shown)
    stimulus = Spikes.from_dense(dense, workloads.DT)
    bins = equal_bins(stimulus.n_steps, workloads.BINS)
    start = time.perf_counter()
    with compiled(program, settings.backend) as runner:
        program = runner.program
        first = _counts(runner, stimulus[:1], bins[:1], 1)
        seconds = time.perf_counter() - start
        counts = _counts(runner, stimulus, bins, settings.n_threads)
    with compiled(program, Reference()) as runner:
        expected = _counts(runner, stimulus[:1], bins[:1], 1)
    if not (np.array_equal(first, expected) and np.array_equal(counts[:1], expected)):
        raise RunError(f"{settings.backend}: its counts of workload {workload.name} differ from the reference's")
    events = synaptic_events(program, stimulus, counts)
    return Task(workload, program, dense, stimulus, bins, counts, events, seconds)


def _counts(runner: Runner, stimulus: Spikes, bins: Ints, n_threads: int) -> Counts:
    counts = runner(stimulus, Request(spikes=False, bins=bins, n_threads=n_threads, progress=False)).counts
    assert counts is not None  # they were requested
    return counts


def synaptic_events(program: Program, stimulus: Spikes, counts: Counts) -> Ints:
    """Return the number of synaptic events of each sample, (B,), from its stimulus and its counts (B, K, N)."""
    synapses = np.sum([np.diff(block.indptr) for block in program.blocks], axis=0)
    own = counts.sum(axis=1, dtype=np.int64) @ synapses[program.n_inputs :]
    return np.asarray(own + stimulus.counts(1)[:, 0].astype(np.int64) @ synapses[: program.n_inputs])
