"""Objects that only one thread at a time may use, and that may be closed."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator

from lsm_sim.errors import DescriptionError


class Exclusive:
    """Refuses a second thread and calls after `close`; ``what`` it protects is named in the messages."""

    def __init__(self, what: str, remedy: str) -> None:
        self._lock = threading.Lock()
        self._what, self._remedy = what, remedy
        self.closed = False

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Use the object while the block runs."""
        if not self._lock.acquire(blocking=False):
            raise DescriptionError(
                f"{self._what}: used by two threads at the same time; open one for each thread, or use a lock"
            )
        try:
            if self.closed:
                raise DescriptionError(f"{self._what}: it is closed; {self._remedy}")
            yield
        finally:
            self._lock.release()
