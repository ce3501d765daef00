"""Ben's spiker algorithm: spikes from which a filter reconstructs the signal."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from lsm_sim.encode.rates import spikes_per_step
from lsm_sim.encode.signals import Interpolation, batch, check_settings, encode_together, frame_steps, in_unit_range
from lsm_sim.encode.streaming import (
    CodeStream,
    EncoderStream,
    FrameReader,
    Resampler,
    checked_rng,
    unit_range_check,
)
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
    frame
        Duration of a value, in seconds; None: one step.
    interpolation
        Between frames: ``"hold"`` or ``"linear"``.

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
        rest = np.pad(self._rounded(signals), ((0, len(response)), (0, 0), (0, 0)))
        within = (np.arange(len(rest))[:, None] < n_steps).astype(np.float64)
        return self._subtract(response, rest, within, len(signals))

    def _rounded(self, signals: Floats) -> Floats:
        return np.asarray(np.rint(signals**self.power * _GRID) / _GRID)

    def _subtract(self, response: Floats, rest: Floats, within: Floats, n: int) -> Bools:
        """Return the spikes of the first ``n`` steps of ``rest`` (steps, samples, channels), and subtract the filter there.

        ``within`` (steps, samples) is 0 after the end of a sample.
        """
        h, taps = response[:, None, None], len(response)
        enough = self.threshold * np.abs(response).sum()
        raster = np.zeros((n, *rest.shape[1:]), bool)
        for k in range(n):
            ahead = rest[k : k + taps]
            gain = np.einsum("jbc,jb->bc", np.abs(ahead) - np.abs(ahead - h), within[k : k + taps])
            raster[k] = gain >= enough
            ahead -= h * raster[k]
        return raster

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used.

        A spike depends on the signal under the whole filter, so ``taps`` less one step are held back.
        """
        checked_rng(rng)
        reader = FrameReader(n_features, unit_range_check("BSA"))
        response, steps = self.response(dt), frame_steps(self.frame, dt)
        code, resampler = _Rest(self, response, reader.n_features), Resampler(steps, self.interpolation)
        form = {"n_channels": reader.n_features, "steps_per_frame": steps, "held": len(response) - 1}
        return CodeStream(reader, resampler, code, dt=dt, **form)

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


class _Rest:
    """The signal that remains after the spikes so far, of the steps that are held back."""

    def __init__(self, encoder: BSA, response: Floats, n_channels: int) -> None:
        self._encoder, self._response = encoder, response
        self._rest = np.empty((0, 1, n_channels))

    def __call__(self, values: Floats, last: bool) -> Bools:
        """Return the spikes of the steps that have a whole filter of signal before them, at the end of all steps."""
        taps = len(self._response)
        rest = np.concatenate([self._rest, self._encoder._rounded(values)[:, None]])
        n, within = len(rest) - taps + 1, np.ones((len(rest), 1))
        if last:
            n = len(rest)
            rest, within = np.pad(rest, ((0, taps), (0, 0), (0, 0))), np.pad(within, ((0, taps), (0, 0)))
        raster = self._encoder._subtract(self._response, rest, within, max(n, 0))
        self._rest = rest[max(n, 0) :]
        return raster[:, 0]


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
    """Encode ``signals``, one array (frames, channels) or a list of them, with `BSA`, in steps of ``dt`` seconds."""
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
