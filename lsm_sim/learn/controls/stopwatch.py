"""Measurement of the time of stages, in seconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from lsm_sim.support.compilation import stopwatch


@dataclass(eq=False)
class Stopwatch:
    """Adds up the seconds that each stage takes."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Measure the time of the block without compilation."""
        with stopwatch() as watch:
            yield
            self.seconds[name] = self.seconds.get(name, 0.0) + watch.seconds

    def add(self, other: Stopwatch) -> None:
        """Add the seconds of each stage that another process has measured."""
        for stage, seconds in other.seconds.items():
            self.seconds[stage] = self.seconds.get(stage, 0.0) + seconds
