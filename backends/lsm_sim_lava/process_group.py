"""The operating system's view of a worker's processes: which are broken, which still run, and how to end them all."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

_ATTEMPTS, _PAUSE = 20, 0.05  # seconds
_EXIT_CODE = 49  # fields after the name in /proc/PID/stat
ENDED = "ended"  # as processes do at the end of a network


def broken(pid: int) -> set[tuple[int, str]]:
    """Return the processes of the worker ``pid`` for which Lava may wait for ever, and what happened to each.

    Ended ones are seen only until the worker collects their exit status; then it reports itself those that were killed. What
    happened is `ENDED` if nothing shows that it is wrong.
    """
    import psutil

    found = set()
    with contextlib.suppress(psutil.Error):
        worker = psutil.Process(pid)
        for process in (worker, *worker.children()):
            with contextlib.suppress(psutil.Error):
                status = process.status()
                if status == psutil.STATUS_STOPPED:
                    found.add((process.pid, "was stopped by a signal"))
                elif status == psutil.STATUS_ZOMBIE and process is not worker:
                    found.add((process.pid, _how_it_ended(process.pid)))
    return found


def _how_it_ended(pid: int) -> str:
    """Return what the exit status of a process says before it is collected; where it cannot be read, that it ended."""
    status = 0
    with contextlib.suppress(OSError, ValueError, IndexError):
        status = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[_EXIT_CODE])
    number, code = status & 127, status >> 8 & 255
    if number:
        return f"was killed by {signal_name(number)}"
    return f"ended with exit status {code}" if code else ENDED


def signal_name(number: int) -> str:
    """Return the name of the signal that ended a process, and what it means if that is not obvious."""
    name = signal.Signals(number).name
    return f"{name}, as /dev/shm is full" if number == signal.SIGBUS else name


def members(group: int) -> list[int]:
    """Return the processes of a group that are still running."""
    import psutil

    found = []
    for pid in psutil.pids():
        with contextlib.suppress(OSError, psutil.Error):
            if os.getpgid(pid) == group and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
                found.append(pid)
    return found


def remove(folder: Path) -> None:
    """Remove a folder in which processes that are ending may still create files."""
    for _ in range(_ATTEMPTS):
        shutil.rmtree(folder, ignore_errors=True)
        if not folder.exists():
            return
        time.sleep(_PAUSE)


def remove_leftovers(prefix: str) -> None:
    """Remove folders ``prefix`` + pid + "_..." of processes that were killed before their worker could start."""
    import psutil

    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*_*"):
        pid = folder.name.removeprefix(prefix).partition("_")[0]
        if pid.isdigit() and not psutil.pid_exists(int(pid)):
            remove(folder)


def kill(group: int) -> None:
    """Kill a group of processes; one that has ended is no error."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
