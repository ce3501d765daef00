"""Workers of a Dask cluster."""

from __future__ import annotations

import contextlib
import logging
import os
import pickle
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lsm_sim.errors import BackendUnavailableError, DescriptionError, RunError
from lsm_sim.support.brief import brief
from lsm_sim.support.environment import THREADS, install, version, versions

TIMEOUT = 10.0  # s, to reach the scheduler
_WAIT = 20.0  # s, for a worker that starts again
_LOSSES = 5  # of what tasks share, in a row without any result
COMPARED = ("python", "lsm-sim", "numpy", "scipy", "scikit-learn", "numba", "distributed")


def own_versions() -> dict[str, str | None]:
    """Return the versions that must be equal in client and workers."""
    found = versions() | {"distributed": version("distributed")}
    return {name: found[name] for name in COMPARED}


def check_versions(own: Mapping[str, str | None], workers: Mapping[str, Mapping[str, str | None]]) -> None:
    """Raise `RunError` that names each package of the workers whose version differs from that of the client."""
    different = {
        f"{name} {theirs.get(name) or 'is missing'} instead of {own[name]} on {worker}"
        for worker, theirs in workers.items()
        for name in own
        if theirs.get(name) != own[name]
    }
    if different:
        raise RunError(
            f"dask: the workers have other versions than this process: {', '.join(sorted(different))}; install the same"
        )


def _do(function: Callable[[Any, Any, int], Any], shared: Any, task: Any, n_threads: int) -> Any:
    os.environ.setdefault(THREADS, str(n_threads))
    return function(shared, task, n_threads)


class EndedWorkersError(RunError):
    """One task ended several workers."""


@dataclass(eq=False)
class _Handle:
    """A task, so that it can be done again, and what Dask knows of it."""

    task: Any
    future: Any


class Cluster:
    """A cluster that holds what all tasks share; a task of a worker that ended is done again by another one."""

    def __init__(self, client: Any, address: str, function: Any, shared: Any, n_threads: int, n: int) -> None:
        self._client, self._address, self._function, self._n_threads = client, address, function, n_threads
        self.at_once, self.capacity = n, 2 * n
        self._given, self._losses = shared, 0
        with self._reached():
            self._shared = _sent(client, shared)

    def submit(self, task: Any) -> _Handle:
        """Start a task; see `lsm_sim.support.parallel.ordered.Pool`."""
        with self._reached():
            return _Handle(task, self._submitted(task))

    def _submitted(self, task: Any) -> Any:
        return self._client.submit(_do, self._function, self._shared, task, self._n_threads, pure=False)

    def result(self, handle: _Handle) -> Any:
        """Wait for a result; see `lsm_sim.support.parallel.ordered.Pool`."""
        from concurrent.futures import CancelledError

        with self._reached():
            while True:
                try:
                    found = handle.future.result()
                except CancelledError as error:
                    self._again([handle], error)
                    continue
                self._losses = 0
                return found

    def first_done(self, handles: Sequence[_Handle]) -> _Handle:
        """Wait until one of several tasks has ended."""
        from concurrent.futures import CancelledError

        import distributed

        wait: Any = distributed.wait
        with self._reached(), self._client.as_current():  # no client is the default one
            while True:
                try:
                    ended = wait([handle.future for handle in handles], return_when="FIRST_COMPLETED").done
                except CancelledError as error:
                    self._again([handle for handle in handles if handle.future.cancelled()], error)
                    continue
                return next(handle for handle in handles if handle.future in ended)

    def _again(self, handles: Sequence[_Handle], error: Exception) -> None:
        """Submit tasks that Dask has given up, because the worker ended that alone held what they share.

        Dask keeps one copy where no task is under way. If the scheduler is gone, tasks are given up, too; that is raised again.
        """
        self._losses += 1
        if self._client.status != "running" or self._losses > _LOSSES:
            raise error
        if self._shared.status != "finished":
            self._shared = _sent(self._client, self._given, timeout=_WAIT)
        for handle in handles:
            handle.future = self._submitted(handle.task)

    @contextlib.contextmanager
    def _reached(self) -> Iterator[None]:
        """Say so if the scheduler or all workers are gone."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            yield
        except KilledWorker as error:
            raise EndedWorkersError(
                f"dask: a task ended several workers, probably for lack of memory; use smaller tasks ({error})"
            ) from None
        except (CancelledError, CommClosedError, TimeoutError) as error:
            raise RunError(
                f"dask: the scheduler at {self._address} stopped ({type(error).__name__}); what is finished is kept, so start a "
                "scheduler and run again"
            ) from None


def _sent(client: Any, shared: Any, timeout: float = TIMEOUT) -> Any:
    """Send what tasks share to each worker, and return its handle."""
    from distributed.protocol import pickle as packing

    dumps: Any = packing.dumps
    try:  # here, because Dask would end the connection
        dumps(shared, buffer_callback=lambda _: None)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise DescriptionError(
            f"dask: the model or the samples cannot be sent to other processes ({brief(error)}); omit dask"
        ) from None
    return client.scatter(shared, broadcast=True, hash=False, timeout=timeout)


@contextlib.contextmanager
def dask_pool(function: Any, shared: Any, address: str, n_threads: int | None) -> Iterator[Cluster]:
    """Connect to a scheduler, compare versions, and send what tasks share to each worker."""
    with _connected(address) as (client, n):
        yield Cluster(client, address, function, shared, n_threads or 1, n)


def cluster_size(address: str) -> int:
    """Return how many tasks the workers of a cluster do at once."""
    with _connected(address) as (_, n):
        return n


@contextlib.contextmanager
def _connected(address: str) -> Iterator[tuple[Any, int]]:
    """Yield a client of a scheduler, and how many tasks its workers do at once, after comparing versions."""
    try:
        import distributed
    except ImportError as error:
        raise BackendUnavailableError(
            f"dask: cannot be imported ({error}); install it with: {install('dask')}"
        ) from None
    with _quiet(), _client(distributed, address) as client:
        yield client, _checked_workers(client, address)


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep Dask from logging tracebacks of what is raised as one sentence."""
    loggers = [logging.getLogger(name) for name in ("distributed", "distributed.client", "distributed.core")]
    levels = [logger.level for logger in loggers]
    try:
        for logger in loggers:
            logger.setLevel(logging.CRITICAL + 1)
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


@contextlib.contextmanager
def _client(distributed: Any, address: str) -> Iterator[Any]:
    try:
        client = distributed.Client(address, timeout=TIMEOUT, set_as_default=False)
    except (OSError, ValueError, RuntimeError) as error:
        why = " ".join(str(error).split())[:120] or type(error).__name__
        raise RunError(f"dask: no scheduler answers at {address} ({why}); start one with: dask scheduler") from None
    try:
        yield client
    finally:
        with contextlib.suppress(Exception):  # the scheduler may be gone
            client.close(timeout=2)


def _checked_workers(client: Any, address: str) -> int:
    """Return how many tasks the workers do at once."""
    workers = client.scheduler_info(n_workers=-1)["workers"]
    if not workers:
        raise RunError(f"dask: the scheduler at {address} has no workers; start some with: dask worker {address}")
    try:
        theirs = client.run(own_versions)
    except Exception as error:  # whatever keeps a worker from importing lsm_sim
        why = " ".join(str(error).split())[:120]
        raise RunError(f"dask: a worker cannot run lsm_sim ({type(error).__name__}: {why}); install it there") from None
    check_versions(own_versions(), theirs)
    return sum(worker["nthreads"] for worker in workers.values())
