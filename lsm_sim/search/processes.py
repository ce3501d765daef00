"""Worker processes of a search on this machine.

A worker gets its task through its standard input, pickled with the functions of the main program in it, so a script needs no
``if __name__ == "__main__"``. It ends when its parent does.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import cloudpickle

from lsm_sim.errors import DescriptionError, LsmError, RunError
from lsm_sim.search.ledger import Ledger
from lsm_sim.search.working import Task, work
from lsm_sim.support import environment
from lsm_sim.support.brief import brief

_CHILD = "from lsm_sim.search.processes import child; child()"
_POLL, _GRACE = 0.2, 20.0  # seconds
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def run_workers(task: Task, n_workers: int, ledger: Ledger, advance: Callable[[int], Any]) -> None:
    """Start workers and wait until all have ended.

    Raises
    ------
    RunError
        If workers ended before the search was complete.
    """
    try:
        payload = cloudpickle.dumps(task)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        raise DescriptionError(
            f"workers: the model cannot be sent to other processes ({brief(error)}); use 1"
        ) from None
    threads = str(max(1, environment.cores() // n_workers))
    env = os.environ | dict.fromkeys(_THREADS, threads)
    workers: list[subprocess.Popen[bytes]] = []
    try:
        for _ in range(n_workers):
            workers.append(
                subprocess.Popen([sys.executable, "-c", _CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=env)
            )
            _send(workers[-1], payload)
        _wait(workers, ledger, advance)
        _check(workers, task, ledger)
    finally:
        _end(workers)


def _send(worker: subprocess.Popen[bytes], payload: bytes) -> None:
    assert worker.stdin is not None
    try:
        worker.stdin.write(pickle.dumps((os.getpid(), sys.path, len(payload))) + payload)
        worker.stdin.close()
    except BrokenPipeError:  # it ended at once; its exit code tells
        pass


def _wait(workers: list[subprocess.Popen[bytes]], ledger: Ledger, advance: Callable[[int], Any]) -> None:
    """Wait for all workers, and show progress."""
    before = ledger.n_done()
    while any(worker.poll() is None for worker in workers):
        time.sleep(_POLL)
        now = ledger.n_done()
        advance(now - before)
        before = now


def _check(workers: list[subprocess.Popen[bytes]], task: Task, ledger: Ledger) -> None:
    """Raise if a worker ended with an error and trials are left."""
    n_done = ledger.n_done()
    failed = [worker for worker in workers if worker.returncode]
    if not failed or n_done >= task.n_trials:
        return
    for worker in failed:
        assert worker.stdout is not None
        text = worker.stdout.read().decode(errors="replace")
        if text:
            raise RunError(brief(text, 600))
    codes = ", ".join(str(worker.returncode) for worker in failed)
    raise RunError(
        f"search: {len(failed)} of {len(workers)} workers ended early (exit codes {codes}; negative: by that signal); "
        f"{n_done} of {task.n_trials} trials are finished and kept, so run the same search again"
    )


def _end(workers: list[subprocess.Popen[bytes]]) -> None:
    """End the workers that are left, which give back their trials."""
    for worker in workers:
        if worker.poll() is None:
            worker.terminate()
    for worker in workers:
        try:
            worker.wait(_GRACE)
        except subprocess.TimeoutExpired:
            worker.kill()
            worker.wait()
        if worker.stdout is not None:
            worker.stdout.close()


def child() -> None:
    """Do the work of one process; an error is one line on standard output."""
    from lsm_sim.support.ending import exit_code, interrupt_on_signals

    interrupt_on_signals()
    try:
        parent, path, _ = pickle.load(sys.stdin.buffer)
        sys.path[:] = path
        task = pickle.load(sys.stdin.buffer)
        work(task, lambda: os.getppid() == parent, lambda: None)
    except KeyboardInterrupt as interrupt:
        sys.exit(exit_code(interrupt))
    except LsmError as error:
        print(error)
        sys.exit(2)
    except Exception as error:
        print(f"unexpected {type(error).__name__}: {brief(error, 400)}")
        sys.exit(1)
