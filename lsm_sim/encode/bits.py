"""Binary code: each value as a binary number, one channel per digit."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from lsm_sim.encode.signals import batch, check_settings, frame_steps, in_unit_range, of_rasters
from lsm_sim.encode.streaming import (
    CodeStream,
    EncoderStream,
    FrameReader,
    Resampler,
    checked_rng,
    unit_range_check,
)
from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms

MOST_BITS = 24


@dataclass(frozen=True)
class Bits(Parameters):
    """Binary digits: in the first step of each frame channel b fires if digit b of the value is 1.

    The value x in [0, 1] is converted to the integer min(floor(x * 2^n), 2^n - 1), whose n digits start with the most
    significant one. Signal channel c gives spike channels c * n ... c * n + n - 1. Synapses of weight 2^-(b + 1) * w sum the
    digits to x * w, so that a neuron receives the exact value with at most n spikes.

    Parameters
    ----------
    n
        Digits, 1 to 24.
    frame
        Duration of a value, in seconds; None: one step.

    Examples
    --------
    >>> Bits(n=3, frame=None)([[[0.0], [0.625], [1.0]]], dt=1 * ms).raster().astype(int)
    array([[0, 0, 0],
           [1, 0, 1],
           [1, 1, 1]])
    """

    n: int = 12
    _: KW_ONLY
    frame: float | None = 8 * ms

    def __post_init__(self) -> None:
        check_settings(self)
        object.__setattr__(self, "n", checks.whole(self.n, "Bits n", minimum=1, maximum=MOST_BITS))

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: n for each signal channel."""
        return self.n * n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "Bits")
        steps = frame_steps(self.frame, dt)
        return repeated(of_rasters((self._digits(steps, signal) for signal in arrays), dt), trials)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader, steps = FrameReader(n_features, unit_range_check("Bits")), frame_steps(self.frame, dt)
        n_channels, code = self.n_channels(reader.n_features), partial(self._digits, steps)
        return CodeStream(reader, Resampler(1, "hold"), code, n_channels=n_channels, dt=dt, steps_per_frame=steps)

    def _digits(self, steps: int, signal: Floats, _: bool = False) -> Bools:
        number = np.minimum(np.floor(signal * 2**self.n), 2**self.n - 1).astype(np.int64)
        places = np.arange(self.n - 1, -1, -1)
        raster = np.zeros((len(signal) * steps, signal.shape[1] * self.n), bool)
        raster[::steps] = (number[:, :, None] >> places & 1).reshape(len(signal), -1)
        return raster


def bits(signals: Any, *, n: int = 12, frame: float | None = 8 * ms, dt: float = 1 * ms) -> Spikes:
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Bits`, in steps of ``dt`` seconds."""
    return Bits(n, frame=frame)(signals, dt)
