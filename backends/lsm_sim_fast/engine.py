"""The runner of the fast backend: samples over threads, buffers in and out of the kernel."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np

from lsm_sim.backend import Outcome, Request, Runner
from lsm_sim.environment import cores
from lsm_sim.memory import check_memory
from lsm_sim.program import Program
from lsm_sim.progress import progress_bar
from lsm_sim.requests import checked_request
from lsm_sim.spikes import Spikes
from lsm_sim_fast.layout import Layout, lay_out
from lsm_sim_fast.worker import Results, Worker

_POLL = 0.1  # seconds between looks at the progress and at Ctrl-C


@dataclass(frozen=True)
class Fast:
    """The compiled backend; runs any program of either arithmetic, bit for bit like the reference."""

    name: str = "fast"

    def legalise(self, program: Program) -> Program:
        """Return ``program`` itself."""
        return program

    @contextmanager
    def compile(self, program: Program) -> Iterator[Runner]:
        """Pack the synapses and yield the runner; the kernel is compiled at its first call and cached on disk."""
        layout = lay_out(program)
        yield lambda stimulus, request=None: _run(program, layout, stimulus, request)


def _run(program: Program, layout: Layout, stimulus: Spikes, request: Request | None) -> Outcome:
    """Let threads take one sample after the other; the kernel holds no lock, so they run side by side."""
    request = checked_request(program, stimulus, request)
    results = Results.empty(program, stimulus, request)
    n_threads = min(request.n_threads or cores(), len(stimulus))
    check_memory(
        n_threads * layout.slots * layout.width * np.dtype(layout.ring_type).itemsize, "fast: the spikes in flight"
    )
    queue = itertools.count()
    stop = np.zeros(1, np.uint8)
    workers = [Worker(program, layout, stimulus, request, results, stop) for _ in range(n_threads)]
    with ThreadPoolExecutor(n_threads) as pool, progress_bar(len(stimulus), request.progress) as advance:
        waiting = {pool.submit(worker.take_samples, queue) for worker in workers}
        try:
            done = 0
            while waiting:
                finished, waiting = wait(waiting, timeout=_POLL, return_when="FIRST_EXCEPTION")
                for future in finished:
                    future.result()
                done, before = sum(worker.n_done for worker in workers), done
                advance(done - before)
        finally:
            stop[0] = 1  # after Ctrl-C or an error the others end after their current step
    return results.outcome(program, stimulus, request)
