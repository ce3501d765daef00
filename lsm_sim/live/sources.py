"""Sources of live data: iterables of arrays of frames, shape (k, channels)."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import Any, Protocol

from lsm_sim.errors import DescriptionError
from lsm_sim.live.pace import Pacer
from lsm_sim.live.packets import MOST_CHANNELS, as_frames
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.files import PathLike
from lsm_sim.units import ms


class Source(Protocol):
    """Something that yields arrays of k >= 0 frames, float64, shape (k, n_channels), while time passes."""

    @property
    def n_channels(self) -> int:
        """Number of channels of each frame."""

    @property
    def rate(self) -> float | None:
        """Frames per second; None if unknown."""

    def __iter__(self) -> Iterator[Floats]:
        """Yield arrays until the source ends."""


def from_iterable(iterable: Iterable[Any], n_channels: int | None = None, rate: float | None = None) -> Source:
    """Return a source of the frames of an iterable: a list, an array, a generator.

    Parameters
    ----------
    iterable
        Its items are arrays of frames, shape (k, channels), or single frames, shape (channels,), or numbers, which are frames
        of one channel.
    n_channels
        Number of channels; None: that of the first item, which is taken from the iterable at once.
    rate
        Frames per second, if known.

    Examples
    --------
    >>> source = from_iterable([[0, 1], [2, 3]])
    >>> source.n_channels
    2
    >>> next(iter(source))
    array([[0., 1.]])
    """
    return _IterableSource(iterable, n_channels, rate)


class _IterableSource:
    def __init__(self, iterable: Iterable[Any], n_channels: int | None, rate: float | None) -> None:
        if isinstance(iterable, str | bytes | dict | set) or not isinstance(iterable, Iterable):
            raise DescriptionError(
                f"from_iterable iterable: got {type(iterable).__name__}, expected arrays of frames, such as a list"
            )
        self.rate = None if rate is None else checks.positive(rate, "from_iterable rate", "rate")
        self._iterable = _unrolled(iterable)
        if n_channels is None:
            n_channels = self._channels_of_first()
        self.n_channels = checks.whole(n_channels, "from_iterable n_channels", minimum=1, maximum=MOST_CHANNELS)

    def _channels_of_first(self) -> int:
        iterator = iter(self._iterable)
        missing = object()
        first = next(iterator, missing)
        if first is missing:
            raise DescriptionError("from_iterable iterable: got no items, expected at least one; or give n_channels")
        if iterator is self._iterable:  # it gives each item only once
            self._iterable = itertools.chain([first], iterator)
        return int(as_frames(first, None, "from_iterable item 0").shape[1])

    def __iter__(self) -> Iterator[Floats]:
        for i, item in enumerate(self._iterable):
            yield as_frames(item, self.n_channels, f"from_iterable item {i}")


def _unrolled(iterable: Any) -> Any:
    try:
        iter(iterable)
    except TypeError:  # an array without dimensions
        raise DescriptionError("from_iterable iterable: got one number, expected arrays of frames") from None
    return iterable


class WavSource:
    """The samples of a wav file, in chunks, at the pace of the recording.

    A chunk is given when its last sample would have been recorded: chunk i at (i + 1) * ``chunk`` seconds after the iteration
    began, whatever happened before, so that delays do not add up.

    Parameters
    ----------
    path
        File; several channels are averaged.
    chunk
        Duration of a chunk, in seconds; the last chunk may be shorter.
    pace
        False: give the chunks without waiting.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from scipy.io import wavfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wavfile.write(f"{folder}/a.wav", 8000, np.zeros(200, np.int16))
    ...     source = WavSource(f"{folder}/a.wav", pace=False)
    >>> [chunk.shape for chunk in source]
    [(80, 1), (80, 1), (40, 1)]
    """

    def __init__(self, path: PathLike, chunk: float = 10 * ms, *, pace: bool = True) -> None:
        from lsm_sim.audio import read_wav  # SciPy takes seconds to import, which the other sources need not wait for

        recording = read_wav(path)
        self.rate: float = float(recording.sample_rate)
        self.n_channels = 1
        self._pace = checks.flag(pace, "WavSource pace")
        self._chunk = samples_of(chunk, self.rate, "WavSource chunk")
        self._samples = recording.samples
        self._pacer: Pacer | None = None

    @property
    def n_late(self) -> int:
        """Number of chunks that were asked for after their time, in the latest iteration."""
        return self._pacer.n_late if self._pacer else 0

    @property
    def worst_delay(self) -> float:
        """Longest delay of a chunk that was asked for after its time, in seconds."""
        return self._pacer.worst if self._pacer else 0.0

    def __iter__(self) -> Iterator[Floats]:
        self._pacer = pacer = Pacer()
        for start in range(0, len(self._samples), self._chunk):
            frames = self._samples[start : start + self._chunk, None]
            if self._pace:
                pacer.wait_until((start + len(frames)) / self.rate)
            yield frames.copy()


def samples_of(chunk: float, rate: float, where: str) -> int:
    """Return the number of samples in a chunk: at least one, at most those of an hour."""
    seconds = checks.positive(chunk, where, "time")
    if seconds > 3600:
        raise DescriptionError(f"{where}: got {seconds:g} s, expected at most 3600 s; did you mean {seconds:g} * ms?")
    if seconds * rate > checks.MOST:
        raise DescriptionError(f"{where}: got {seconds * rate:g} samples, expected at most 2^31; use a shorter chunk")
    return max(1, round(seconds * rate))
