"""The spikes of the background noise of a liquid, which join the stimulus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.background import Source
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.more_events import with_more_events
from lsm_sim.spikes.pieces import piece
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.seeding import stream
from lsm_sim.support.warn import warn

_DRAWN = 2**22  # random numbers held at once
_DRAWN_AHEAD = 2**12  # random numbers that a stream draws at once, in about 20 us


def with_background(stimulus: Spikes, liquid: Liquid, trial: Any = 0) -> Spikes:
    """Return the stimulus with the background noise of the liquid on further channels, as its program expects it.

    `run` and the estimators do this by themselves for a `Liquid`; it is for those who run a `Program`.

    Parameters
    ----------
    stimulus
        On the channels of ``liquid.inputs``.
    trial
        Number of the trial, >= 0: one for all samples, or one for each. Equal samples with equal numbers get equal noise.
    """
    checks.instance(liquid, Liquid, "with_background liquid", "a Liquid")
    checks.instance(stimulus, Spikes, "stimulus", "Spikes; see lsm_sim.encode")
    trials = _trials(trial, len(stimulus))
    noise = liquid.noise()
    if not noise:
        return stimulus
    if stimulus.n_channels != liquid.n_inputs:
        msg = f"stimulus: got {stimulus.n_channels} channels, expected {liquid.n_inputs}, the input channels of the liquid"
        raise DescriptionError(msg)
    names = _names(stimulus, trials)
    parts: list[tuple[Any, Any, Any]] = []
    first = liquid.n_inputs
    for source in noise:
        parts += [(b, step, channel + first) for b, step, channel in _drawn(source, liquid.seed, stimulus, names)]
        first += source.size
    return with_more_events(stimulus, parts, first)


def _trials(trial: Any, n_samples: int) -> Ints:
    numbers = checks.whole_array(trial, "trial")
    if numbers.shape not in ((), (n_samples,)) or (numbers < 0).any():
        raise DescriptionError(
            f"trial: got an array of shape {numbers.shape}, expected one number >= 0, or one for each of {n_samples} samples"
        )
    return np.broadcast_to(numbers, (n_samples,))


def _names(stimulus: Spikes, trials: Ints) -> list[str]:
    """Return the name of the random stream of each sample: a hash of what is in it, and the trial."""
    seen: dict[str, int] = {}
    out = []
    for b, (start, stop) in enumerate(zip(stimulus.offsets[:-1], stimulus.offsets[1:], strict=True)):
        total = hashlib.sha256(f"{stimulus.n_steps[b]} {stimulus.n_channels} {stimulus.dt!r}".encode())
        for values in (stimulus.step, stimulus.channel, stimulus.payload):
            total.update(b"" if values is None else np.ascontiguousarray(values[start:stop], "<i8").tobytes())
        name = f"{total.hexdigest()}/{trials[b]}"
        first = seen.setdefault(name, b)
        if first < b and len(seen) == b:  # once
            warn(
                f"background: samples {first} and {b} are equal, so their noise is equal too; for independent trials give each "
                "its own number as trial"
            )
        out.append(name)
    return out


def _drawn(source: Source, seed: int, stimulus: Spikes, names: Sequence[str]) -> Iterator[tuple[Ints, Ints, Ints]]:
    """Return sample, step and channel of the noise of each sample.

    The numbers are drawn neuron by neuron, so that those of a neuron do not depend on how many come after it.
    """
    chance = _chance(source, stimulus.dt)
    for b, name in enumerate(names):
        rng, n_steps = stream(seed, f"{source.name}/{name}"), int(stimulus.n_steps[b])
        together = max(1, _DRAWN // n_steps)
        for first in range(0, source.size, together):
            n = min(together, source.size - first)
            channel, step = np.nonzero(rng.random((n, n_steps)) < chance)
            yield np.full(step.size, b), step, channel + first


def _chance(source: Source, dt: float) -> float:
    """Return the probability of a spike in a step."""
    if source.rate * dt > 1:
        raise DescriptionError(
            f"{source.name} rate: got {source.rate:g} Hz, expected at most one spike per step, {1 / dt:g} Hz; use a larger "
            "weight, or several backgrounds"
        )
    return source.rate * dt


def start_background(liquid: Liquid, dt: float, trial: int = 0) -> BackgroundStream:
    """Return the background noise of a liquid for a stimulus that comes piece by piece.

    Its rate is that of `with_background`, but its spikes differ: there they are named by the whole stimulus, which a stream
    cannot know. Here they depend on the seed of the liquid, on ``dt`` and on the trial, not on the stimulus or on its cuts.

    Parameters
    ----------
    liquid
        With or without background noise.
    dt
        Duration of a step, in seconds.
    trial
        Number of the trial, >= 0; each has noise of its own.
    """
    checks.instance(liquid, Liquid, "start_background liquid", "a Liquid")
    return BackgroundStream(liquid, checks.positive(dt, "dt", "time"), checks.whole(trial, "trial"))


class BackgroundStream:
    """Background noise piece by piece, from `start_background`.

    Attributes
    ----------
    n_channels
        Number of input channels of the liquid with those of the noise.
    """

    def __init__(self, liquid: Liquid, dt: float, trial: int) -> None:
        self._n_inputs, self._dt = liquid.n_inputs, dt
        first, self._sources = liquid.n_inputs, []
        for source in liquid.noise():
            rng = stream(liquid.seed, f"{source.name}/live/{trial}")
            self._sources.append(_Noise(rng, source.size, _chance(source, dt), first))
            first += source.size
        self.n_channels = first

    def advance(self, n_steps: int) -> tuple[Ints, Ints]:
        """Return step and channel of the noise of the next steps, sorted; its channels follow those of the liquid's inputs."""
        n_steps = checks.whole(n_steps, "n_steps", minimum=1, maximum=checks.MOST)
        if not self._sources:
            return np.empty(0, np.int64), np.empty(0, np.int64)
        parts = [source.advance(n_steps) for source in self._sources]
        if len(parts) == 1:
            return parts[0]
        step, channel = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.lexsort((channel, step))
        return step[order], channel[order]

    def join(self, spikes: Spikes) -> Spikes:
        """Return the next piece of the stimulus, one sample, with the noise of its steps on further channels."""
        checks.instance(spikes, Spikes, "stimulus", "Spikes; see lsm_sim.encode")
        if len(spikes) != 1 or spikes.n_channels != self._n_inputs or spikes.dt != self._dt:
            expected = f"one sample of {self._n_inputs} channels in steps of {self._dt:g} s"
            raise DescriptionError(f"stimulus: got {spikes}, expected {expected}")
        if not self._sources:
            return spikes
        n_steps = int(spikes.n_steps[0])
        noise_step, noise_channel = self.advance(n_steps)
        step, channel = np.concatenate([spikes.step, noise_step]), np.concatenate([spikes.channel, noise_channel])
        order = np.lexsort((channel, step))
        own = spikes.payload
        payload = None if own is None else np.concatenate([own, np.ones(noise_step.size, own.dtype)])[order]
        return piece(step[order], channel[order], n_steps, self.n_channels, self._dt, payload)


class _Noise:
    """The noise of one source, whose numbers are drawn step by step, many steps at once."""

    def __init__(self, rng: np.random.Generator, size: int, chance: float, first: int) -> None:
        self._rng, self._size, self._chance, self._first = rng, size, chance, first
        self._block = max(1, _DRAWN_AHEAD // size)
        self._ahead = 0  # steps that have been drawn and not returned
        self._step, self._channel = np.empty(0, np.int64), np.empty(0, np.int64)  # steps count from the next one

    def advance(self, n_steps: int) -> tuple[Ints, Ints]:
        while self._ahead < n_steps:
            n = self._block * max(1, min((n_steps - self._ahead) // self._block, _DRAWN // (self._block * self._size)))
            step, channel = np.nonzero(self._rng.random((n, self._size)) < self._chance)
            self._step = np.concatenate([self._step, step + self._ahead])
            self._channel = np.concatenate([self._channel, channel + self._first])
            self._ahead += n
        stop = int(np.searchsorted(self._step, n_steps))
        out = self._step[:stop], self._channel[:stop]
        self._step, self._channel = self._step[stop:] - n_steps, self._channel[stop:]
        self._ahead -= n_steps
        return out
