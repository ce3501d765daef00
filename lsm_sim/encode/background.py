"""The spikes of the background noise of a liquid, which join the stimulus."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.background import Source
from lsm_sim.describe.liquid import Liquid
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.seeding import stream
from lsm_sim.support.warn import warn

_DRAWN = 2**22  # random numbers held at once


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
    parts: list[tuple[Any, Any, Any]] = [(stimulus.sample, stimulus.step, stimulus.channel)]
    first = liquid.n_inputs
    for source in noise:
        parts += [(b, step, channel + first) for b, step, channel in _drawn(source, liquid.seed, stimulus, names)]
        first += source.size
    sample, step, channel = (np.concatenate(column) for column in zip(*parts, strict=True))
    own = stimulus.payload
    payload = None if own is None else np.concatenate([own, np.ones(sample.size - own.size, own.dtype)])
    return Spikes.from_events(
        step,
        channel,
        sample=sample,
        n_steps=stimulus.n_steps,
        n_channels=first,
        dt=stimulus.dt,
        sort=True,
        payload=payload,
    )


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
    chance = source.rate * stimulus.dt
    if chance > 1:
        raise DescriptionError(
            f"{source.name} rate: got {source.rate:g} Hz, expected at most one spike per step, {1 / stimulus.dt:g} Hz; use a "
            "larger weight, or several backgrounds"
        )
    for b, name in enumerate(names):
        rng, n_steps = stream(seed, f"{source.name}/{name}"), int(stimulus.n_steps[b])
        together = max(1, _DRAWN // n_steps)
        for first in range(0, source.size, together):
            n = min(together, source.size - first)
            channel, step = np.nonzero(rng.random((n, n_steps)) < chance)
            yield np.full(step.size, b), step, channel + first
