"""Ending by a signal, without leaving temporary files."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

_received: list[int] = []  # signals of this process; other code may catch the exception and raise one without a number
_ENDING = ("SIGTERM", "SIGHUP")  # SIGINT raises KeyboardInterrupt, which needs no handler


def interrupt_on_signals() -> None:
    """Let signals that would end the process raise KeyboardInterrupt, as Ctrl-C does, so that everything is put in order.

    For programs, not for the library. A signal that is ignored, as SIGHUP under ``nohup``, stays so; a second one ends at once.
    """

    def interrupt(number: int, _frame: FrameType | None) -> None:
        signal.signal(number, signal.SIG_DFL)
        _received.append(number)
        raise KeyboardInterrupt(number)

    for name in _ENDING:
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is signal.SIG_DFL:
            signal.signal(getattr(signal, name), interrupt)


def default_signals() -> None:
    """Let signals end the process without a word; for the moment between the last command and the end of Python."""
    for name in ("SIGINT", *_ENDING):
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) is not signal.SIG_IGN:
            signal.signal(getattr(signal, name), signal.SIG_DFL)


def exit_code(interrupt: KeyboardInterrupt) -> int:
    """Return 128 and the number of the signal, as shells do."""
    number = interrupt.args[0] if interrupt.args else _received[-1] if _received else signal.SIGINT
    return 128 + int(number) if isinstance(number, int) else 128 + signal.SIGINT


def received_code() -> int | None:
    """Return 128 and the number of the signal that this process got, None without one.

    The KeyboardInterrupt of a signal may become another exception on its way: an extension module that is interrupted while it
    imports NumPy raises ImportError.
    """
    return 128 + int(_received[-1]) if _received else None


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
