"""Level crossing: spikes where a signal changes."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from lsm_sim.encode.signals import Interpolation, batch, check_settings, encode_together, frame_steps
from lsm_sim.encode.streaming import CodeStream, EncoderStream, FrameReader, Resampler, checked_rng
from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms


@dataclass(frozen=True)
class Delta(Parameters):
    """Send on delta: an ON (OFF) spike when the signal is ``step`` above (below) a level, which then changes by ``step``.

    Channel c of the signal gives spike channels c (ON) and C + c (OFF). The level starts at ``start``. It changes at most
    once per time step: if the signal is steeper, the spikes follow later, so that ON minus OFF counts still sum to its change.
    A value lasts ``frame`` seconds (None: one step); ``interpolation`` between frames is ``"hold"`` or ``"linear"``.
    """

    step: float = 0.1
    _: KW_ONLY
    start: float = 0.0
    frame: float | None = None
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        check_settings(self)
        checks.positive(self.step, "Delta step")

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: ON and OFF for each signal channel."""
        return 2 * n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals of any range."""
        spikes = encode_together(batch(signals), frame_steps(self.frame, dt), self.interpolation, self._cross, dt)
        return repeated(spikes, trials)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader, steps = FrameReader(n_features), frame_steps(self.frame, dt)
        code = partial(self._cross_from, np.zeros(reader.n_features))
        resampler, n_channels = Resampler(steps, self.interpolation), 2 * reader.n_features
        return CodeStream(reader, resampler, code, n_channels=n_channels, dt=dt, steps_per_frame=steps)

    def _cross(self, signals: Floats, _: Ints) -> Bools:
        """Return the crossings of signals (steps, samples, channels) as a raster (steps, samples, 2 * channels)."""
        return self._cross_from(np.zeros(signals.shape[1:]), signals)

    def _cross_from(self, level: Floats, signals: Floats, _: bool = False) -> Bools:
        """Return the crossings of signals (steps, ..., channels), and leave in ``level`` what it is after them.

        It is in units of ``step``, so that rounding errors do not accumulate.
        """
        n_channels = signals.shape[-1]
        raster = np.zeros((*signals.shape[:-1], 2 * n_channels), bool)
        for k in range(len(signals)):
            above = (signals[k] - self.start) / self.step - level
            on, off = above >= 1, above <= -1
            raster[k, ..., :n_channels], raster[k, ..., n_channels:] = on, off
            level += on
            level -= off
        return raster


def delta(
    signals: Any,
    *,
    step: float = 0.1,
    start: float = 0.0,
    frame: float | None = None,
    interpolation: Interpolation = "linear",
    dt: float = 1 * ms,
) -> Spikes:
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Delta`, in steps of ``dt`` seconds."""
    return Delta(step, start=start, frame=frame, interpolation=interpolation)(signals, dt)
