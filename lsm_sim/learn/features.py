"""Features: from spikes to the numbers that a readout sees, shape (samples, features).

``of`` computes them from any `Spikes`; ``run`` requests from a runner only what they need; counts need no spikes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from lsm_sim.engine.protocol import Request, Runner
from lsm_sim.errors import DescriptionError, RunError
from lsm_sim.learn.streaming import CountStream, FeaturesStream, WindowStream, trace_window
from lsm_sim.spikes.bins import equal_bins, windows
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory
from lsm_sim.support.parameters import Parameters
from lsm_sim.support.warn import warn_if_long

RESOLUTION = 2.0**-10  # of one spike; what a trace of 11 bits and sign on a chip would hold
_LONG_TAU, _LONG_WINDOW = 2.0, 5.0  # s; there is a warning beyond them
_CHUNK = 64  # samples whose spikes are held at once if counts are not enough


class Features(Protocol):
    """Numbers per sample, computed from spikes."""

    def of(self, spikes: Spikes) -> Floats:
        """Return the features of ``spikes``, shape (samples, features)."""
        ...

    def run(
        self, runner: Runner, stimulus: Spikes, n_threads: int | None = None, progress: bool | None = None
    ) -> Floats:
        """Run the stimulus and return the features of the network's spikes."""
        ...


@dataclass(frozen=True)
class Counts(Parameters):
    """Spike counts in ``bins`` equal bins of each sample's own length, or in windows of ``window`` seconds.

    Windows cover ``n_windows`` * ``window`` seconds from the start (None: the longest sample of the batch); a sample that
    lasts longer is an error. Features run bin by bin: all neurons of bin 0, then of bin 1, ... ``per_second`` divides
    by the length of the bin, so that samples of different lengths are comparable (an empty bin gives 0). ``sqrt`` takes the
    square root, which makes the variance of Poisson counts the same at all rates (Anscombe, Biometrika 35, 1948). The sums of
    the payloads of graded events take the place of counts; of a negative sum, the square root of the magnitude keeps its sign.
    """

    bins: int = 1
    _: KW_ONLY
    window: float | None = None
    n_windows: int | None = None
    sqrt: bool = False
    per_second: bool = False

    def __post_init__(self) -> None:
        checks.whole(self.bins, "Counts bins", minimum=1)
        checks.flag(self.sqrt, "Counts sqrt")
        checks.flag(self.per_second, "Counts per_second")
        if self.window is not None:
            object.__setattr__(self, "window", checks.positive(self.window, "Counts window", "time"))
            warn_if_long(self.window, _LONG_WINDOW, "Counts window")
        if self.n_windows is not None:
            checks.whole(self.n_windows, "Counts n_windows", 1, checks.MOST)

    def of(self, spikes: Spikes) -> Floats:
        """Return the counts of ``spikes``, the sums of payloads where events have them."""
        checks.instance(spikes, Spikes, "Counts", "Spikes")
        edges = self.edges(spikes)
        return self.finished(spikes.payload_sums(edges), edges, spikes.dt)

    def run(
        self, runner: Runner, stimulus: Spikes, n_threads: int | None = None, progress: bool | None = None
    ) -> Floats:
        """Run the stimulus; only counts are stored."""
        edges = self.edges(stimulus)
        request = Request(spikes=False, bins=edges, n_threads=n_threads, progress=progress)
        counts = runner(stimulus, request).counts
        if counts is None:
            raise RunError("the backend returned no counts although they were requested")
        return self.finished(counts, edges, stimulus.dt)

    def n_spikes(self, features: Floats, stimulus: Spikes) -> float:
        """Return how many spikes were counted in the features of this stimulus."""
        values = np.square(features) if self.sqrt else features
        if not self.per_second:
            return float(values.sum())
        duration = np.diff(self.edges(stimulus), axis=1) * stimulus.dt
        return float((values.reshape(*duration.shape, -1) * duration[:, :, None]).sum())

    def get_feature_names_out(self, neurons: Sequence[str]) -> npt.NDArray[np.object_]:
        """Return the names of the features of neurons with these names, such as ``exc[3] bin 0``."""
        if self.window is not None and self.n_windows is None:
            raise DescriptionError(
                "Counts: the number of windows depends on the batch; set n_windows to name the features"
            )
        n, part = (self.bins, "bin") if self.window is None else (self.n_windows or 0, "window")
        return np.array([f"{neuron} {part} {k}" for k in range(n) for neuron in neurons], object)

    def edges(self, spikes: Spikes) -> Ints:
        """Return the edges of the bins of each sample, in steps, (samples, bins + 1)."""
        if self.window is None:
            return equal_bins(spikes.n_steps, self.bins)
        width = round(self.window / spikes.dt)
        edges = windows(spikes.n_steps, width)
        n_windows = int(self.n_windows or 0) or edges.shape[1] - 1
        if edges.shape[1] - 1 > n_windows:
            longest = spikes.n_steps.max() * spikes.dt
            raise DescriptionError(
                f"Counts: got a sample of {longest:g} s, expected at most n_windows * window = {n_windows * self.window:g} s"
            )
        return np.pad(edges, ((0, 0), (0, n_windows + 1 - edges.shape[1])), mode="edge")

    def stream(self, n_channels: int, dt: float, n_steps: int | None = None) -> FeaturesStream:
        """Return the counts of spikes that come piece by piece, see `FeaturesStream`; ``n_steps``: of the last steps only."""
        if n_steps is None and self.window is None and self.bins == 1:
            return CountStream(self, n_channels, dt)
        return WindowStream(self, n_channels, dt, n_steps)

    def finished(self, counts: npt.NDArray[np.int32] | Ints, edges: Ints, dt: float) -> Floats:
        """Return the features that these counts (B, bins, C) of bins with these edges (B, bins + 1) give."""
        check_memory(counts.size * 16, "Counts")  # as floats, and a copy for their roots
        values = counts.astype(np.float64)
        if self.per_second:
            duration = np.diff(edges, axis=1) * dt
            values /= np.where(duration > 0, duration, 1.0)[:, :, None]
        flat = values.reshape(len(values), -1)
        return np.copysign(np.sqrt(np.abs(flat)), flat) if self.sqrt else flat


