"""Ctrl-C during a Brian2 run: it always ends the run, with `KeyboardInterrupt`."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def interruptible() -> Iterator[None]:
    """Make Ctrl-C raise `KeyboardInterrupt` at the end of the current step, or at the end of the block at the latest.

    Python prints and ignores an exception that is raised while a weak reference is cleared, which Brian2 does all the time. So
    the run is asked to stop, as Brian2 itself would do it. A second Ctrl-C interrupts at once. Handlers of the user's own are
    left alone.
    """
    from brian2 import Network

    before = signal.getsignal(signal.SIGINT)
    usual = getattr(before, "previous_handler", before) is signal.default_int_handler  # Brian2 wraps the usual handler
    if not usual or threading.current_thread() is not threading.main_thread():
        yield
        return
    received = []

    def handle(number: int, frame: Any) -> None:
        received.append(number)
        if len(received) == 1 and getattr(Network, "_globally_running", False):
            Network._globally_stopped = True
        else:
            signal.default_int_handler(number, frame)

    hook = sys.unraisablehook
    sys.unraisablehook = lambda found: None if isinstance(found.exc_value, KeyboardInterrupt) else hook(found)
    signal.signal(signal.SIGINT, handle)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
        sys.unraisablehook = hook
        if received:
            raise KeyboardInterrupt
