"""Pass existing spikes through unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms


@dataclass(frozen=True)
class Passthrough(Parameters):
    """Pass spikes through unchanged: `Spikes`, a list of them, or boolean arrays as in `Spikes.from_dense`."""

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: that of the input."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Return the spikes; their dt must be ``dt``."""
        if isinstance(signals, (list, tuple)) and signals and all(isinstance(part, Spikes) for part in signals):
            signals = Spikes.concatenate(signals)
        dt = checks.positive(dt, "dt", "time")
        spikes = signals if isinstance(signals, Spikes) else Spikes.from_dense(signals, dt)
        if not np.isclose(spikes.dt, dt, rtol=1e-9, atol=0):
            raise DescriptionError(f"Passthrough: got spikes in steps of {spikes.dt:g} s, expected {dt:g} s")
        return repeated(spikes, trials)


def passthrough(spikes: Any, *, dt: float = 1 * ms) -> Spikes:
    """Return the spikes unchanged; see `Passthrough`."""
    return Passthrough()(spikes, dt)
