"""Encoders that are fed frame by frame, as in a live session.

``encoder.stream(n_features, dt)`` returns a stream. Its pieces, appended in time, are what the encoder makes of the whole signal,
to the bit, however the signal is cut:

    >>> from lsm_sim import Hz, ms
    >>> from lsm_sim.encode import Rate
    >>> from lsm_sim.spikes.spikes import Spikes
    >>> signal = np.random.default_rng(0).random((6, 3))
    >>> encoder = Rate(200 * Hz, frame=10 * ms, interpolation="linear")
    >>> stream = encoder.stream(3, 1 * ms)
    >>> pieces = [*(stream.advance(frame) for frame in signal), stream.finish()]
    >>> [int(piece.n_steps[0]) for piece in pieces]
    [5, 10, 10, 10, 10, 10, 5]
    >>> Spikes.concatenate(pieces, along="time") == encoder([signal], 1 * ms)
    True
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from lsm_sim.encode.signals import Interpolation
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory

# What an encoder makes of the values of the next steps, (n, C), and of the word whether the signal ends with them: an array
# (steps, spike channels) of booleans, or of integers, which are payloads. It may hold steps back until the end.
Code: TypeAlias = Callable[[Floats, bool], npt.NDArray[Any]]
Check: TypeAlias = Callable[[Floats, int], None]  # of frames, the first of which has this number


class EncoderStream(Protocol):
    """Converts one signal to spikes, frame by frame.

    Attributes
    ----------
    n_channels
        Number of spike channels.
    dt
        Duration of a step, in seconds.
    steps_per_frame
        How many steps a frame lasts.
    delay
        How many steps are held back at most.
    """

    n_channels: int
    dt: float
    steps_per_frame: int
    delay: int

    def check(self, frames: Any) -> None:
        """Raise `DescriptionError` if `advance` would refuse these frames."""
        ...

    def advance(self, frames: Any) -> Spikes | None:
        """Return one sample with the steps that the next frames, (k, C) or one (C,), determine; None: they determine none.

        Steps are numbered from the start of this piece. Frames that are refused change nothing.
        """
        ...

    def finish(self) -> Spikes | None:
        """Return the steps that are held back, as the signal ends here; None: there are none."""
        ...


def start_encoder(encoder: Any, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
    """Return the stream of an encoder of any class; one without a streaming form is an error.

    Parameters
    ----------
    n_features
        Number of channels of the signal.
    dt
        Duration of a step, in seconds.
    rng
        Source of random numbers, which random encoders need unless their seed is a Generator; others ignore it.
    """
    if isinstance(encoder, type) or not callable(getattr(encoder, "stream", None)):
        name = encoder.__name__ if isinstance(encoder, type) else type(encoder).__name__
        raise DescriptionError(
            f"encoder: got {name}, expected an encoder that can be fed frame by frame, such as lsm_sim.encode.Rate(); your own "
            "needs a method stream(n_features, dt, *, rng=None)"
        )
    stream: EncoderStream = encoder.stream(n_features, dt, rng=rng)
    return stream


def checked_rng(rng: Any) -> np.random.Generator | None:
    """Return ``rng``, a NumPy Generator or None."""
    expected = "a numpy.random.Generator, or None"
    return None if rng is None else checks.instance(rng, np.random.Generator, "rng", expected)


def unit_range_check(what: str) -> Check:
    """Return a check that frames lie in [0, 1]."""

    def check(frames: Floats, first: int) -> None:
        if frames.min() < 0 or frames.max() > 1:
            row, column = np.argwhere((frames < 0) | (frames > 1))[0]
            raise DescriptionError(
                f"{what}: got {frames[row, column]:g} in frame {first + row}, expected values in [0, 1]; scale the signals "
                "first"
            )

    return check


class FrameReader:
    """Checks the frames of a stream, counts them, and converts them where ``convert`` says how."""

    def __init__(
        self, n_features: Any, check: Check | None = None, convert: Callable[[Floats], Floats] | None = None
    ) -> None:
        self.n_features = checks.whole(n_features, "n_features", minimum=1, maximum=checks.MOST)
        self.n_frames = 0
        self._check = check
        self._convert = convert
        self._ended = False

    def read(self, frames: Any) -> Floats:
        """Return the next frames as an array (k, C)."""
        self.check_open()
        array = checks.real_array(frames, "frames")
        array = array[None] if array.ndim == 1 else array
        if array.ndim != 2 or array.shape[0] == 0 or array.shape[1] != self.n_features:
            raise DescriptionError(
                f"frames: got shape {np.shape(frames)}, expected ({self.n_features},), or (k, {self.n_features}) with at least "
                "one frame"
            )
        if self._check is not None:
            self._check(array, self.n_frames)
        return array if self._convert is None else self._convert(array)

    def check_open(self) -> None:
        """Raise if the signal has ended."""
        if self._ended:
            raise DescriptionError("frames: got more after finish(), expected none; start another stream")

    def end(self) -> bool:
        """End the signal; return whether it has any frame."""
        self.check_open()
        self._ended = True
        return self.n_frames > 0


class Resampler:
    """Gives one value per step as `resample` does, frame by frame: frames are held, or interpolated between their centres.

    Between two centres the next frame must be known, so with linear interpolation half a frame is held back.
    """

    def __init__(self, steps: int, how: Interpolation) -> None:
        self._steps = steps
        self._holds = how == "hold" or steps == 1
        self._last = np.empty((0, 0))  # the last frame, and its number of channels
        self._n_frames = 0
        self._n_steps = 0  # that have been returned
        self.delay = 0 if self._holds else steps // 2

    def advance(self, frames: Floats) -> Floats:
        """Return the values of the steps that these frames determine, (n, C)."""
        check_memory(frames.size * self._steps * 32, "frames")
        if self._holds:
            self._last = frames[:0]
            return np.repeat(frames, self._steps, axis=0) if self._steps > 1 else frames
        known = np.concatenate([self._last, frames]) if self._n_frames else frames
        first = self._n_frames + len(frames) - len(known)  # the frame that is known[0]
        self._last, self._n_frames = frames[-1:].copy(), self._n_frames + len(frames)
        stop = (self._n_frames - 1) * self._steps + (self._steps + 1) // 2  # up to the centre of the last frame
        moments = (np.arange(self._n_steps, stop) + 0.5) / self._steps - 0.5
        self._n_steps = stop
        if len(known) == 1:  # the first half of the first frame, which is constant
            return np.repeat(known, len(moments), axis=0)
        left = np.clip(np.floor(moments).astype(np.int64), first, self._n_frames - 2)
        share = np.clip(moments - left, 0, 1)[:, None]
        left -= first
        return np.asarray((1 - share) * known[left] + share * known[left + 1])

    def finish(self) -> Floats:
        """Return the values after the centre of the last frame, which are constant."""
        return np.repeat(self._last, self._n_frames * self._steps - self._n_steps, axis=0)


class CodeStream:
    """The stream of an encoder that is given by its ``code``; see `EncoderStream`.

    Parameters
    ----------
    reader
        Checks the frames.
    code
        Converts values per step, or, with ``steps`` of 1 in the resampler, frames.
    held
        How many steps the code holds back at most.
    """

    def __init__(
        self,
        reader: FrameReader,
        resampler: Resampler,
        code: Code,
        *,
        n_channels: int,
        dt: float,
        steps_per_frame: int,
        held: int = 0,
    ) -> None:
        self._reader, self._resampler, self._code = reader, resampler, code
        self.n_channels = n_channels
        self.dt = checks.positive(dt, "dt", "time")
        self.steps_per_frame = steps_per_frame
        self.delay = resampler.delay + held

    def check(self, frames: Any) -> None:
        """Raise if these frames are refused."""
        self._reader.read(frames)

    def advance(self, frames: Any) -> Spikes | None:
        """Return the steps that the next frames determine; see `EncoderStream.advance`."""
        array = self._reader.read(frames)
        values = self._resampler.advance(array)
        self._reader.n_frames += len(array)
        return self._piece(self._code(values, False))

    def finish(self) -> Spikes | None:
        """Return the steps that are held back; see `EncoderStream.finish`."""
        if not self._reader.end() or self.delay == 0:
            return None
        return self._piece(self._code(self._resampler.finish(), True))

    def _piece(self, raster: npt.NDArray[Any]) -> Spikes | None:
        if not len(raster):
            return None
        step, channel = np.nonzero(raster)
        payload = None if raster.dtype == bool else raster[step, channel]
        return piece(step, channel, len(raster), self.n_channels, self.dt, payload)
