"""All measures of one liquid, with standard stimuli."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode import Encoder, Population, Rate
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Backend, Compiled, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.learn.features import Traces
from lsm_sim.learn.forecast.states import run_counts, sample_edges, with_traces
from lsm_sim.learn.parts import checked_encoder
from lsm_sim.measures import stimuli
from lsm_sim.measures.branching import BranchingRatio, branching_ratio
from lsm_sim.measures.capacity import MemoryCapacity, memory_capacity
from lsm_sim.measures.drawing import page
from lsm_sim.measures.fading import FadingMemory, fading_memory
from lsm_sim.measures.firing import IntervalCV, Rates, Synchrony, interval_cv, rates, synchrony
from lsm_sim.measures.processing import LAGS, ProcessingCapacity, information_processing_capacity
from lsm_sim.measures.ranks import Dimension, Rank, effective_dimension, generalisation_rank, kernel_rank
from lsm_sim.measures.separation import Separation, separation
from lsm_sim.measures.twins import Lyapunov, lyapunov
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream
from lsm_sim.support.warn import warn
from lsm_sim.units import Hz, ms

_MOST_FEATURES = 500  # neurons whose states are used where many samples are needed for each feature
_SAMPLES_PER_FEATURE = 20
_FEWEST_SAMPLES = 3000
_SHARES = (0.1, 0.2, 0.4, 0.7, 1.0)  # of spikes that differ in the pairs of the separation
_PAIRS = 12  # for each share
_TWINS = 10
_START, _WINDOW, _HISTORY, _COMMON = 200 * ms, 200 * ms, 500 * ms, 1000 * ms
_FIRING, _SETTLING = 1000 * ms, 500 * ms
_JITTER = 4 * ms
_ALWAYS = 0.9  # of the highest possible rate


@dataclass(frozen=True, eq=False)
class Measures:
    """The measures of a liquid; print them, or draw all of them with `plot`.

    Parameters
    ----------
    rates, interval_cv, synchrony, branching_ratio
        How neurons fire under Poisson input, from 0.5 s after the start to 1.5 s.
    separation, kernel_rank, generalisation_rank, lyapunov, fading_memory
        How states under different inputs differ.
    effective_dimension, memory_capacity, information_processing_capacity
        What states say of a random series.
    settings
        What the stimuli were.
    skipped
        By measure that is None: why.
    """

    rates: Rates
    interval_cv: IntervalCV | None
    synchrony: Synchrony | None
    branching_ratio: BranchingRatio | None
    separation: Separation | None
    kernel_rank: Rank | None
    generalisation_rank: Rank | None
    lyapunov: Lyapunov | None
    fading_memory: FadingMemory | None
    effective_dimension: Dimension | None
    memory_capacity: MemoryCapacity | None
    information_processing_capacity: ProcessingCapacity | None
    settings: dict[str, Any]
    skipped: dict[str, str] = field(default_factory=dict)

    def results(self) -> dict[str, Any]:
        """Return the measures by name; None where one was skipped."""
        return {name: getattr(self, name) for name in NAMES}

    def __str__(self) -> str:
        lines = [str(result) for result in self.results().values() if result is not None]
        return "\n".join([*lines, *(f"{name}: not measured; {why}" for name, why in self.skipped.items())])

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        values = {name: None if result is None else result.to_dict() for name, result in self.results().items()}
        return values | {"settings": dict(self.settings), "skipped": dict(self.skipped)}

    def plot(self, figure: Any = None) -> Any:
        """Draw one panel for each measure into ``figure``, or a new one, and return it."""
        return page(self.results(), self.skipped, figure)


NAMES = (
    *("rates", "interval_cv", "synchrony", "branching_ratio", "separation", "kernel_rank", "generalisation_rank"),
    *("lyapunov", "fading_memory", "effective_dimension", "memory_capacity", "information_processing_capacity"),
)


def all_of(
    liquid: Liquid,
    encoder: Encoder | None = None,
    *,
    dt: float = 1 * ms,
    rate: float | None = None,
    duration: float = 300 * ms,
    n_stimuli: int | None = None,
    n_samples: int | None = None,
    n_lags: int = 60,
    lags: Sequence[int] = LAGS,
    taus: Sequence[float] = (2.0, 8.0),
    tau: float = 30 * ms,
    seed: int = 0,
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> Measures:
    """Return all measures of a liquid; with 500 neurons in less than a minute.

    Two kinds of stimulus are used. A series of independent uniform values in [0, 1], one channel, encoded: memory capacity
    (counts and traces), information processing capacity and effective dimension (one trace per neuron, of the first of
    ``taus``; 500 neurons drawn at random if there are more). Poisson spikes on all channels: everything else, with traces of
    ``tau`` at the end of a sample as states. A measure that does not apply is skipped, with a warning.

    Parameters
    ----------
    encoder
        How a value of one channel becomes spikes of all input channels of the liquid; its ``frame`` is the duration of a
        sample. None: `lsm_sim.encode.Population` (`Rate` if there is one channel), up to 200 Hz, 20 ms. Use the one that the
        liquid is made for: memory depends on it.
    dt
        Step, in seconds.
    rate
        Of the Poisson spikes on each channel, in Hz; None: the mean rate of the encoded series.
    duration
        Of the samples of ranks and separation, in seconds.
    n_stimuli
        Number of inputs, and of variants of one (each spike moved by 4 ms), for the ranks; None: as many as neurons, at most 500.
    n_samples
        Length of the series; None: 20 per neuron, at least 3000, at most 10 000.
    n_lags, lags
        As in `memory_capacity` and `information_processing_capacity`.
    taus
        Time constants of traces of the series, in samples.
    tau
        Time constant of traces of Poisson samples, in seconds.
    seed
        Of all stimuli.
    backend, n_threads, progress
        As in `lsm_sim.run`.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> neurons, synapses = lsm.Neurons("n", 20), [lsm.Synapses("in", "n", lsm.AllToAll(), lsm.Normal(0, 1))]
    >>> found = all_of(lsm.Liquid([lsm.Inputs("in", 8)], [neurons], synapses, seed=1), n_samples=500, progress=False)
    >>> found.memory_capacity.profile.shape
    (60,)
    """
    checks.instance(liquid, Liquid, "measures.all_of", "a Liquid")
    bench = _Bench.of(liquid, encoder, dt, rate, tau, seed, backend, n_threads, progress)
    with compiled(bench.program, backend) as runner:
        spikes = _firing(bench, runner)
        found: dict[str, Any] = {"rates": rates(spikes)}
        skipped: dict[str, str] = {}
        _run(found, skipped, _trains(spikes))
        _run(found, skipped, _apart(bench, runner, duration, n_stimuli))
    series = _series_measures(bench, n_samples, n_lags, lags, taus)
    _run(found, skipped, series)
    every: dict[str, Any] = {name: found.get(name) for name in NAMES}
    return Measures(**every, settings=bench.settings(), skipped=skipped)


def _run(found: dict[str, Any], skipped: dict[str, str], todo: dict[str, Callable[[], Any]]) -> None:
    """Compute measures; one that does not apply is skipped with a warning."""
    for name, compute in todo.items():
        try:
            found[name] = compute()
        except DescriptionError as error:
            skipped[name] = str(error)
            warn(f"{name}: not measured; {error}")


@dataclass(frozen=True, eq=False)
class _Bench:
    """A liquid with its program, encoder, and how spikes are drawn and runs are made."""

    liquid: Liquid
    program: Program
    encoder: Any
    per_step: float
    traces: Traces
    seed: int
    backend: str | Backend
    n_threads: int | None
    progress: bool | None

    @staticmethod
    def of(
        liquid: Liquid,
        encoder: Any,
        dt: Any,
        rate: Any,
        tau: Any,
        seed: Any,
        backend: Any,
        n_threads: Any,
        progress: Any,
    ) -> _Bench:
        """Check everything; the rate is that of the encoded series if none is given."""
        width, dt = liquid.n_inputs, checks.positive(dt, "measures dt", "time")
        default: Any = Rate(200 * Hz, frame=20 * ms)
        if width > 1:
            default = Population(n=width, width=1.2, max_rate=200 * Hz, frame=20 * ms)
        chosen = checked_encoder(encoder, default)
        if chosen.n_channels(1) != width:
            raise DescriptionError(
                f"measures encoder: got {chosen.n_channels(1)} spike channels for one signal, expected {width}, the input channels of the liquid; give the "
                "encoder that it is made for"
            )
        seed = checks.whole(seed, "measures seed")
        values = stream(seed, "measures/rate").uniform(size=(200, 1))
        encoded = chosen([values], dt)
        per_step = encoded.n_events / float(encoded.n_steps.sum() * width)
        if rate is not None:
            per_step = checks.positive(rate, "measures rate", "rate") * dt
        if not 0 < per_step <= 0.5:
            raise DescriptionError(
                f"measures rate: got {per_step / dt:g} Hz on each channel, expected above 0 and at most {0.5 / dt:g} Hz; give another rate"
            )
        return _Bench(liquid, lower(liquid, dt), chosen, per_step, Traces(tau), seed, backend, n_threads, progress)

    @property
    def options(self) -> dict[str, Any]:
        return {"backend": self.backend, "n_threads": self.n_threads, "progress": self.progress}

    @property
    def n_kept(self) -> int:
        return min(self.program.n_neurons, _MOST_FEATURES)

    def settings(self) -> dict[str, Any]:
        return {
            "neurons": self.program.n_neurons,
            "encoder": repr(self.encoder),
            "rate": self.per_step / self.program.dt,
            "dt": self.program.dt,
            "tau": self.traces.tau,
            "seed": self.seed,
        }

    def steps(self, seconds: float) -> int:
        return max(round(min(seconds / self.program.dt, checks.MOST)), 1)

    def poisson(self, name: str, n: int, n_steps: int) -> list[stimuli.Sample]:
        check_memory(9.0 * n_steps * self.liquid.n_inputs, "measures duration")
        rng = stream(self.seed, f"measures/{name}")
        return [stimuli.poisson(n_steps, self.liquid.n_inputs, self.per_step, rng) for _ in range(n)]

    def spikes(self, samples: list[stimuli.Sample], n_steps: int) -> Spikes:
        return stimuli.as_spikes(samples, n_steps, self.liquid.n_inputs, self.program.dt)

    def states(self, runner: Compiled, stimulus: Spikes) -> Floats:
        full = stimuli.with_equal_background(stimulus, self.liquid)
        return self.traces.run(runner, full, self.n_threads, self.progress)


def _firing(bench: _Bench, runner: Compiled) -> Spikes:
    """Return the spikes of Poisson samples; refuse a liquid that is silent, warn of one that always spikes."""
    n_steps = bench.steps(_SETTLING + _FIRING)
    stimulus = stimuli.with_equal_background(bench.spikes(bench.poisson("firing", 5, n_steps), n_steps), bench.liquid)
    spikes = runner(stimulus, Request(n_threads=bench.n_threads, progress=bench.progress)).spikes
    assert spikes is not None  # `compiled` has checked it
    spikes = spikes.crop(_SETTLING)  # the start from rest would look like synchrony
    if not spikes.n_events:
        per_channel = bench.per_step / bench.program.dt
        raise DescriptionError(
            f"measures: got a liquid in which no neuron spikes under Poisson input of {per_channel:.3g} Hz on each channel, expected some that do; "
            "give a higher rate or an encoder with one, or scale weights with lsm_sim.rescale.to_mean_rate"
        )
    mean = spikes.n_events / float(spikes.durations.sum() * spikes.n_channels)
    highest = float((1 / (1 + bench.program.refractory)).mean()) / bench.program.dt
    if mean > _ALWAYS * highest:
        warn(
            f"measures: neurons spike nearly all the time, at {min(mean, highest):.0f} of at most {highest:.0f} Hz, and then say little of their input; use "
            "smaller weights or i_bias, see lsm_sim.rescale.to_mean_rate"
        )
    return spikes


def _trains(spikes: Spikes) -> dict[str, Callable[[], Any]]:
    """Return the measures of firing, to be computed."""
    return {
        "interval_cv": lambda: interval_cv(spikes),
        "synchrony": lambda: synchrony(spikes),
        "branching_ratio": lambda: branching_ratio(spikes),
    }


def _apart(bench: _Bench, runner: Compiled, duration: float, n_stimuli: int | None) -> dict[str, Callable[[], Any]]:
    """Return the measures of states under different inputs, to be computed."""
    n_steps = bench.steps(checks.positive(duration, "measures duration", "time"))
    n = bench.n_kept if n_stimuli is None else checks.whole(n_stimuli, "measures n_stimuli", 2, checks.MOST)

    def different() -> Rank:
        return kernel_rank(bench.states(runner, bench.spikes(bench.poisson("kernel", n, n_steps), n_steps)))

    def variants() -> Rank:
        (base,) = bench.poisson("variants", 1, n_steps)
        rng = stream(bench.seed, "measures/jitter")
        shape = n_steps, bench.liquid.n_inputs, _JITTER / bench.program.dt
        moved = [stimuli.jittered(base, *shape, rng) for _ in range(n)]
        return generalisation_rank(bench.states(runner, bench.spikes(moved, n_steps)))

    return {
        "separation": lambda: _separation(bench, runner, n_steps),
        "kernel_rank": different,
        "generalisation_rank": variants,
        "lyapunov": lambda: _lyapunov(bench),
        "fading_memory": lambda: _fading(bench),
    }


def _separation(bench: _Bench, runner: Compiled, n_steps: int) -> Separation:
    n = len(_SHARES) * _PAIRS
    base, fresh = bench.poisson("base", n, n_steps), bench.poisson("fresh", n, n_steps)
    rng = stream(bench.seed, "measures/replaced")
    shares = np.repeat(_SHARES, _PAIRS)
    changed = [stimuli.replaced(a, s, b, rng) for a, s, b in zip(base, shares, fresh, strict=True)]
    one, other = bench.spikes(base, n_steps), bench.spikes(changed, n_steps)
    return separation(one, other, bench.states(runner, one), bench.states(runner, other))


def _lyapunov(bench: _Bench) -> Lyapunov:
    room = 50 * ms  # until the next spike that can be moved
    n_steps = bench.steps(_START + room + _WINDOW) + bench.program.max_delay + 2
    stimulus = bench.spikes(bench.poisson("twins", _TWINS, n_steps), n_steps)
    return lyapunov(bench.liquid, stimulus, start=_START, window=_WINDOW, **bench.options)


def _fading(bench: _Bench) -> FadingMemory:
    history, common = bench.steps(_HISTORY), bench.steps(_COMMON)
    parts = [(name, steps) for name, steps in (("one", history), ("other", history), ("common", common))]
    spikes = [bench.spikes(bench.poisson(name, _TWINS, steps), steps) for name, steps in parts]
    return fading_memory(bench.liquid, *spikes, tau=bench.traces.tau, **bench.options)


def _series_measures(
    bench: _Bench, n_samples: int | None, n_lags: int, lags: Sequence[int], taus: Sequence[float]
) -> dict[str, Callable[[], Any]]:
    """Run the series and return the measures of what states say of it, to be computed."""
    default = max(_FEWEST_SAMPLES, _SAMPLES_PER_FEATURE * bench.n_kept)
    n = default if n_samples is None else checks.whole(n_samples, "measures n_samples", 2, checks.MOST)
    series = stream(bench.seed, "measures/series").uniform(size=n)
    stimulus = bench.encoder([series[:, None]], bench.program.dt)
    edges = sample_edges(stimulus, n)
    everything = with_background(stimulus, bench.liquid)
    counts = run_counts(bench.program, bench.backend, everything, edges, bench.n_threads, bench.progress)
    constants = checks.real_array(taus, "measures taus")
    if constants.ndim != 1 or not constants.size:
        raise DescriptionError(f"measures taus: got {taus!r}, expected at least one time constant, in samples")
    chosen = np.sort(stream(bench.seed, "measures/neurons").permutation(counts.shape[1])[: bench.n_kept])
    one_trace = with_traces(counts[:, chosen], constants[:1].tolist(), keep_counts=False)
    horizon = (bench.program.max_delay + 1) / float(edges[0, 1])
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
