"""Sound as a raw stream of samples, such as that of a microphone in a pipe."""

from __future__ import annotations

import io
import os
import select
import sys
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.live.pace import RateCheck
from lsm_sim.live.packets import MOST_CHANNELS
from lsm_sim.live.sources import samples_of
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.warn import warn
from lsm_sim.units import ms

_FORMATS = {name: np.dtype(kind) for name, kind in {
    "u8": "u1", "s16le": "<i2", "s16be": ">i2", "s32le": "<i4", "s32be": ">i4", "f32le": "<f4", "f64le": "<f8",
}.items()}  # fmt: skip
_PIPE = 2**16  # bytes that a pipe stores on Linux


class RawAudioSource:
    """A stream of raw samples: ``arecord -t raw -f S16_LE -r 8000 | lsm-sim live ...``.

    A stream that ends in the middle of a frame, samples that are NaN or infinite, and a sample rate that is not the true one
    are reported by an `LsmWarning`, once each. Frames with NaN or infinite samples are left out.

    Parameters
    ----------
    stream
        A binary stream; None: standard input.
    sample_rate
        Frames per second.
    sample_format
        "u8", "s16le", "s16be", "s32le", "s32be", "f32le" or "f64le". Integers are divided by their full scale.
    channels
        Number of channels, whose samples alternate.
    chunk
        Duration of a chunk, in seconds; the last chunk may be shorter.
    stall
        Seconds without data after which `RunError` is raised; None: wait for ever. Needs a pipe or a socket.

    Attributes
    ----------
    n_frames, n_not_finite, n_incomplete
        Frames given; frames left out; bytes of a frame that was cut at the end.

    Examples
    --------
    >>> import io
    >>> source = RawAudioSource(io.BytesIO(bytes([0, 64, 0, 128])), sample_rate=8000)
    >>> next(iter(source))
    array([[ 0.5],
           [-1. ]])
    """

    def __init__(
        self,
        stream: Any = None,
        sample_rate: float = 8000,
        sample_format: str = "s16le",
        channels: int = 1,
        chunk: float = 10 * ms,
        stall: float | None = None,
    ) -> None:
        self._stream = _binary(sys.stdin.buffer if stream is None else stream)
        self.rate: float = checks.positive(sample_rate, "RawAudioSource sample_rate", "rate")
        self._dtype = _FORMATS[checks.choice(sample_format, "RawAudioSource sample_format", _FORMATS)]
        self.n_channels = checks.whole(channels, "RawAudioSource channels", minimum=1, maximum=MOST_CHANNELS)
        self._chunk = samples_of(chunk, self.rate, "RawAudioSource chunk")
        self._stall = None if stall is None else checks.positive(stall, "RawAudioSource stall", "time")
        self._file = _descriptor(self._stream)
        self.n_frames = self.n_not_finite = self.n_incomplete = 0

    def __iter__(self) -> Iterator[Floats]:
        size = self._dtype.itemsize * self.n_channels
        held = bytearray()
        check: RateCheck | None = None
        while True:
            begun = time.monotonic()
            data = self._read(self._chunk * size - len(held))
            now = time.monotonic()
            held += data
            if check is not None and (told := check.add(len(data) / size, now - begun, now)):
                warn(told)
            if (
                check is None and self._file is not None
            ):  # the first data may come late: the program that records starts
                check = RateCheck(self.rate, _PIPE / (size * self.rate), "RawAudioSource", now)
            if len(held) == self._chunk * size or (not data and len(held) >= size):
                yield self._frames(held[: len(held) // size * size])
                del held[: len(held) // size * size]
            if not data:
                self._report_end(len(held), size)
                return

    def _read(self, most: int) -> bytes:
        """Return at least one and at most so many bytes; none at the end."""
        try:
            if self._file is None:
                return bytes(self._stream.read(most) or b"")
            if self._stall is not None and not select.select([self._file], [], [], self._stall)[0]:
                raise RunError(
                    f"RawAudioSource: got no data for {self._stall:g} s after {self.n_frames} frames, expected "
                    f"{self.rate:g} frames per second; check the program that records, or raise stall"
                )
            return os.read(self._file, most)
        except (OSError, ValueError) as error:  # a closed stream
            raise RunError(f"RawAudioSource: cannot read the stream ({error}); open it again") from None

    def _frames(self, data: bytearray) -> Floats:
        samples = np.frombuffer(bytes(data), self._dtype).reshape(-1, self.n_channels)
        frames = samples.astype(np.float64)
        if self._dtype.kind != "f":
            bits = 8 * self._dtype.itemsize
            frames = (frames - (2.0 ** (bits - 1) if self._dtype.kind == "u" else 0.0)) / 2.0 ** (bits - 1)
        finite = np.isfinite(frames).all(axis=1)
        if not finite.all():
            self._report_not_finite(int((~finite).sum()))
            frames = frames[finite]
        self.n_frames += len(frames)
        return frames

    def _report_not_finite(self, number: int) -> None:
        if not self.n_not_finite:
            warn("RawAudioSource: got NaN or infinite samples, expected numbers; left out, so check sample_format")
        self.n_not_finite += number

    def _report_end(self, left: int, size: int) -> None:
        if left:
            self.n_incomplete += left
            warn(
                f"RawAudioSource: the stream ended with {left} bytes of a frame of {size}, which were left out; check "
                f"sample_format and channels"
            )


def _binary(stream: Any) -> Any:
    kinds = (io.RawIOBase, io.BufferedIOBase)
    return checks.instance(stream, kinds, "RawAudioSource stream", "a binary stream, such as sys.stdin.buffer")


def _descriptor(stream: Any) -> int | None:
    """Return the number of an open file, which can be waited for; None for a stream in memory."""
    try:
        return int(stream.fileno())
    except io.UnsupportedOperation:
        return None
    except ValueError:
        raise DescriptionError("RawAudioSource stream: got a closed stream, expected an open one") from None
