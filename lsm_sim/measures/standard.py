"""The standard stimuli of `lsm_sim.measures.all_of`, and what is measured under each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import Compiled, Request
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.forecast.states import run_counts, sample_edges, with_traces
from lsm_sim.measures import stimuli
from lsm_sim.measures.branching import branching_ratio
from lsm_sim.measures.capacity import MemoryCapacity, memory_capacity
from lsm_sim.measures.driven import Driven
from lsm_sim.measures.fading import FadingMemory, fading_memory
from lsm_sim.measures.firing import interval_cv, synchrony
from lsm_sim.measures.processing import information_processing_capacity
from lsm_sim.measures.ranks import Rank, effective_dimension, generalisation_rank, kernel_rank
from lsm_sim.measures.separation import Separation, separation
from lsm_sim.measures.twins import Lyapunov, lyapunov
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.seeding import stream
from lsm_sim.support.warn import warn
from lsm_sim.units import ms

_SAMPLES_PER_FEATURE = 20
_FEWEST_SAMPLES = 3000
_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)  # of spikes that differ in the pairs of the separation
_PAIRS = 12  # for each share
_TWINS = 10
_START, _WINDOW, _HISTORY, _COMMON = 200 * ms, 200 * ms, 500 * ms, 1000 * ms
_FIRING, _SETTLING = 1000 * ms, 500 * ms
_JITTER = 4 * ms
_WAIT = 15.0  # mean intervals between input spikes: no sample is without one for so long
_ALWAYS = 0.9  # of the highest possible rate


def firing(driven: Driven, runner: Compiled) -> Spikes:
    """Return the spikes of Poisson samples; refuse a liquid that is silent, warn of one that always spikes."""
    n_steps = driven.steps(_SETTLING + _FIRING)
    stimulus = stimuli.with_equal_background(
        driven.spikes(driven.poisson("firing", 5, n_steps), n_steps), driven.liquid
    )
    spikes = runner(stimulus, Request(n_threads=driven.n_threads, progress=driven.progress)).spikes
    assert spikes is not None  # `compiled` has checked it
    spikes = spikes.crop(_SETTLING)  # the start from rest would look like synchrony
    if not spikes.n_events:
        per_channel = driven.per_step / driven.program.dt
        raise DescriptionError(
            f"measures: got a liquid in which no neuron spikes under Poisson input of {per_channel:.3g} Hz on each channel, expected some that do; "
            "give a higher rate or an encoder with one, or scale weights with lsm_sim.rescale.to_mean_rate"
        )
    mean = spikes.n_events / float(spikes.durations.sum() * spikes.n_channels)
    highest = float((1 / (1 + driven.program.refractory)).mean()) / driven.program.dt
    if mean > _ALWAYS * highest:
        warn(
            f"measures: neurons spike nearly all the time, at {min(mean, highest):.0f} of at most {highest:.0f} Hz, and then say little of their input; use "
            "smaller weights or i_bias, see lsm_sim.rescale.to_mean_rate"
        )
    return spikes


def of_trains(spikes: Spikes) -> dict[str, Callable[[], Any]]:
    """Return the measures of firing, to be computed."""
    return {
        "interval_cv": lambda: interval_cv(spikes),
        "synchrony": lambda: synchrony(spikes),
        "branching_ratio": lambda: branching_ratio(spikes),
    }


def of_pairs(driven: Driven, runner: Compiled, duration: float, n_stimuli: int | None) -> dict[str, Callable[[], Any]]:
    """Return the measures of states under different inputs, to be computed."""
    n_steps = driven.steps(checks.positive(duration, "measures duration", "time"))
    n = driven.n_kept if n_stimuli is None else checks.whole(n_stimuli, "measures n_stimuli", 2, checks.MOST)

    def different() -> Rank:
        return kernel_rank(driven.states(runner, driven.spikes(driven.poisson("kernel", n, n_steps), n_steps)))

    def variants() -> Rank:
        (base,) = driven.poisson("variants", 1, n_steps)
        rng = stream(driven.seed, "measures/jitter")
        shape = n_steps, driven.liquid.n_inputs, _JITTER / driven.program.dt
        moved = [stimuli.jittered(base, *shape, rng) for _ in range(n)]
        return generalisation_rank(driven.states(runner, driven.spikes(moved, n_steps)))

    return {
        "separation": lambda: _separation(driven, runner, n_steps),
        "kernel_rank": different,
        "generalisation_rank": variants,
        "lyapunov": lambda: _lyapunov(driven),
        "fading_memory": lambda: _fading(driven),
    }


def _separation(driven: Driven, runner: Compiled, n_steps: int) -> Separation:
    n = len(_SHARES) * _PAIRS
    base, fresh = driven.poisson("base", n, n_steps), driven.poisson("fresh", n, n_steps)
    rng = stream(driven.seed, "measures/replaced")
    shares = np.repeat(_SHARES, _PAIRS)
    changed = [stimuli.replaced(a, s, b, rng) for a, s, b in zip(base, shares, fresh, strict=True)]
    one, other = driven.spikes(base, n_steps), driven.spikes(changed, n_steps)
    return separation(one, other, driven.states(runner, one), driven.states(runner, other))


def _lyapunov(driven: Driven) -> Lyapunov:
    room = int(_WAIT / (driven.per_step * driven.liquid.n_inputs)) + 1  # until a spike that can be moved
    n_steps = driven.steps(_START + _WINDOW) + room + driven.program.max_delay + 2
    stimulus = driven.spikes(driven.poisson("twins", _TWINS, n_steps), n_steps)
    return lyapunov(driven.liquid, stimulus, start=_START, window=_WINDOW, **driven.options)


def _fading(driven: Driven) -> FadingMemory:
    history, common = driven.steps(_HISTORY), driven.steps(_COMMON)
    parts = [(name, steps) for name, steps in (("one", history), ("other", history), ("common", common))]
    spikes = [driven.spikes(driven.poisson(name, _TWINS, steps), steps) for name, steps in parts]
    return fading_memory(driven.liquid, *spikes, tau=driven.traces.tau, **driven.options)


def of_series(
    driven: Driven, n_samples: int | None, n_lags: int, lags: Sequence[int], taus: Sequence[float]
) -> dict[str, Callable[[], Any]]:
    """Run the series and return the measures of what states say of it, to be computed."""
    default = max(_FEWEST_SAMPLES, _SAMPLES_PER_FEATURE * driven.n_kept)
    n = default if n_samples is None else checks.whole(n_samples, "measures n_samples", 2, checks.MOST)
    series = stream(driven.seed, "measures/series").uniform(size=n)
    stimulus = driven.encoder([series[:, None]], driven.program.dt)
    edges = sample_edges(stimulus, n)
    everything = with_background(stimulus, driven.liquid)
    counts = run_counts(driven.program, driven.backend, everything, edges, driven.n_threads, driven.progress)
    constants = checks.real_array(taus, "measures taus")
    if constants.ndim != 1 or not constants.size:
        raise DescriptionError(f"measures taus: got {taus!r}, expected at least one time constant, in samples")
    chosen = np.sort(stream(driven.seed, "measures/neurons").permutation(counts.shape[1])[: driven.n_kept])
    one_trace = with_traces(counts[:, chosen], constants[:1].tolist(), keep_counts=False)
    horizon = (driven.program.max_delay + 1) / float(edges[0, 1])
    washout = min(100, n // 10)

    def remembered() -> MemoryCapacity:
        everything = with_traces(counts, constants.tolist(), keep_counts=True)
        return memory_capacity(everything, series, n_lags=n_lags, washout=washout, delay_horizon=horizon)

    return {
        "effective_dimension": lambda: effective_dimension(one_trace[washout:]),
        "memory_capacity": remembered,
        "information_processing_capacity": lambda: information_processing_capacity(
            one_trace, series, lags=lags, washout=washout
        ),
    }
