"""Features of spikes that come piece by piece, as in a live session.

``features.stream(n_channels, dt)`` returns a stream, whose ``now()`` is what ``features.of`` returns for the spikes so far as one
sample, to the bit; with ``n_steps``, for the last ``n_steps`` steps. `start_features` does it for features of any class.
"""

from __future__ import annotations

import math
from typing import Any, Protocol

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

MOST_EVENTS = 2**25  # that a stream holds, in half a gigabyte


class FeaturesStream(Protocol):
    """Features of one sample of spikes that grows, or of its last steps."""

    def advance(self, spikes: Spikes) -> None:
        """Append one sample, the next piece in time. Spikes that are refused change nothing."""
        ...

    def now(self) -> Floats:
        """Return the features of the spikes so far, (features,); before the first step there are none, which is an error."""
        ...

    def reset(self) -> None:
        """Forget all spikes and start from step 0 again."""
        ...


def start_features(features: Any, n_channels: int, dt: float, n_steps: int | None = None) -> FeaturesStream:
    """Return the stream of features of any class; a class without ``stream`` is asked for ``of`` all spikes that count.

    Parameters
    ----------
    n_channels
        Number of neurons.
    dt
        Duration of a step, in seconds.
    n_steps
        The features are those of the last ``n_steps`` steps, of fewer at the start; None: of all steps so far.
    """
    make = getattr(features, "stream", None)
    if not isinstance(features, type) and callable(make):
        stream: FeaturesStream = make(n_channels, dt, n_steps)
        return stream
    if isinstance(features, type) or not callable(getattr(features, "of", None)):
        name = features.__name__ if isinstance(features, type) else type(features).__name__
        raise DescriptionError(f"features: got {name}, expected features such as lsm_sim.Counts()")
    return WindowStream(features, n_channels, dt, n_steps)


class _Input:
    """Checks the pieces of a stream of spikes."""

    def __init__(self, n_channels: Any, dt: Any, n_steps: Any) -> None:
        self.n_channels = checks.whole(n_channels, "n_channels", minimum=1, maximum=checks.MOST)
        self.dt = checks.positive(dt, "dt", "time")
        self.n_steps = None if n_steps is None else checks.whole(n_steps, "n_steps", minimum=1, maximum=checks.MOST)

    def check(self, spikes: Any) -> None:
        """Raise unless this is one sample of the right form."""
        checks.instance(spikes, Spikes, "features", "Spikes")
        if len(spikes) != 1 or spikes.n_channels != self.n_channels or spikes.dt != self.dt:
            raise DescriptionError(
                f"features: got {spikes}, expected one sample of {self.n_channels} channels in steps of {self.dt:g} s"
            )


class WindowStream:
    """Features of any class: ``of`` the events of the last ``n_steps`` steps, or of all, which are kept.

    Parameters
    ----------
    features
        An object with ``of``.
    n_channels, dt, n_steps
        See `start_features`.
    """

    def __init__(self, features: Any, n_channels: int, dt: float, n_steps: int | None = None) -> None:
        self._features, self._input = features, _Input(n_channels, dt, n_steps)
        self.dt = self._input.dt
        self.reset()

    def reset(self) -> None:
        """Forget all spikes; see `FeaturesStream.reset`."""
        self._time = 0  # steps so far
        self._first = self._stop = 0  # the events that are kept, in the arrays
        self._events = np.empty((3, 1024), np.int64)  # step, channel, payload
        self._groups: Any = None

    def advance(self, spikes: Spikes) -> None:
        """Append one sample; see `FeaturesStream.advance`."""
        self._input.check(spikes)
        time = self._time + int(spikes.n_steps[0])
        begin = 0 if self._input.n_steps is None else max(time - self._input.n_steps, 0)
        first = self._from(begin)
        n = self._stop - first + spikes.n_events
        if n > MOST_EVENTS or (self._input.n_steps is None and time > checks.MOST):
            got = f"{n} spikes" if n > MOST_EVENTS else f"{time} steps"
            most = f"{MOST_EVENTS} spikes" if n > MOST_EVENTS else f"{checks.MOST} steps"
            raise DescriptionError(f"features: got {got}, expected at most {most}; give n_steps, or reset the stream")
        self._first, self._time = first, time
        if self._groups is None:
            self._groups = spikes.groups
        if spikes.n_events:
            self._append(spikes, time - int(spikes.n_steps[0]))
            self._first = self._from(begin)  # a piece may be longer than the window

    def _from(self, step: int) -> int:
        """Return where the events from this step on begin."""
        return self._first + int(np.searchsorted(self._events[0, self._first : self._stop], step))

    def _append(self, spikes: Spikes, start: int) -> None:
        if self._stop + spikes.n_events > self._events.shape[1]:
            kept = self._events[:, self._first : self._stop]
            grown = np.empty((3, max(1024, 2 * (kept.shape[1] + spikes.n_events))), np.int64)
            grown[:, : kept.shape[1]] = kept
            self._events, self._first, self._stop = grown, 0, kept.shape[1]
        new = self._events[:, self._stop : self._stop + spikes.n_events]
        new[0] = spikes.step
        new[0] += start
        new[1] = spikes.channel
        new[2] = 1 if spikes.payload is None else spikes.payload
        self._stop += spikes.n_events

    def now(self) -> Floats:
        """Return the features of the spikes so far; see `FeaturesStream.now`."""
        return np.asarray(self._features.of(self.spikes())[0])

    def spikes(self) -> Spikes:
        """Return the spikes that count, as one sample."""
        if self._time == 0:
            raise DescriptionError("features: got no step yet, expected at least one; advance first")
        n_steps = self._time if self._input.n_steps is None else min(self._time, self._input.n_steps)
        step, channel, payload = self._events[:, self._first : self._stop]
        step = (step - (self._time - n_steps)).astype(np.int32)
        return piece(
            step, channel.astype(np.int32), n_steps, self._input.n_channels, self._input.dt, payload, self._groups
        )


class CountStream:
    """Counts of one bin over all steps so far, which need no events.

    Parameters
    ----------
    counts
        `Counts` with one bin and no window.
    n_channels, dt
        See `start_features`.
    """

    def __init__(self, counts: Any, n_channels: int, dt: float) -> None:
        self._counts, self._input = counts, _Input(n_channels, dt, None)
        self.reset()

    def reset(self) -> None:
        """Forget all spikes; see `FeaturesStream.reset`."""
        self._time = 0
        self._total = np.zeros(self._input.n_channels, np.int64)

    def advance(self, spikes: Spikes) -> None:
        """Append one sample; see `FeaturesStream.advance`."""
        self._input.check(spikes)
        self._time += int(spikes.n_steps[0])
        np.add.at(self._total, spikes.channel, 1 if spikes.payload is None else spikes.payload)

    def now(self) -> Floats:
        """Return the features of the spikes so far; see `FeaturesStream.now`."""
        if self._time == 0:
            raise DescriptionError("features: got no step yet, expected at least one; advance first")
        edges = np.array([[0, self._time]])
        return np.asarray(self._counts.finished(self._total[None, None], edges, self._input.dt)[0])


def trace_window(tau: float, resolution: float | None, dt: float, n_steps: int | None) -> int | None:
    """Return how many of the last steps a trace at the end of a sample depends on, at most ``n_steps``.

    A spike counts for nothing after tau * ln(2 / resolution), without a resolution once exp underflows, after 746 tau.
    """
    furthest = 746.0 if resolution is None else math.log(2 / resolution)
    steps = furthest * (tau / dt) + 2
    return n_steps if steps > checks.MOST else min(math.ceil(steps), n_steps or checks.MOST)
