"""How long Numba compiled, so that it can be subtracted from the time of a run."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any


@dataclass
class Watch:
    """Seconds since the start, and how many of them were spent compiling."""

    start: float
    compiling: float = 0.0

    @property
    def seconds(self) -> float:
        """Seconds since the start without compilation."""
        return time.perf_counter() - self.start - self.compiling


@contextmanager
def stopwatch() -> Iterator[Watch]:
    """Yield a stopwatch that stands still while Numba compiles, in any thread."""
    from numba.core import event

    watch = Watch(time.perf_counter())

    class Listener(event.Listener):
        """Adds the time of each outermost compilation; a function that calls others compiles them within its own."""

        depth, began = 0, 0.0

        def on_start(self, _: Any) -> None:
            """Start to count; Numba holds a lock, so that one thread compiles at a time."""
            if self.depth == 0:
                self.began = time.perf_counter()
            self.depth += 1

        def on_end(self, _: Any) -> None:
            """Stop counting."""
            self.depth -= 1
            if self.depth == 0:
                watch.compiling += time.perf_counter() - self.began

    with event.install_listener("numba:compile", Listener()):
        yield watch
