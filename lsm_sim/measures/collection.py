"""The measures of one liquid, to print, to draw and to write as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from lsm_sim.measures.branching import BranchingRatio
from lsm_sim.measures.capacity import MemoryCapacity
from lsm_sim.measures.drawing import page
from lsm_sim.measures.fading import FadingMemory
from lsm_sim.measures.firing import IntervalCV, Rates, Synchrony
from lsm_sim.measures.processing import ProcessingCapacity
from lsm_sim.measures.ranks import Dimension, Rank
from lsm_sim.measures.separation import Separation
from lsm_sim.measures.twins import Lyapunov


@dataclass(frozen=True, eq=False)
class Measures:
    """The measures of a liquid; print them, or draw all of them with `plot`.

    Parameters
    ----------
    rates, interval_cv, synchrony, branching_ratio
        How neurons fire under Poisson input, from 0.5 s after the start to 1.5 s.
    separation, kernel_rank, generalisation_rank, lyapunov, fading_memory
        How states under different inputs differ.
    effective_dimension, memory_capacity, information_processing_capacity
        What states say of a random series.
    settings
        What the stimuli were.
    skipped
        By measure that is None: why.
    """

    rates: Rates
    interval_cv: IntervalCV | None
    synchrony: Synchrony | None
    branching_ratio: BranchingRatio | None
    separation: Separation | None
    kernel_rank: Rank | None
    generalisation_rank: Rank | None
    lyapunov: Lyapunov | None
    fading_memory: FadingMemory | None
    effective_dimension: Dimension | None
    memory_capacity: MemoryCapacity | None
    information_processing_capacity: ProcessingCapacity | None
    settings: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)

    def results(self) -> dict[str, Any]:
        """Return the measures by name; None where one was skipped."""
        return {name: getattr(self, name) for name in NAMES}

    def __str__(self) -> str:
        lines = [str(result) for result in self.results().values() if result is not None]
        return "\n".join([*lines, *(f"{name}: not measured; {why}" for name, why in self.skipped.items())])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        values = {name: None if result is None else result.to_dict() for name, result in self.results().items()}
        return values | {"settings": dict(self.settings), "skipped": dict(self.skipped)}

    def plot(self, figure: Any = None) -> Any:
        """Draw one panel for each measure into ``figure``, or a new one, and return it."""
        return page(self.results(), self.skipped, figure)


NAMES = (
    *("rates", "interval_cv", "synchrony", "branching_ratio", "separation", "kernel_rank", "generalisation_rank"),
    *("lyapunov", "fading_memory", "effective_dimension", "memory_capacity", "information_processing_capacity"),
)
