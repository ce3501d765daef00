"""Our own backend: through the public API, and its runner only."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import lsm_sim as lsm
from lsm_sim.apps.bench import workloads
from lsm_sim.apps.bench.peer import Counts, Peer, Ready, Settings, Task
from lsm_sim.engine.protocol import Request, find


def peers(settings: Settings) -> list[Peer]:
    """Return the rows of the lsm_sim backend to measure."""
    return [
        *(_public(settings.backend, n) for n in sorted({1, settings.n_threads})),
        _runner(settings.backend),
    ]


def _public(name: str, n_threads: int) -> Peer:
    @contextmanager
    def prepare(task: Task) -> Iterator[Ready]:
        def run(n: int) -> Counts | None:
            stimulus = lsm.Spikes.from_dense(task.dense[:n], workloads.DT)
            return lsm.run(
                task.program,
                stimulus,
                backend=name,
                spikes=False,
                bins=workloads.BINS,
                n_threads=n_threads,
                progress=False,
            ).counts

        yield Ready(run, batch=len(task.counts))

    about = "Spikes.from_dense and run: everything from the user's arrays to the counts"
    return Peer(f"{name}, public API from dense arrays", prepare, about, n_threads, role="public")


def _runner(name: str) -> Peer:
    @contextmanager
    def prepare(task: Task) -> Iterator[Ready]:
        with find(name).compile(task.program) as runner:

            def run(n: int) -> Counts | None:
                request = Request(spikes=False, bins=task.bins[:n], n_threads=1, progress=False)
                return runner(task.stimulus if n == len(task.stimulus) else task.stimulus[:n], request).counts

            yield Ready(run, batch=len(task.counts))

    about = "a compiled program on existing events"
    return Peer(f"{name}, runner only", prepare, about, role="runner")
