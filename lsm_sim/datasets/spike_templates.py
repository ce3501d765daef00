"""Jittered Poisson templates: identify noisy versions of fixed spike trains."""

from __future__ import annotations

import numpy as np

from lsm_sim.datasets.record import Dataset, Source
from lsm_sim.datasets.steps import whole_steps
from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.seeding import stream

SOURCE = Source(
    origin="generated",
    licence="none needed",
    citation="W. Maass, T. Natschlaeger, H. Markram: Real-time computing without stable states. "
    "Neural Computation 14, 2531-2560 (2002)",
)


def spike_templates(
    n: int,
    *,
    templates: int = 2,
    segments: int = 1,
    channels: int = 4,
    rate: float = 20.0,
    duration: float = 0.25,
    jitter: float = 0.004,
    dt: float = 0.001,
    seed: int = 0,
) -> Dataset:
    """Return ``n`` noisy versions of fixed spike trains, after Maass, Natschlaeger and Markram (2002).

    Every segment has its own ``templates`` templates: Poisson trains on all channels, drawn once. A sample takes one random
    template for each segment and shifts each spike by a normally distributed time. Spikes shifted out of their segment are
    dropped; of several spikes of a channel in one step only one is kept. X is `Spikes`; y has shape (n,), or (n, segments)
    with several segments, so that a readout at the end can be trained to recall earlier segments.

    Parameters
    ----------
    n
        Number of samples. A sample does not depend on it.
    templates, segments, channels
        Number of templates per segment, of consecutive segments, and of input channels.
    rate
        Mean rate of a channel, in Hz.
    duration, dt
        Duration of a segment and of a step, in seconds.
    jitter
        Standard deviation of the times, in seconds; 0 gives the templates themselves.
    seed
        Seed of templates, labels and noise.

    Examples
    --------
    >>> data = spike_templates(10, segments=4, seed=1)
    >>> data.X.n_channels, int(data.X.n_steps[0]), data.y.shape
    (4, 1000, (10, 4))
    """
    n = checks.whole(n, "spike_templates n", 1, checks.MOST)
    templates = checks.whole(templates, "spike_templates templates", 1, 1000)
    segments = checks.whole(segments, "spike_templates segments", 1, 1000)
    channels = checks.whole(channels, "spike_templates channels", 1, checks.MOST)
    rate = checks.positive(rate, "spike_templates rate", "rate")
    if checks.real(jitter, "spike_templates jitter", "time") < 0:
        raise DescriptionError(f"spike_templates jitter: got {jitter:g}, expected a standard deviation >= 0 s")
    seed, steps = checks.whole(seed, "spike_templates seed"), whole_steps(duration, dt, "spike_templates duration")
    known = [[_poisson(channels, rate, duration, seed, f"{s}/{t}") for t in range(templates)] for s in range(segments)]
    labels, events = np.empty((n, segments), np.int64), []
    for b in range(n):
        rng = stream(seed, f"spike_templates/sample/{b}")
        labels[b] = rng.integers(templates, size=segments)
        parts = [_moved(known[s][labels[b, s]], jitter, steps, dt, rng) for s in range(segments)]
        step = np.concatenate([part + s * steps for s, (part, _) in enumerate(parts)])
        # each event as one number, to sort them and remove duplicates
        events.append(np.unique(step * channels + np.concatenate([channel for _, channel in parts])))
    step, channel = np.divmod(np.concatenate(events), channels)
    offsets = np.concatenate([[0], np.cumsum([part.size for part in events])])
    X = Spikes(step, channel, offsets, np.full(n, segments * steps), channels, dt)
    y = labels[:, 0] if segments == 1 else labels
    return Dataset("spike_templates", X, y, tuple(f"template {t}" for t in range(templates)), SOURCE)


def _poisson(channels: int, rate: float, duration: float, seed: int, label: str) -> tuple[Floats, Ints]:
    """Return times and channels of independent Poisson trains."""
    rng = stream(seed, f"spike_templates/template/{label}")
    channel = np.repeat(np.arange(channels), rng.poisson(rate * duration, channels))
    return rng.uniform(0, duration, channel.size), channel


def _moved(
    template: tuple[Floats, Ints], jitter: float, steps: int, dt: float, rng: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return steps and channels of the shifted spikes that are still inside the segment."""
    times, channel = template
    step = np.floor((times + rng.normal(0, jitter, times.size)) / dt).astype(np.int64)
    stays = (step >= 0) & (step < steps)
    return step[stays], channel[stays]
