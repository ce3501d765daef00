"""The limit of the machine: the synaptic events of a task, delivered by the fastest kernel that does nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from lsm_sim.apps.bench.peer import Peer, Ready, Settings, Task
from lsm_sim.apps.bench.peers import scatter

_EVENTS = 2_000_000  # per try; takes some 0.7 ms, less than a time slice of the operating system
_TRIES = 7


def peers(settings: Settings) -> list[Peer]:
    """Return the ceilings of one core and of all cores."""
    return [_ceiling(n) for n in sorted({1, settings.n_threads})]


def _ceiling(n_threads: int) -> Peer:
    @contextmanager
    def prepare(task: Task) -> Iterator[Ready]:
        synapses, kernel = scatter.synapses(), _best_kernel()
        rings = [scatter.aligned(scatter.RING, "int32") for _ in range(n_threads)]
        with ThreadPoolExecutor(n_threads) as pool:

            def run(n: int) -> None:
                share = -(-int(task.events[:n].sum()) // n_threads)
                list(pool.map(lambda ring: scatter.deliver(kernel, ring, synapses, share), rings))

            yield Ready(run, batch=len(task.counts))

    about = "the same number of reads, additions and writes of int32 in the L1 cache, and nothing else"
    return Peer("ceiling of the machine", prepare, about, n_threads, exact=False, role="ceiling")


def _best_kernel() -> scatter.Kernel:
    """Return the kernel with the smallest minimum time."""
    synapses, ring = scatter.synapses(), scatter.aligned(scatter.RING, "int32")
    found = scatter.kernels()
    seconds = dict.fromkeys(found, float("inf"))
    for _ in range(_TRIES):
        for name, kernel in found.items():
            start = time.perf_counter()
            scatter.deliver(kernel, ring, synapses, _EVENTS)
            seconds[name] = min(seconds[name], time.perf_counter() - start)
    return found[min(seconds, key=lambda name: seconds[name])]
