"""Several encoders of the same signals, with their channels concatenated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.signals import Encoder, batch
from lsm_sim.encode.trials import Trials
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.joining import joined
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms


@dataclass(frozen=True)
class SideBySide(Parameters):
    """Encode signals with each of ``encoders`` and concatenate their channels in that order.

    ``SideBySide((Rate(200 * Hz, frame=5 * ms), Delta(0.08, frame=5 * ms)))`` gives C channels of rates, then 2 C of changes.
    The duration of a sample must be the same in all encoders, so use the same ``frame``. Random encoders
    of one ``seed`` draw the same numbers, so give each its own.
    """

    encoders: tuple[Encoder, ...]

    def __post_init__(self) -> None:
        given: Any = self.encoders
        encoders = tuple(given) if isinstance(given, (list, tuple)) else ()
        if not encoders or not all(callable(part) for part in encoders):
            raise DescriptionError(f"SideBySide encoders: got {self.encoders!r}, expected a tuple of encoders")
        object.__setattr__(self, "encoders", encoders)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep``: also those of each encoder, such as ``0__max_rate`` of the first."""
        out = super().get_params()
        for i, part in enumerate(self.encoders if deep else ()):
            if isinstance(part, Parameters):
                out |= {f"{i}__{name}": value for name, value in part.get_params().items()}
        return out

    def set_params(self, **parameters: Any) -> SideBySide:
        """Return a copy with other values of these parameters, such as ``0__max_rate``; this record does not change."""
        encoders = list(parameters.pop("encoders", self.encoders))
        for name, value in parameters.items():
            i, _, rest = name.partition("__")
            part = encoders[int(i)] if i.isdecimal() and int(i) < len(encoders) else None
            if not isinstance(part, Parameters) or not rest:
                raise DescriptionError(f"SideBySide: no parameter {name!r}; known: {', '.join(self.get_params())}")
            encoders[int(i)] = part.set_params(**{rest: value})
        return SideBySide(tuple(encoders))

    def n_channels(self, n_features: int) -> int:
        """Return the total number of spike channels."""
        return sum(part.n_channels(n_features) for part in self.encoders)

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals in the range that every encoder accepts."""
        arrays = batch(signals)
        parts = [part(arrays, dt, trials) for part in self.encoders]
        for part, encoder in zip(parts, self.encoders, strict=True):
            if not np.array_equal(part.n_steps, parts[0].n_steps):
                got = f"{parts[0].n_steps[0]} and {part.n_steps[0]} steps"
                raise DescriptionError(
                    f"SideBySide: got a sample of {got} from {type(self.encoders[0]).__name__} and "
                    f"{type(encoder).__name__}, expected one duration; give all encoders the same frame"
                )
        events, payload = joined(parts)
        return Spikes(*events, parts[0].dt, payload=payload)


def side_by_side(signals: Any, *encoders: Encoder, trials: Trials = 1, dt: float = 1 * ms) -> Spikes:
    """Encode with `SideBySide`."""
    return SideBySide(encoders)(signals, dt, trials)
