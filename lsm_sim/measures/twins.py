"""A Lyapunov exponent, estimated from twins: whether the state forgets that one input spike came later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import DEFAULT, Backend
from lsm_sim.errors import DescriptionError
from lsm_sim.measures.checked import plain
from lsm_sim.measures.pairs import How, apart, program_of, recorded
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_POINTS = 200
_FLOOR = 1e-14  # thresholds: rounding errors are larger
_SATURATED = 0.3  # of the distance of unrelated samples; growth is no longer exponential beyond
_FEWEST = 3  # points of a fit


@dataclass(frozen=True, eq=False)
class Lyapunov:
    """Growth of a small difference.

    Parameters
    ----------
    exponent
        Per second: above 0 differences grow, below 0 they are forgotten.
    times, distance
        Time after the last direct effect of the moved spike, in seconds, and the median over twins of the distance
        of states, in thresholds (T,).
    unrelated
        Distance of states under different inputs, in thresholds: where growth ends. NaN with only one sample.
    fitted
        Number of times, from the first, that the exponent was fitted to.
    n_twins
        Number of pairs.
    """

    exponent: float
    times: Floats
    distance: Floats
    unrelated: float
    fitted: int
    n_twins: int

    def __str__(self) -> str:
        what = "differences grow" if self.exponent > 0 else "differences are forgotten"
        return f"Lyapunov exponent: {self.exponent:+.1f} per second ({what}; {self.n_twins} twins, {1000 * self.times[self.fitted - 1]:.0f} ms)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the distance of the twins over time and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        time = 1000 * self.times
        ax.semilogy(time, self.distance, color=figures.BLUE, linewidth=figures.LINE)
        part = slice(0, self.fitted)
        line = self.exponent * self.times[part]
        middle = np.log(np.maximum(self.distance[part], _FLOOR)).mean() - line.mean()
        ax.semilogy(time[part], np.exp(line + middle), color=figures.VERMILION, linewidth=figures.LINE)
        if np.isfinite(self.unrelated):
            ax.axhline(self.unrelated, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
        figures.tidy(ax, "Time (ms)", "Distance (thresholds)")
        ax.tick_params(which="minor", labelsize=figures.TICK)
        return ax


def lyapunov(
    network: Any,
    stimulus: Spikes,
    *,
    start: float | None = None,
    window: float = 200 * ms,
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> Lyapunov:
    """Return the rate at which two copies of a network part after one input spike of one of them came a step later, per second.

    The exponent is the slope of the median over twins of ln d(t), with d the root mean square over neurons of the differences
    of v, u (as what v is still to receive from it) and further variables, in thresholds. The fit starts when the moved spike
    has arrived everywhere directly, and ends after ``window`` seconds, or when the twins are as far apart as 0.3 of unrelated
    samples. Each sample gives one twin; background noise is the same in all. R. Legenstein, W. Maass: Edge of chaos and
    prediction of computational performance for neural circuit models. Neural Networks 20, 323-334 (2007).

    It is an estimate for a finite time and size of the perturbation: spikes make the state jump, so that there is no
    infinitesimal difference. The median is used because a few spikes that matter to no neuron would otherwise decide the mean.
    A liquid that computes well may be on either side of 0.

    Parameters
    ----------
    network
        A `Liquid` or a `Program` in float64.
    stimulus
        Some samples with events after ``start``, equally long if the liquid has background noise.
    start
        When the first movable spike is moved, in seconds; None: a third of the shortest sample.
    window
        In seconds.
    backend, n_threads, progress
        As for `lsm_sim.run`.

    Examples
    --------
    >>> import lsm_sim as lsm
    >>> synapse = lsm.Synapses("in", "n", lsm.AllToAll(), 0.1)  # leaky integrators that never spike forget with -1/tau_m
    >>> leaky = lsm.Liquid([lsm.Inputs("in", 1)], [lsm.Neurons("n", 3, tau_m=50e-3, tau_syn=1e-3)], [synapse])
    >>> print(lyapunov(leaky, Spikes.from_trains([[0.2]], duration=0.6, dt=1e-3)))
    Lyapunov exponent: -21.2 per second (differences are forgotten; 1 twins, 199 ms)
    """
    checks.instance(stimulus, Spikes, "lyapunov: stimulus", "Spikes; see lsm_sim.encode")
    if not len(stimulus):
        raise DescriptionError("lyapunov: got no samples, expected at least one")
    how = How(backend, n_threads, progress)
    program = program_of(network, stimulus, "lyapunov")
    twins, moved = _twins(stimulus, start)
    first = int(moved.max()) + _longest_input_delay(program) + 2
    n_steps = round(min(checks.positive(window, "lyapunov window", "time") / stimulus.dt, checks.MOST))
    if first + n_steps > stimulus.n_steps.min():
        needed = (first + n_steps) * stimulus.dt
        raise DescriptionError(
            f"lyapunov: got samples of {stimulus.n_steps.min() * stimulus.dt:g} s, expected at least {needed:g} s: until the moved spike has arrived "
            "everywhere, and the window; use longer samples or a shorter window"
        )
    steps = first + np.unique(np.linspace(0, n_steps - 1, min(_POINTS, n_steps)).astype(np.int64))
    if steps.size < _FEWEST:
        raise DescriptionError(
            f"lyapunov window: got {window:g} s, expected at least {_FEWEST} steps of {stimulus.dt:g} s"
        )
    both = recorded(network, Spikes.concatenate([stimulus, twins]), steps, "lyapunov", how)
    n = len(stimulus)
    squared: Any = sum(apart(values, n) ** 2 for values in both.variables.values())
    middle: Any = np.median(np.log(np.maximum(np.sqrt(squared), _FLOOR)), axis=0)
    unrelated = _unrelated([values[:n] for values in both.variables.values()])
    times: Any = (steps - first) * stimulus.dt
    exponent, fitted = slope(times, middle, unrelated)
    return Lyapunov(exponent, times, np.exp(middle), unrelated, fitted, n)


def slope(times: Floats, log_distance: Floats, unrelated: float) -> tuple[float, int]:
    """Return the slope of a line fitted until the distance is near that of unrelated samples, and the number of points used."""
    beyond = np.flatnonzero(log_distance > np.log(_SATURATED * unrelated)) if unrelated > 0 else np.empty(0, int)
    n = max(int(beyond[0]) if beyond.size else times.size, _FEWEST)
    return float(np.polyfit(times[:n], log_distance[:n], 1)[0]), n


def _unrelated(variables: list[Floats]) -> float:
    """Return the mean distance of the states of neighbouring samples."""
    if len(variables[0]) < 2:
        return float("nan")
    total = sum(((np.roll(values, 1, axis=0) - values) ** 2).mean(axis=2) for values in variables)
    return float(np.sqrt(total).mean())


def _twins(stimulus: Spikes, start: float | None) -> tuple[Spikes, Any]:
    """Return the stimulus with one event of each sample a step later, and the steps at which these events were."""
    begin = int(stimulus.n_steps.min()) // 3
    if start is not None:
        begin = round(min(checks.positive(start, "lyapunov start", "time") / stimulus.dt, checks.MOST))
    step, moved = stimulus.step.astype(np.int64), np.zeros(len(stimulus), np.int64)
    for b, (low, high) in enumerate(zip(stimulus.offsets[:-1], stimulus.offsets[1:], strict=True)):
        events = set(zip(step[low:high].tolist(), stimulus.channel[low:high].tolist(), strict=True))
        last = int(stimulus.n_steps[b]) - 1
        free = (
            event
            for event in range(int(low), int(high))
            if begin <= step[event] < last and (int(step[event]) + 1, int(stimulus.channel[event])) not in events
        )
        event = next(free, None)
        if event is None:
            raise DescriptionError(
                f"lyapunov: got no spike in sample {b} after {begin * stimulus.dt:g} s that can come a step later, expected one; use a "
                "higher rate, longer samples or another start"
            )
        moved[b] = step[event]
        step[event] += 1
    return (
        Spikes.from_events(
            step,
            stimulus.channel,
            sample=stimulus.sample,
            n_steps=stimulus.n_steps,
            n_channels=stimulus.n_channels,
            dt=stimulus.dt,
            sort=True,
            payload=stimulus.payload,
        ),
        moved,
    )


def _longest_input_delay(program: Program) -> int:
    """Return the longest delay of a synapse from an input channel, in steps."""
    return max(
        int(block.delay[block.indptr[0] : block.indptr[program.n_inputs]].max(initial=0)) for block in program.blocks
    )
