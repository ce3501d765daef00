"""Ben's spiker algorithm: spikes from which a filter reconstructs the signal."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from lsm_sim.encode.rates import spikes_per_step
from lsm_sim.encode.signals import Interpolation, batch, check_settings, encode_together, frame_steps, in_unit_range
from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Bools, Floats, Ints
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import Hz, ms

_GRID = 2.0**32  # signal and filter are rounded to multiples of 1/_GRID, so that their sums are exact in any order


@dataclass(frozen=True)
class BSA(Parameters):
    """Ben's spiker algorithm (BSA): a spike where subtracting the filter brings the remaining signal closer to zero.

    With the finite impulse response h of a low-pass filter and the signal x, at each step k in turn:

        gain = sum over j of |x[k+j]| - |x[k+j] - h[j]|          # 0 <= j < taps, within the signal
        spike if gain >= threshold * sum |h|;  then x[k+j] -= h[j] for all j

    Schrauwen and Van Campenhout compare the two sums with an absolute threshold; here it is a fraction of the largest gain. The
    filter is scaled so that spikes at ``max_rate`` represent the value 1: sum h = 1 / (max_rate * dt). `reconstruct`
    recovers the signal by convolving the spikes with h.

    Values much below the peak of the filter give no spikes, nor does any value if the filter is strongly negative in places
    (long filters with a high cutoff); such values are lost. With the defaults the peak is 0.17.

    Parameters
    ----------
    max_rate
        Spike rate that represents the value 1.
    cutoff
        Cut-off frequency of the filter, in Hz; faster changes are lost.
    taps
        Length of the filter, in seconds.
    threshold
        Fraction of the largest gain, in (0, 1]; lower values give more spikes.
    power
        The signal is raised to this power first.

    References
    ----------
    Schrauwen and Van Campenhout, BSA, a fast and accurate spike train encoding scheme, IJCNN 2003.
    """

    max_rate: float = 500 * Hz
    _: KW_ONLY
    cutoff: float = 20 * Hz
    taps: float = 24 * ms
    threshold: float = 0.9
    power: float = 1.0
    frame: float | None = None
    interpolation: Interpolation = "linear"

    def __post_init__(self) -> None:
        check_settings(self)
        if not 0 < self.threshold <= 1:
            raise DescriptionError(f"BSA threshold: got {self.threshold:g}, expected a fraction in (0, 1]")

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values in [0, 1]."""
        arrays = batch(signals)
        in_unit_range(arrays, "BSA")
        response = self.response(dt)
        steps = frame_steps(self.frame, dt)
        spikes = encode_together(arrays, steps, self.interpolation, partial(self._take_away, response), dt)
        return repeated(spikes, trials)

    def _take_away(self, response: Floats, signals: Floats, n_steps: Ints) -> Bools:
        """Return the spikes of many signals at once, shape (steps, samples, channels)."""
        h, taps = response[:, None, None], len(response)
        rest = np.pad(np.rint(signals**self.power * _GRID) / _GRID, ((0, taps), (0, 0), (0, 0)))
        within = (np.arange(len(rest))[:, None] < n_steps).astype(np.float64)
        enough = self.threshold * np.abs(response).sum()
        raster = np.zeros(signals.shape, bool)
        for k in range(len(signals)):
            ahead = rest[k : k + taps]
            gain = np.einsum("jbc,jb->bc", np.abs(ahead) - np.abs(ahead - h), within[k : k + taps])
            raster[k] = gain >= enough
            ahead -= h * raster[k]
        return raster

    def reconstruct(self, spikes: Spikes) -> list[Floats]:
        """Return the signals that the spikes represent, shape (steps, channels) each; ``power`` is not inverted."""
        response = self.response(spikes.dt)
        out = []
        for b in range(len(spikes)):
            raster = spikes.raster(b)
            signal = np.zeros((len(raster) + len(response) - 1, spikes.n_channels))
            for j, value in enumerate(response):
                signal[j : j + len(raster)] += value * raster
            out.append(signal[: len(raster)])
        return out

    def response(self, dt: float) -> Floats:
        """Return the impulse response h of the filter, one value per step, shape (taps,)."""
        from scipy.signal import firwin

        per_step = spikes_per_step(self.max_rate, dt)
        n_taps = round(self.taps / dt)
        if n_taps < 1 or self.cutoff >= 0.5 / dt:
            got = f"got taps {self.taps:g} s and cutoff {self.cutoff:g} Hz"
            raise DescriptionError(f"BSA: {got}, expected at least one step of {dt:g} s and less than {0.5 / dt:g} Hz")
        response = firwin(n_taps, self.cutoff, fs=1 / dt)
        return np.asarray(np.rint(response / response.sum() / per_step * _GRID) / _GRID)


def bsa(
    signals: Any,
    *,
    max_rate: float = 500 * Hz,
    cutoff: float = 20 * Hz,
    taps: float = 24 * ms,
    threshold: float = 0.9,
    power: float = 1.0,
    frame: float | None = None,
    interpolation: Interpolation = "linear",
    dt: float = 1 * ms,
) -> Spikes:
    """Encode with `BSA`."""
    encoder = BSA(
        max_rate,
        cutoff=cutoff,
        taps=taps,
        threshold=threshold,
        power=power,
        frame=frame,
        interpolation=interpolation,
    )
    return encoder(signals, dt)
