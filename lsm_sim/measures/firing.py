"""How neurons fire: rates, irregularity of intervals, synchrony."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.measures.checked import bin_steps, binned, checked_spikes, plain
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_FEWEST_BINS = 10


@dataclass(frozen=True, eq=False)
class Rates:
    """Mean rate of each neuron.

    Parameters
    ----------
    per_neuron
        In Hz, (N,).
    mean, deviation
        Over neurons, in Hz.
    silent
        Fraction of neurons without a spike.
    ceiling
        The highest possible rate without a refractory period, one spike per step, in Hz.
    """

    per_neuron: Floats
    mean: float
    deviation: float
    silent: float
    ceiling: float

    def __str__(self) -> str:
        return f"rates: {self.mean:.1f} Hz, {self.deviation:.1f} Hz deviation over neurons, {self.silent:.0%} silent"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the histogram of rates and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.hist(self.per_neuron, bins=30, color=figures.BLUE)
        ax.axvline(self.mean, color=figures.VERMILION, linewidth=figures.LINE)
        figures.tidy(ax, "Rate (Hz)", "Neurons")
        return ax


def rates(spikes: Spikes) -> Rates:
    """Return the rate of each neuron over all samples: its spikes divided by the whole duration, in Hz.

    Examples
    --------
    >>> print(rates(Spikes.from_trains([[0.01, 0.05], []], duration=0.1, dt=1e-3)))
    rates: 10.0 Hz, 10.0 Hz deviation over neurons, 50% silent
    """
    checks.instance(spikes, Spikes, "rates", "Spikes, such as those of a result")
    if not len(spikes) or not spikes.n_channels:
        raise DescriptionError("rates: got no samples or no neurons, expected at least one of each")
    counts = np.bincount(spikes.channel, minlength=spikes.n_channels)
    each = counts / spikes.durations.sum()
    return Rates(each, float(each.mean()), float(each.std()), float((counts == 0).mean()), 1 / spikes.dt)


@dataclass(frozen=True, eq=False)
class IntervalCV:
    """Irregularity of spike trains.

    Parameters
    ----------
    per_neuron
        CV of neurons with enough intervals, (M,).
    mean
        Of these; NaN if there are none.
    n_neurons
        Number of all neurons.
    fewest
        Intervals that a neuron needed.
    """

    per_neuron: Floats
    mean: float
    n_neurons: int
    fewest: int

    def __str__(self) -> str:
        return f"CV of intervals: {self.mean:.2f} ({self.per_neuron.size} of {self.n_neurons} neurons have {self.fewest} intervals or more)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the histogram and return the Axes; a Poisson process has 1."""
        ax = figures.axes(axes, height=2.0)
        if self.per_neuron.size:
            ax.hist(self.per_neuron, bins=30, color=figures.BLUE)
        ax.axvline(1.0, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
        figures.tidy(ax, "CV of intervals (dashed: Poisson)", "Neurons")
        return ax


def interval_cv(spikes: Spikes, *, fewest: int = 5) -> IntervalCV:
    """Return the coefficient of variation of inter-spike intervals: standard deviation over mean, per neuron.

    1 for a Poisson process (slightly less in steps of time), 0 for a clock; it has no unit. Intervals do not span samples.
    Rates that change within a sample raise it. W. R. Softky, C. Koch: The highly irregular firing of cortical cells is
    inconsistent with temporal integration of random EPSPs. J. Neuroscience 13, 334-350 (1993).

    Parameters
    ----------
    spikes
        All samples are taken together.
    fewest
        Neurons with fewer intervals are left out.

    Examples
    --------
    >>> print(interval_cv(Spikes.from_trains([np.arange(10) / 100], duration=0.1, dt=1e-3)))
    CV of intervals: 0.00 (1 of 1 neurons have 5 intervals or more)
    """
    spikes = checked_spikes(spikes, "interval_cv")
    fewest = checks.whole(fewest, "interval_cv fewest", minimum=2)
    order = np.lexsort((spikes.step, spikes.sample, spikes.channel))
    neuron, sample, step = spikes.channel[order], spikes.sample[order], spikes.step[order].astype(np.int64)
    inside = (np.diff(neuron) == 0) & (np.diff(sample) == 0)
    who, interval = neuron[1:][inside], np.diff(step)[inside]
    n = np.bincount(who, minlength=spikes.n_channels)
    kept = n >= fewest
    mean = np.bincount(who, interval, minlength=spikes.n_channels)[kept] / n[kept]
    square = np.bincount(who, interval.astype(float) ** 2, minlength=spikes.n_channels)[kept] / n[kept]
    each = np.sqrt(np.maximum(square - mean**2, 0)) / mean
    return IntervalCV(each, float(each.mean()) if each.size else float("nan"), spikes.n_channels, fewest)


@dataclass(frozen=True, eq=False)
class Synchrony:
    """How far neurons fire together.

    Parameters
    ----------
    chi
        0 (the limit of many independent neurons) to 1 (all alike).
    independent
        chi of as many independent neurons, 1 / sqrt(N).
    population
        Spikes of all neurons per bin in the first sample, for the plot.
    bin
        In seconds.
    """

    chi: float
    independent: float
    population: Floats
    bin: float

    def __str__(self) -> str:
        return (
            f"synchrony: {self.chi:.2f} in bins of {1000 * self.bin:g} ms (independent neurons: {self.independent:.2f})"
        )

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the spikes of the whole population over time and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.plot(np.arange(self.population.size) * self.bin, self.population, color=figures.BLUE, linewidth=figures.THIN)
        ax.set_ylim(bottom=0)
        figures.tidy(ax, "Time (s)", f"Spikes in {1000 * self.bin:g} ms")
        return ax


def synchrony(spikes: Spikes, bin: float = 5 * ms) -> Synchrony:  # noqa: A002
    """Return chi: the deviation over time of the population's mean count, over that of single neurons.

    chi^2 = Var_t(mean_i c_i) / mean_i Var_t(c_i) with the counts c_i(t) of ``spikes`` in bins of ``bin`` seconds; it has no unit. A common
    input synchronises too: chi does not say that neurons synchronise each other. D. Golomb, J. Rinzel: Clustering in globally
    coupled inhibitory neurons. Physica D 72, 259-282 (1994).

    Examples
    --------
    >>> train = np.sort(np.random.default_rng(1).choice(1000, 40, replace=False)) / 1000
    >>> print(synchrony(Spikes.from_trains([train] * 9, duration=1.0, dt=1e-3)))
    synchrony: 1.00 in bins of 5 ms (independent neurons: 0.33)
    """
    spikes = checked_spikes(spikes, "synchrony")
    width = bin_steps(bin, spikes.dt, "synchrony")
    parts = binned(spikes, width, "synchrony", _FEWEST_BINS)
    counts = np.concatenate([part - part.mean(axis=0) for part in parts])
    single = float((counts**2).mean(axis=0).mean())
    if single == 0:
        raise DescriptionError(
            "synchrony: got the same count in every bin, as of neurons that spike all the time; use a weaker stimulus or other bins"
        )
    chi = float(np.sqrt((counts.mean(axis=1) ** 2).mean() / single))
    return Synchrony(chi, spikes.n_channels**-0.5, parts[0].sum(axis=1), width * spikes.dt)
