"""Pass existing spikes through unchanged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.streaming import EncoderStream, FrameReader, checked_rng
from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.pieces import piece
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
        _check_dt(spikes, dt)
        return repeated(spikes, trials)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; its frames are steps, or one sample of `Spikes`."""
        checked_rng(rng)
        return _PassingStream(n_features, dt)


class _PassingStream:
    """Passes the spikes of one sample through, piece by piece."""

    delay = 0
    steps_per_frame = 1

    def __init__(self, n_features: Any, dt: Any) -> None:
        self._reader = FrameReader(n_features, _check_flags)
        self.n_channels, self.dt = self._reader.n_features, checks.positive(dt, "dt", "time")

    def check(self, frames: Any) -> None:
        """Raise if these frames are refused."""
        self._read(frames)

    def advance(self, frames: Any) -> Spikes | None:
        """Return these spikes: an array (k, C) or (C,) of 0 and 1, or one sample of `Spikes`."""
        spikes = self._read(frames)
        self._reader.n_frames += int(spikes.n_steps[0])
        return spikes

    def _read(self, frames: Any) -> Spikes:
        if not isinstance(frames, Spikes):
            flags = self._reader.read(frames)
            step, channel = np.nonzero(flags)
            return piece(step, channel, len(flags), self.n_channels, self.dt)
        self._reader.check_open()
        if len(frames) != 1 or frames.n_channels != self.n_channels:
            raise DescriptionError(f"frames: got {frames}, expected one sample of {self.n_channels} channels")
        _check_dt(frames, self.dt)
        return frames

    def finish(self) -> Spikes | None:
        """Return None: nothing is held back."""
        self._reader.end()
        return None


def _check_dt(spikes: Spikes, dt: float) -> None:
    if not np.isclose(spikes.dt, dt, rtol=1e-9, atol=0):
        raise DescriptionError(f"Passthrough: got spikes in steps of {spikes.dt:g} s, expected {dt:g} s")


def _check_flags(frames: Any, first: int) -> None:
    wrong = np.argwhere((frames != 0) & (frames != 1))
    if len(wrong):
        row, column = wrong[0]
        raise DescriptionError(
            f"Passthrough: got {frames[row, column]:g} in frame {first + row}, expected 0 or 1; encode analog signals with "
            "lsm_sim.encode"
        )


def passthrough(spikes: Any, *, dt: float = 1 * ms) -> Spikes:
    """Return the spikes unchanged, if they are in steps of ``dt`` seconds; see `Passthrough`."""
    return Passthrough()(spikes, dt)
