"""Ending by a signal without leaving temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_ENDING = ("SIGTERM", "SIGHUP")  # SIGINT raises KeyboardInterrupt, which needs no handler


@contextlib.contextmanager
def removed_on_signals(path: Path) -> Iterator[None]:
    """Remove ``path`` before a signal ends the process.

    Only signals that nobody handles yet are handled, and only in the main thread, the only one that may do so. A process that
    is killed by SIGKILL, or from another thread, leaves the file; see `lsm_sim.support.files`.
    """

    def end(number: int, _frame: FrameType | None) -> None:
        _remove(path)
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [getattr(signal, name) for name in _ENDING if hasattr(signal, name)]
    mine = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]
    try:
        for number in mine:
            signal.signal(number, end)
        yield
    finally:
        for number in mine:
            signal.signal(number, signal.SIG_DFL)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)
