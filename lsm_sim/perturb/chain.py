"""Several perturbations, one after the other, and what a perturbation acts on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from lsm_sim.errors import DescriptionError
from lsm_sim.perturb.noise import Noise
from lsm_sim.perturb.programs import DeadNeurons, WeightBits, WeightNoise
from lsm_sim.perturb.sounds import Band, Gain, Padding, Speed, Tilt, set_checked
from lsm_sim.perturb.spikes import AddedSpikes, JitteredSpikes, LostSpikes
from lsm_sim.support import checks

Level = Literal["sounds", "spikes", "program"]
_LEVELS: dict[type, Level] = {
    **dict.fromkeys((Padding, Noise, Tilt, Gain, Speed, Band), "sounds"),
    **dict.fromkeys((LostSpikes, JitteredSpikes, AddedSpikes), "spikes"),
    **dict.fromkeys((DeadNeurons, WeightNoise, WeightBits), "program"),
}


@dataclass(frozen=True)
class Chain:
    """Several perturbations of the same kind, the first one first.

    Parameters
    ----------
    steps
        Perturbations: all of sounds, all of spikes, or all of programs.

    Examples
    --------
    >>> import numpy as np
    >>> from lsm_sim.audio import Recording
    >>> telephone = Chain((Band(300, 3400), Noise(20.0)))
    >>> len(telephone(Recording(np.ones(80), 8000)))
    80
    """

    steps: Sequence[Any]

    def __post_init__(self) -> None:
        steps = tuple(checks.items(self.steps, "Chain steps", "a list of perturbations"))
        levels = {level_of(step) for step in steps}
        if len(levels) != 1:
            got = "none" if not levels else f"perturbations of {' and of '.join(sorted(levels))}"
            raise DescriptionError(f"Chain steps: got {got}, expected at least one, all of the same kind")
        set_checked(self, steps=steps)

    def __call__(self, X: Any) -> Any:
        """Return the result of all perturbations."""
        for step in self.steps:
            X = step(X)
        return X


def level_of(perturbation: Any) -> Level:
    """Return what a perturbation acts on: ``"sounds"``, ``"spikes"`` or ``"program"``.

    >>> level_of(Chain([LostSpikes(0.1)]))
    'spikes'
    """
    if isinstance(perturbation, Chain):
        return level_of(perturbation.steps[0])
    if type(perturbation) not in _LEVELS:
        known = ", ".join(kind.__name__ for kind in _LEVELS)
        raise DescriptionError(
            f"perturbation: got {type(perturbation).__name__}, expected one of {known}, or a Chain of them"
        )
    return _LEVELS[type(perturbation)]
