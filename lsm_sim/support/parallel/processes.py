"""Processes on this machine, by joblib's executor."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

from lsm_sim.errors import RunError
from lsm_sim.support.environment import THREADS

_RESTARTS = 3  # in a row without any result
_THREADS = (THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")

_RECEIVED: list[Any] = []  # in a worker: what all tasks share


def _receive(shared: Any) -> None:
    _RECEIVED[:] = [shared]


def _do(function: Callable[[Any, Any, int], Any], task: Any, n_threads: int) -> Any:
    return function(_RECEIVED[0], task, n_threads)


class _Processes:
    """Processes that are started again if one is killed; then its tasks are done once more.

    Tasks are functions of their arguments, so that the results are the same.
    """

    def __init__(self, function: Callable[[Any, Any, int], Any], shared: Any, n: int, n_threads: int) -> None:
        self._function, self._shared, self._n, self._n_threads = function, shared, n, n_threads
        self.capacity = 2 * n
        self._tasks: dict[int, Any] = {}
        self._futures: dict[int, Any] = {}
        self._next = self._restarts = 0
        self._executor = self._start()

    def _start(self) -> Any:
        from joblib.externals.loky import ProcessPoolExecutor

        threads = dict.fromkeys(_THREADS, str(self._n_threads))
        return ProcessPoolExecutor(self._n, initializer=_receive, initargs=(self._shared,), env=threads)

    def submit(self, task: Any) -> int:
        number = self._next
        self._next += 1
        self._tasks[number] = task
        try:
            self._futures[number] = self._submitted(task)
        except RuntimeError:  # a process was killed since the last result
            self._restart()
        return number

    def _submitted(self, task: Any) -> Any:
        return self._executor.submit(_do, self._function, task, self._n_threads)

    def result(self, number: int) -> Any:
        from joblib.externals.loky.process_executor import BrokenProcessPool

        while True:
            try:
                found = self._futures[number].result()
            except BrokenProcessPool:
                self._restart()
                continue
            del self._futures[number], self._tasks[number]
            self._restarts = 0
            return found

    def _restart(self) -> None:
        self._restarts += 1
        if self._restarts > _RESTARTS:
            raise RunError(
                f"workers: a worker process ended {self._restarts} times in a row, probably for lack of memory; use fewer "
                "workers or smaller chunks"
            )
        self.close()
        self._executor = self._start()
        done = {
            number
            for number, one in self._futures.items()
            if one.done() and not one.cancelled() and not one.exception()
        }
        for number, task in self._tasks.items():
            if number not in done:
                self._futures[number] = self._submitted(task)

    def close(self) -> None:
        self._executor.shutdown(wait=True, kill_workers=True)


@contextlib.contextmanager
def process_pool(function: Callable[[Any, Any, int], Any], shared: Any, n: int, n_threads: int) -> Iterator[_Processes]:
    """Start ``n`` processes, each with ``n_threads`` threads of linear algebra, and end them."""
    pool = _Processes(function, shared, n, n_threads)
    try:
        yield pool
    finally:
        pool.close()
