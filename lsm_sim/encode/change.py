"""Level crossing: spikes where a signal changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim import checks
from lsm_sim.checks import Bools, Floats
from lsm_sim.encode.signals import Interpolation, batch, encode_each, frame_steps, resample
from lsm_sim.spikes import Spikes
from lsm_sim.units import ms


@dataclass(frozen=True)
class Delta:
    """Send on delta: an ON (OFF) spike when the signal is ``step`` above (below) a level, which then moves by ``step``.

    Channel c of the signal gives spike channels c (ON) and C + c (OFF). The level begins at ``start``. It moves at most
    once per time step: a steeper signal is caught up with later, so that ON minus OFF counts still add up to its change.
    """

    step: float = 0.1
    start: float = 0.0
    frame: float | None = None
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        checks.positive(self.step, "Delta step")

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: ON and OFF for each signal channel."""
        return 2 * n_features

    def __call__(self, signals: Any, dt: float, keys: Sequence[str] | None = None) -> Spikes:
        """Encode signals of any range."""
        arrays = batch(signals)
        steps = frame_steps(self.frame, dt)
        return encode_each(arrays, lambda _, signal: self._cross(resample(signal, steps, self.interpolation)), dt)

    def _cross(self, signal: Floats) -> Bools:
        raster = np.zeros((len(signal), 2, signal.shape[1]), bool)
        level = np.zeros(signal.shape[1], np.int64)  # in whole steps: no rounding error piles up
        for k, value in enumerate((signal - self.start) / self.step):
            raster[k, 0] = value - level >= 1
            raster[k, 1] = value - level <= -1
            level += raster[k, 0].astype(np.int64) - raster[k, 1]
        return raster.reshape(len(signal), -1)


def delta(
    signals: Any,
    *,
    step: float = 0.1,
    start: float = 0.0,
    frame: float | None = None,
    interpolation: Interpolation = "linear",
    dt: float = 1 * ms,
) -> Spikes:
    """Encode at once; see `Delta`."""
    return Delta(step, start, frame, interpolation)(signals, dt)