def checked_resolution(resolution: float | None, where: str) -> float | None:
    """Return the resolution of traces, at most half a spike and at least 2^-30, or None."""
    if resolution is None:
        return None
    value = checks.positive(resolution, where)
    if not 2.0**-30 <= value <= 0.5:
        raise DescriptionError(f"{where}: got {value:g}, expected a fraction of one spike in [2^-30, 0.5], or None")
    return value


def trace_kernel(tau: float, resolution: float | None, n_steps: int) -> tuple[Floats, float]:
    """Return what a spike adds to a trace when it is 0, 1, 2, ... steps old, and the unit of these numbers.

    ``tau`` is in steps; there are at most ``n_steps`` numbers. With a ``resolution``, they are integers, whose sums are exact
    in any order, and zeros at the end are left out.
    """
    kernel = np.exp(-np.arange(n_steps) / tau)
    if resolution is None:
        return kernel, 1.0
    multiples = np.rint(kernel / resolution)
    return multiples[multiples > 0], resolution


@dataclass(frozen=True)
class Traces(Parameters):
    """Exponential traces, sampled at ``times`` of each sample.

    A trace is the sum over past spikes of

        round(exp(-age / tau) / resolution) * resolution        age = 0 at the end of the step of the spike

    ``times`` are fractions of the sample's own length in (0, 1], or seconds where ``seconds`` is set. Features run time by
    time: all neurons at the first time, then at the second, ... A graded event counts as often as its payload says.

    Each spike counts in multiples of ``resolution`` (default 2^-10 of one spike), so it counts for nothing once it is older
    than tau * ln(2 / resolution), 7.6 tau by default. Without a resolution, a readout that standardises its features would
    scale traces of 1e-40 up to unit variance and read spikes from seconds ago, which no device could. The sums are exact, so
    they do not depend on the order of spikes or on how a recording is cut. ``resolution=None`` does not round.
    """

    tau: float
    times: tuple[float, ...] = (1.0,)
    _: KW_ONLY
    seconds: bool = False
    resolution: float | None = RESOLUTION

    def __post_init__(self) -> None:
        object.__setattr__(self, "tau", checks.positive(self.tau, "Traces tau", "time"))
        checks.flag(self.seconds, "Traces seconds")
        warn_if_long(self.tau, _LONG_TAU, "Traces tau")
        times = checks.real_array(self.times, "Traces times", "time" if self.seconds else None)
        if times.ndim != 1 or times.size == 0 or (np.diff(times) <= 0).any() or times[0] <= 0:
            raise DescriptionError(f"Traces times: got {self.times}, expected ascending times > 0")
        if not self.seconds and times[-1] > 1:
            raise DescriptionError(
                f"Traces times: got {times[-1]:g}, expected fractions in (0, 1]; for seconds set seconds=True"
            )
        object.__setattr__(self, "times", tuple(times.tolist()))
        object.__setattr__(self, "resolution", checked_resolution(self.resolution, "Traces resolution"))

    def of(self, spikes: Spikes) -> Floats:
        """Return the traces of ``spikes``."""
        checks.instance(spikes, Spikes, "Traces", "Spikes")
        ends = self._ends(spikes)
        kernel, unit = trace_kernel(self.tau / spikes.dt, self.resolution, int(spikes.n_steps.max(initial=1)))
        out = np.zeros((len(spikes), len(self.times), spikes.n_channels))
        sample = spikes.sample
        for j in range(len(self.times)):
            age = ends[sample, j] - 1 - spikes.step
            counted = (age >= 0) & (age < kernel.size)
            flat = sample[counted] * spikes.n_channels + spikes.channel[counted]
            added = kernel[age[counted]]
            if spikes.payload is not None:
                added = added * spikes.payload[counted]
            total = np.bincount(flat, added, minlength=len(spikes) * spikes.n_channels)
            out[:, j] = total.reshape(len(spikes), -1) * unit
        return out.reshape(len(spikes), -1)

    def run(
        self, runner: Runner, stimulus: Spikes, n_threads: int | None = None, progress: bool | None = None
    ) -> Floats:
        """Run the stimulus, a few samples at a time, and keep only the traces of their spikes."""
        parts = []
        for first in range(0, len(stimulus), _CHUNK):
            spikes = runner(stimulus[first : first + _CHUNK], Request(n_threads=n_threads, progress=progress)).spikes
            if spikes is None:
                raise RunError("the backend returned no spikes although they were requested")
            parts.append(self.of(spikes))
        return np.concatenate(parts)

    def get_feature_names_out(self, neurons: Sequence[str]) -> npt.NDArray[np.object_]:
        """Return the names of the features of neurons with these names, such as ``exc[3] trace at 0.5``."""
        unit = " s" if self.seconds else ""
        return np.array([f"{neuron} trace at {time:g}{unit}" for time in self.times for neuron in neurons], object)

    def stream(self, n_channels: int, dt: float, n_steps: int | None = None) -> FeaturesStream:
        """Return the traces of spikes that come piece by piece, see `FeaturesStream`; ``n_steps``: of the last steps only.

        Traces at the end of a sample, ``times=(1.0,)``, need only the last steps; at other times, all spikes are kept.
        """
        if self.seconds or self.times != (1.0,):
            return WindowStream(self, n_channels, dt, n_steps)
        whole = WindowStream(self, n_channels, dt, n_steps)  # checks the arguments
        window = trace_window(self.tau, self.resolution, whole.dt, n_steps)
        return WindowStream(self, n_channels, dt, window)

    def _ends(self, spikes: Spikes) -> Ints:
        """Return the number of steps that have ended at each time, shape (samples, times)."""
        times = np.asarray(self.times)
        if not self.seconds:
            return np.rint(times * spikes.n_steps[:, None]).astype(np.int64)
        ends = np.broadcast_to(np.rint(times / spikes.dt).astype(np.int64), (len(spikes), times.size))
        if (ends[:, -1] > spikes.n_steps).any():
            shortest = spikes.n_steps.min() * spikes.dt
            raise DescriptionError(
                f"Traces: got a sample of {shortest:g} s, expected at least the {times[-1]:g} s of the last time"
            )
        return np.asarray(ends)
