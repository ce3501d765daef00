"""Population code: each value is represented by several channels with overlapping tuning curves."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.rates import Rate, spikes_per_step
from lsm_sim.encode.signals import Interpolation, batch, check_settings, frame_steps
from lsm_sim.encode.streaming import CodeStream, EncoderStream, FrameReader, Resampler, checked_rng
from lsm_sim.encode.trials import Trials
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import Hz, ms


@dataclass(frozen=True)
class Population(Parameters):
    """Gaussian tuning curves: channel j of n fires at max_rate * exp(-(x - c_j)^2 / (2 s^2)), integrate-and-fire.

    The centres c_j are evenly spaced in [low, high], both ends included; s is ``width`` times their spacing. Signal channel c
    gives spike channels c * n ... c * n + n - 1. A value lasts ``frame`` seconds (None: one step); ``interpolation`` between
    frames is ``"hold"`` or ``"linear"``; ``seed`` draws the phases, see `Rate`.
    """

    n: int = 8
    _: KW_ONLY
    low: float = 0.0
    high: float = 1.0
    width: float = 1.0
    max_rate: float = 100 * Hz
    frame: float | None = None
    interpolation: Interpolation = "hold"
    seed: int = 0

    def __post_init__(self) -> None:
        check_settings(self)
        checks.whole(self.n, "Population n", minimum=2)
        checks.whole(self.seed, "Population seed")
        checks.positive(self.width, "Population width")
        if not checks.real(self.low, "Population low") < checks.real(self.high, "Population high"):
            raise DescriptionError(f"Population: got low {self.low:g} and high {self.high:g}, expected low < high")

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: n for each signal channel."""
        return self.n * n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals of any range; far outside [low, high] all channels are silent."""
        return self._rate()([self._tune(signal) for signal in batch(signals)], dt, trials)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader, per_step = FrameReader(n_features, convert=self._tune), spikes_per_step(self.max_rate, dt)
        n_channels, steps = self.n_channels(reader.n_features), frame_steps(self.frame, dt)
        code, resampler = self._rate().integrator(n_channels, per_step), Resampler(steps, self.interpolation)
        return CodeStream(reader, resampler, code, n_channels=n_channels, dt=dt, steps_per_frame=steps)

    def _rate(self) -> Rate:
        return Rate(self.max_rate, frame=self.frame, interpolation=self.interpolation, seed=self.seed)

    def _tune(self, signal: Floats) -> Floats:
        centres = np.linspace(self.low, self.high, self.n)
        spread = self.width * (centres[1] - centres[0])
        activity = np.exp(-((signal[:, :, None] - centres) ** 2) / (2 * spread**2))
        return np.asarray(activity.reshape(len(signal), -1))


def population(
    signals: Any,
    *,
    n: int = 8,
    low: float = 0.0,
    high: float = 1.0,
    width: float = 1.0,
    max_rate: float = 100 * Hz,
    frame: float | None = None,
    interpolation: Interpolation = "hold",
    seed: int = 0,
    dt: float = 1 * ms,
) -> Spikes:
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Population`, in steps of ``dt`` seconds."""
    encoder = Population(
        n,
        low=low,
        high=high,
        width=width,
        max_rate=max_rate,
        frame=frame,
        interpolation=interpolation,
        seed=seed,
    )
    return encoder(signals, dt)
