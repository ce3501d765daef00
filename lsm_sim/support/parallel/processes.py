"""Processes on this machine, by an executor of loky's, which is kept for the next call.

It is one of our own: joblib expects that loky's reusable executor was made by joblib, and fails if it was not.
"""

from __future__ import annotations

import contextlib
import functools
import pickle
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from lsm_sim.errors import RunError
from lsm_sim.support.environment import THREADS
from lsm_sim.support.files import replacing

_RESTARTS = 3  # in a row without any result
_IDLE = 300  # seconds after which a process without tasks ends
_KEPT: dict[tuple[int, int], Any] = {}  # executors that nobody uses now, by processes and threads of each; at most one
_THREADS = (THREADS, "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS")


@functools.lru_cache(maxsize=1)
def _shared(path: str) -> Any:
    """Return what all tasks share; a process reads it once."""
    return pickle.loads(Path(path).read_bytes())  # a file of this program, which nobody else can write


def _do(function: Callable[[Any, Any, int], Any], path: str, task: Any, n_threads: int) -> Any:
    return function(_shared(path), task, n_threads)


class _Processes:
    """Processes that are started again if one is killed; then its tasks are done once more.

    Tasks are functions of their arguments, so that the results are the same.
    """

    def __init__(self, function: Callable[[Any, Any, int], Any], path: str, n: int, n_threads: int) -> None:
        self._function, self._path, self._n, self._n_threads = function, path, n, n_threads
        self.capacity = 2 * n
        self._tasks: dict[int, Any] = {}
        self._futures: dict[int, Any] = {}
        self._next = self._restarts = 0
        self._executor = self._start()

    def _start(self) -> Any:
        return _KEPT.pop((self._n, self._n_threads), None) or _executor(self._n, self._n_threads)

    def submit(self, task: Any) -> int:
        """Start a task; see `lsm_sim.support.parallel.ordered.Pool`."""
        number = self._next
        self._next += 1
        self._tasks[number] = task
        try:
            self._futures[number] = self._submitted(task)
        except RuntimeError:  # a process was killed since the last result
            self._restart()
        return number

    def _submitted(self, task: Any) -> Any:
        return self._executor.submit(_do, self._function, self._path, task, self._n_threads)

    def result(self, number: int) -> Any:
        """Wait for a result; see `lsm_sim.support.parallel.ordered.Pool`."""
        from concurrent.futures import CancelledError

        from joblib.externals.loky.process_executor import BrokenProcessPool

        while True:
            try:
                found = self._futures[number].result()
            except (BrokenProcessPool, CancelledError):
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
        for number, task in self._tasks.items():
            if not _is_done(self._futures.get(number)):
                self._futures[number] = self._submitted(task)

    def keep(self) -> None:
        """Keep the processes for the next call, in place of others."""
        _keep(self._n, self._n_threads, self._executor)

    def close(self) -> None:
        """End all processes at once.

        They are ended here, because the executor's own ``kill_workers`` fails in its thread if tasks wait (joblib 1.6).
        """
        from joblib.externals.loky.backend.utils import kill_process_tree

        for process in list((self._executor._processes or {}).values()):
            with contextlib.suppress(ProcessLookupError):
                kill_process_tree(process)
        self._executor.shutdown(wait=True)


def _is_done(future: Any) -> bool:
    """Return whether a task has ended with a result, or with an error of its own."""
    from joblib.externals.loky.process_executor import BrokenProcessPool

    if future is None or not future.done() or future.cancelled():
        return False
    return not isinstance(future.exception(), BrokenProcessPool)


def started(n: int, n_threads: int, function: Callable[..., Any], *arguments: Any) -> None:
    """Let the processes of the next pool of this form begin with a function, while this process goes on."""
    if (n, n_threads) in _KEPT:
        return
    executor = _executor(n, n_threads)
    for _ in range(n):
        executor.submit(function, *arguments)
    _keep(n, n_threads, executor)


def _executor(n: int, n_threads: int) -> Any:
    from joblib.externals.loky import ProcessPoolExecutor

    return ProcessPoolExecutor(n, timeout=_IDLE, env=dict.fromkeys(_THREADS, str(n_threads)))


def _keep(n: int, n_threads: int, executor: Any) -> None:
    while _KEPT:
        _KEPT.popitem()[1].shutdown(wait=False)
    _KEPT[n, n_threads] = executor


@contextlib.contextmanager
def process_pool(function: Callable[[Any, Any, int], Any], shared: Any, n: int, n_threads: int) -> Iterator[_Processes]:
    """Yield ``n`` processes, each with ``n_threads`` threads of linear algebra; after an error they end at once."""
    from joblib.externals.loky.backend.reduction import dumps  # functions without a name, too

    with tempfile.TemporaryDirectory(prefix="lsm-sim-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "shared"
        with replacing(path) as stream:
            stream.write(dumps(shared))
        pool = _Processes(function, str(path), n, n_threads)
        try:
            yield pool
        except BaseException:
            pool.close()
            raise
        pool.keep()
