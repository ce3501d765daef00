"""A bounded buffer between a thread that receives and one that consumes."""

from __future__ import annotations

import threading
import time
from collections import deque
from typing import Any


class Buffer:
    """Arrays in the order of their arrival, with a limit on the sum of their sizes.

    Parameters
    ----------
    most
        Largest sum of sizes; a single larger array is let in when the buffer is empty.
    drop
        True: refuse an array for which there is no room; False: wait until there is room.
    """

    def __init__(self, most: int, *, drop: bool) -> None:
        self._most, self._drop = most, drop
        self._changed = threading.Condition()
        self._items: deque[tuple[Any, int]] = deque()
        self._size = 0
        self._is_ended = self._is_closed = False

    def __len__(self) -> int:
        return len(self._items)

    def put(self, item: Any, size: int) -> bool:
        """Return whether ``item`` was let in."""
        with self._changed:
            if not self._drop:
                self._changed.wait_for(lambda: self._is_closed or self._has_room(size))
            if self._is_closed or not self._has_room(size):
                return False
            self._items.append((item, size))
            self._size += size
            self._changed.notify_all()
            return True

    def _has_room(self, size: int) -> bool:
        return not self._items or self._size + size <= self._most

    def get(self, timeout: float | None) -> Any:
        """Return the next item, or None after the last; after ``timeout`` seconds without one raise TimeoutError."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._items and not self._is_ended and not self._is_closed:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    raise TimeoutError
                self._changed.wait(None if left is None else min(left, threading.TIMEOUT_MAX))
            if not self._items:
                return None
            item, size = self._items.popleft()
            self._size -= size
            self._changed.notify_all()
            return item

    def end(self) -> None:
        """Tell the consumer that nothing more comes."""
        with self._changed:
            self._is_ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Refuse everything from now on."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
