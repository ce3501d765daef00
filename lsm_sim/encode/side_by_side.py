"""Several encoders of the same signals, with their channels concatenated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.encode.signals import Encoder, batch
from lsm_sim.encode.streaming import EncoderStream, checked_rng, start_encoder
from lsm_sim.encode.trials import Trials
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.joining import joined
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.parameters import Parameters
from lsm_sim.units import ms


@dataclass(frozen=True)
class SideBySide(Parameters):
    """Encode signals with each of ``encoders`` and concatenate their channels in that order.

    ``SideBySide((Rate(200 * Hz, frame=5 * ms), Delta(0.08, frame=5 * ms)))`` gives C channels of rates, then 2 C of changes.
    The duration of a sample must be the same in all encoders, so use the same ``frame``. Random encoders
    of one ``seed`` draw the same numbers, so give each its own.
    """

    encoders: tuple[Encoder, ...]

    def __post_init__(self) -> None:
        given: Any = self.encoders
        encoders = tuple(given) if isinstance(given, (list, tuple)) else ()
        if not encoders or not all(callable(part) for part in encoders):
            raise DescriptionError(f"SideBySide encoders: got {self.encoders!r}, expected a tuple of encoders")
        object.__setattr__(self, "encoders", encoders)

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return the parameters by name; ``deep``: also those of each encoder, such as ``0__max_rate`` of the first."""
        out = super().get_params()
        for i, part in enumerate(self.encoders if deep else ()):
            if isinstance(part, Parameters):
                out |= {f"{i}__{name}": value for name, value in part.get_params().items()}
        return out

    def set_params(self, **parameters: Any) -> SideBySide:
        """Return a copy with other values of these parameters, such as ``0__max_rate``; this record does not change."""
        encoders = list(parameters.pop("encoders", self.encoders))
        for name, value in parameters.items():
            i, _, rest = name.partition("__")
            part = encoders[int(i)] if i.isdecimal() and int(i) < len(encoders) else None
            if not isinstance(part, Parameters) or not rest:
                raise DescriptionError(f"SideBySide: no parameter {name!r}; known: {', '.join(self.get_params())}")
            encoders[int(i)] = part.set_params(**{rest: value})
        return SideBySide(tuple(encoders))

    def n_channels(self, n_features: int) -> int:
        """Return the total number of spike channels."""
        return sum(part.n_channels(n_features) for part in self.encoders)

    def __call__(self, signals: Any, dt: float, trials: Trials = 1) -> Spikes:
        """Encode signals in the range that every encoder accepts."""
        arrays = batch(signals)
        parts = [part(arrays, dt, trials) for part in self.encoders]
        for part, encoder in zip(parts, self.encoders, strict=True):
            if not np.array_equal(part.n_steps, parts[0].n_steps):
                got = f"{parts[0].n_steps[0]} and {part.n_steps[0]} steps"
                raise DescriptionError(
                    f"SideBySide: got a sample of {got} from {type(self.encoders[0]).__name__} and "
                    f"{type(encoder).__name__}, expected one duration; give all encoders the same frame"
                )
        events, payload = joined(parts)
        return Spikes(*events, parts[0].dt, payload=payload)

    def stream(self, n_features: int, dt: float, *, rng: np.random.Generator | None = None) -> EncoderStream:
        """Return the stream of one signal, see `EncoderStream`; it holds back as many steps as the slowest encoder.

        Encoder i draws from ``rng.spawn(len(encoders))[i]``, so that its numbers do not depend on how the signal is cut.
        """
        checked_rng(rng)
        if rng is None:
            self._refuse_shared_generators()
        rngs = [None] * len(self.encoders) if rng is None else rng.spawn(len(self.encoders))
        streams = [start_encoder(part, n_features, dt, rng=own) for part, own in zip(self.encoders, rngs, strict=True)]
        for stream, encoder in zip(streams, self.encoders, strict=True):
            if stream.steps_per_frame != streams[0].steps_per_frame:
                got = f"frames of {streams[0].steps_per_frame} and {stream.steps_per_frame} steps"
                raise DescriptionError(
                    f"SideBySide: got {got} from {type(self.encoders[0]).__name__} and {type(encoder).__name__}, expected one "
                    "duration; give all encoders the same frame"
                )
        return _StreamSideBySide(streams)

    def _refuse_shared_generators(self) -> None:
        """Raise if two encoders draw from one Generator, which a stream does in another order than the batch."""
        seeds = [getattr(part, "seed", None) for part in self.encoders]
        shared = [id(seed) for seed in seeds if isinstance(seed, np.random.Generator)]
        if len(set(shared)) < len(shared):
            raise DescriptionError(
                "SideBySide: got one numpy Generator as the seed of several encoders, expected one for each in a stream; give "
                "rng, or seed=generator.spawn(1)[0] to each encoder"
            )


