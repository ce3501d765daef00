"""Graded events: each value as a signed integer that one event carries."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any

import numpy as np

from lsm_sim.encode.signals import batch, check_settings, frame_steps
from lsm_sim.encode.streaming import CodeStream, EncoderStream, FrameReader, Resampler, checked_rng
from lsm_sim.encode.trials import Trials, repeated
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms

MOST_BITS = 16  # of a graded event on a chip; sums of larger payloads would soon not be exact


@dataclass(frozen=True)
class Graded(Parameters):
    """One event per channel and frame, in its first step, that carries round(value / scale) as a signed integer.

    An event delivers weight * payload, so a synapse of weight ``scale`` * w delivers value * w, up to rounding. A payload of 0
    is no event. The engine must know graded input; see `lsm_sim.Backend.supports`.

    Parameters
    ----------
    bits
        Of a payload with its sign, 2 to 16.
    frame
        Duration of a value, in seconds; None: one step.
    largest
        The largest magnitude of a value, which gives the payload 2^(bits - 1) - 1; values beyond it are an error. Estimators
        scale samples to [0, 1], unless ``scale=None``; `for_signals` learns it from data.

    Examples
    --------
    >>> spikes = Graded(bits=4)([[[0.0], [1.0], [-0.5]]], dt=1 * ms)
    >>> spikes.step.tolist(), spikes.payload.tolist()
    ([1, 2], [7, -4])
    """

    bits: int = 8
    frame: float | None = None
    _: KW_ONLY
    largest: float = 1.0

    def __post_init__(self) -> None:
        check_settings(self)
        object.__setattr__(self, "bits", checks.whole(self.bits, "Graded bits", minimum=2, maximum=MOST_BITS))
        object.__setattr__(self, "largest", checks.positive(self.largest, "Graded largest"))

    @staticmethod
    def for_signals(signals: Any, bits: int = 8, frame: float | None = None) -> Graded:
        """Return the encoder for the largest magnitude in these signals, such as those of training; 1 if all are 0."""
        largest = max(float(np.abs(signal).max()) for signal in batch(signals))
        return Graded(bits, frame, largest=largest or 1.0)

    @property
    def scale(self) -> float:
        """The value of a payload of 1."""
        return float(self.largest / (2 ** (self.bits - 1) - 1))

    def n_channels(self, n_features: int) -> int:
        """Return the number of spike channels: one per signal channel."""
        return n_features

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals with values between -largest and largest."""
        arrays = batch(signals)
        steps, dt = frame_steps(self.frame, dt), checks.positive(dt, "dt", "time")
        check_memory(sum(array.size for array in arrays) * 40, "signals")
        payloads = [self._payloads(array, f"sample {b}") for b, array in enumerate(arrays)]
        events = [np.nonzero(payload) for payload in payloads]
        return repeated(
            Spikes.from_events(
                np.concatenate([frame * steps for frame, _ in events]),
                np.concatenate([channel for _, channel in events]),
                sample=np.repeat(np.arange(len(events)), [frame.size for frame, _ in events]),
                n_steps=[len(array) * steps for array in arrays],
                n_channels=arrays[0].shape[1],
                dt=dt,
                payload=np.concatenate([p[event] for p, event in zip(payloads, events, strict=True)]),
            ),
            trials,
        )

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; ``rng`` is not used."""
        checked_rng(rng)
        reader, steps = FrameReader(n_features, self._check_frames), frame_steps(self.frame, dt)
        code = partial(self._rows, steps)
        return CodeStream(
            reader, Resampler(1, "hold"), code, n_channels=reader.n_features, dt=dt, steps_per_frame=steps
        )

    def _check_frames(self, frames: Floats, first: int) -> None:
        outside = np.flatnonzero(np.abs(frames).max(axis=1) > self.largest)
        if outside.size:
            self._check(frames[outside[0]], f"frame {first + outside[0]}")

    def _rows(self, steps: int, frames: Floats, _: bool) -> Any:
        """Return the payloads of each step, which are 0 after the first of a frame."""
        rows = np.zeros((len(frames) * steps, frames.shape[1]), np.int64)
        rows[::steps] = np.rint(frames / self.scale)
        return rows

    def _payloads(self, signal: Floats, where: str) -> Any:
        self._check(signal, where)
        return np.rint(signal / self.scale).astype(np.int64)

    def _check(self, signal: Floats, where: str) -> None:
        magnitude = float(np.abs(signal).max())
        if magnitude > self.largest:
            raise DescriptionError(
                f"Graded: got {signal.flat[np.abs(signal).argmax()]:g} in {where}, expected values from "
                f"{-self.largest:g} to {self.largest:g}; scale the signals first, or give a larger value as largest"
            )


def graded(
    signals: Any, *, bits: int = 8, frame: float | None = None, largest: float = 1.0, dt: float = 1 * ms
) -> Spikes:
    """Encode ``signals``, one array (frames, channels) or a list of them, with `Graded`, in steps of ``dt`` seconds."""
    return Graded(bits, frame, largest=largest)(signals, dt)
