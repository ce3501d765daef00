"""Results in the order of the tasks, with a bounded number of tasks under way."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any, Protocol

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks, environment

Function = Callable[[Any, Any, int | None], Any]


@dataclass(frozen=True)
class Work:
    """Who does the tasks.

    Parameters
    ----------
    workers
        Number of processes on this machine; None or 1: this process.
    dask
        Address of a Dask scheduler, such as ``tcp://127.0.0.1:8786``, instead.
    """

    workers: int | None = None
    dask: str | None = None

    def __post_init__(self) -> None:
        if self.workers is not None:
            checks.whole(self.workers, "workers", minimum=1, maximum=1024)
        if self.dask is None:
            return
        checks.instance(self.dask, str, "dask", "the address of a scheduler, such as 'tcp://127.0.0.1:8786'")
        host, _, port = self.dask.rpartition("://")[2].rpartition(":")
        if not host or not port.isdecimal():
            raise DescriptionError(f"dask: got {self.dask!r}, expected an address such as 'tcp://127.0.0.1:8786'")
        if self.workers is not None:
            raise DescriptionError("workers: got a number beside dask, whose cluster has its own workers; omit one")

    @property
    def alone(self) -> bool:
        """Whether this process does everything."""
        return self.dask is None and (self.workers or 1) == 1


class Pool(Protocol):
    """Processes that hold what all tasks share."""

    capacity: int  # tasks under way that keep all of them busy

    def submit(self, task: Any) -> Any:
        """Start a task and return its handle."""
        ...

    def result(self, handle: Any) -> Any:
        """Wait for the result of a task."""
        ...


def in_order(
    function: Function, shared: Any, tasks: Iterable[Any], work: Work, n_threads: int | None = None
) -> Iterator[Any]:
    """Yield ``function(shared, task, n_threads)`` for each task, in order.

    ``shared`` is sent to each process once. Tasks of a list are given to the processes at once, so that none waits for a long task of
    another one. From any other iterable they are taken only as fast as results are used, so that they need not fit in memory
    together.

    Parameters
    ----------
    function
        A function at the top of a module.
    n_threads
        Number of threads of a task; None: those that let all processes together use every core once.
    """
    if work.alone:
        for task in tasks:
            yield function(shared, task, n_threads)
        return
    with _pool(function, shared, work, n_threads) as pool:
        under_way: deque[Any] = deque()
        most = len(tasks) if isinstance(tasks, list) else pool.capacity
        for task in tasks:
            under_way.append(pool.submit(task))
            if len(under_way) >= most:
                yield pool.result(under_way.popleft())
        while under_way:
            yield pool.result(under_way.popleft())


def processes_of(work: Work) -> int:
    """Return how many tasks are done at the same time; a Dask cluster is asked."""
    if work.dask is None:
        return work.workers or 1
    from lsm_sim.support.parallel.dask_cluster import cluster_size

    return cluster_size(work.dask)


def start(work: Work, function: Callable[..., Any], *arguments: Any) -> None:
    """Let processes on this machine call a function that prepares them for their tasks, while this process reads data."""
    if work.workers is None or work.alone:
        return
    from lsm_sim.support.parallel.processes import started

    started(work.workers, _threads(work.workers, None), function, *arguments)


def _threads(n: int, n_threads: int | None) -> int:
    return n_threads or max(1, environment.cores() // n)


def _pool(function: Function, shared: Any, work: Work, n_threads: int | None) -> AbstractContextManager[Pool]:
    if work.dask is not None:
        from lsm_sim.support.parallel.dask_cluster import dask_pool

        return dask_pool(function, shared, work.dask, n_threads)
    from lsm_sim.support.parallel.processes import process_pool

    n = work.workers or 1
    return process_pool(function, shared, n, _threads(n, n_threads))