class _StreamSideBySide:
    """The streams of several encoders, whose spikes are kept until all of them have the same steps."""

    def __init__(self, streams: Sequence[EncoderStream]) -> None:
        self._streams = streams
        self._kept = [_Kept() for _ in streams]
        self._first_channel = np.cumsum([0, *(stream.n_channels for stream in streams)]).tolist()
        self.n_channels = sum(stream.n_channels for stream in streams)
        self.dt = streams[0].dt
        self.steps_per_frame = streams[0].steps_per_frame
        self.delay = max(stream.delay for stream in streams)

    def check(self, frames: Any) -> None:
        """Raise if one of the encoders refuses these frames."""
        for stream in self._streams:
            stream.check(frames)

    def advance(self, frames: Any) -> Spikes | None:
        """Return the steps that the next frames determine in all encoders; see `EncoderStream.advance`."""
        self.check(frames)  # by all, before one of them goes on
        return self._joined([stream.advance(frames) for stream in self._streams])

    def finish(self) -> Spikes | None:
        """Return the steps that are held back; see `EncoderStream.finish`."""
        return self._joined([stream.finish() for stream in self._streams])

    def _joined(self, pieces: Sequence[Spikes | None]) -> Spikes | None:
        for kept, part in zip(self._kept, pieces, strict=True):
            kept.add(part)
        n_steps = min(kept.n_steps for kept in self._kept)
        if n_steps == 0:
            return None
        events = [kept.take(n_steps) for kept in self._kept]
        step = np.concatenate([part[0] for part in events])
        channel = np.concatenate([part[1] + n for part, n in zip(events, self._first_channel[:-1], strict=True)])
        order = np.lexsort((channel, step))
        payload = np.concatenate([part[2] for part in events])[order]
        return piece(step[order], channel[order], n_steps, self.n_channels, self.dt, payload)


class _Kept:
    """The events of one encoder that the others have not reached yet; steps count from the next one to return."""

    def __init__(self) -> None:
        self.n_steps = 0
        self._events: tuple[Any, ...] = (np.empty(0, np.int32),) * 3  # step, channel, payload

    def add(self, part: Spikes | None) -> None:
        """Append the next piece."""
        if part is None:
            return
        payload = np.ones(part.n_events, np.int32) if part.payload is None else part.payload
        new = (part.step + self.n_steps, part.channel, payload)
        self._events = tuple(np.concatenate(pair) for pair in zip(self._events, new, strict=True))
        self.n_steps += int(part.n_steps[0])

    def take(self, n_steps: int) -> tuple[Any, Any, Any]:
        """Return and drop step, channel and payload of the events of the first ``n_steps`` steps."""
        step, channel, payload = self._events
        n = int(np.searchsorted(step, n_steps))
        self._events = (step[n:] - n_steps, channel[n:], payload[n:])
        self.n_steps -= n_steps
        return step[:n], channel[:n], payload[:n]


def side_by_side(signals: Any, *encoders: Encoder, trials: Trials = 1, dt: float = 1 * ms) -> Spikes:
    """Encode ``signals`` with `SideBySide`, in steps of ``dt`` seconds; ``trials`` as for `Poisson`."""
    return SideBySide(encoders)(signals, dt, trials)
