"""Time of live data: chunks delivered on time, and sources whose claimed rate is not their true rate."""

from __future__ import annotations

import time
from collections.abc import Callable

_SECONDS = 5.0  # of data, or of waiting, before a source is judged
_FACTOR = 1.5  # a rate that differs by less is not reported


class Pacer:
    """Sleep until absolute deadlines, so that delays do not add up.

    Parameters
    ----------
    clock, sleep
        Replacements of ``time.monotonic`` and ``time.sleep``, for tests.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._start = clock()
        self.n_late = 0
        self.worst = 0.0

    def wait_until(self, deadline: float) -> None:
        """Sleep until ``deadline`` seconds after the start; a deadline that has passed is counted as late."""
        left = deadline - (self._clock() - self._start)
        if left < 0:
            self.n_late += 1
            self.worst = max(self.worst, -left)
        while left > 0:
            self._sleep(left)
            left = deadline - (self._clock() - self._start)


class RateCheck:
    """Tell once if data come at another rate than claimed, by a factor of 1.5 or more since the start.

    Too slow means that the reader waited for longer than the data last; a slow consumer does not count. Too fast means that the
    data last longer than they took to arrive, beyond what may have been stored before the start.

    Parameters
    ----------
    rate
        Claimed rate, in frames per second.
    stored
        Seconds of data that may have been stored before the start.
    where
        Name of the source, for the message.
    start
        Time of the start, in seconds of any clock.
    """

    def __init__(self, rate: float, stored: float, where: str, start: float) -> None:
        self._rate, self._stored, self._where, self._start = rate, stored, where, start
        self._frames, self._waited, self._is_told = 0.0, 0.0, False

    def add(self, frames: float, waited: float, now: float) -> str | None:
        """Add frames that arrived at ``now`` after waiting for ``waited`` seconds; return a warning, if there is one."""
        self._frames += frames
        self._waited += waited
        claimed, elapsed = self._frames / self._rate, now - self._start
        is_slow = elapsed >= _SECONDS and elapsed > _FACTOR * claimed and self._waited > claimed
        is_long = claimed >= _SECONDS + 4 * self._stored
        is_fast = is_long and elapsed < (claimed - self._stored) / _FACTOR
        if self._is_told or not (is_slow or is_fast):
            return None
        self._is_told = True
        found = f"{self._frames:.0f} frames in {elapsed:.3g} s"
        return f"{self._where}: got {found}, expected {self._rate:g} per second; times will be wrong, so give the true rate"
