"""Spikes of one sample: raster, and the rate of each group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats, Ints

UNGROUPED = "other"
_TICK_ROW = 1.5  # points; rows at least this high get vertical ticks, lower rows dots
_SPIKES_PER_BIN = 20  # with fewer the histogram is mostly noise
_INK = 0.3  # fraction of the area that dots should cover
_VECTOR_LIMIT = 5000  # with more markers they are rasterised, also in a PDF


def raster(
    spikes: Spikes,
    sample: int = 0,
    ax: Axes | None = None,
    *,
    histogram: bool = True,
    bin_width: float | None = None,
    colours: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the spikes of one sample, coloured by group, and below them the rate of each group.

    Parameters
    ----------
    spikes
        For example ``result.spikes``; ``spikes["exc"]`` draws one group only.
    sample
        Index of the sample.
    ax
        Its space is shared with the histogram.
    histogram
        Whether to draw `rates` below.
    bin_width
        Bin width of the histogram, in seconds; see `rates`.
    colours
        Colours by group name, instead of the default ones.

    Returns
    -------
    The Axes of the raster; those of the histogram are the last in the figure (``ax.figure.axes[-1]``).
    """
    one, members = _one_sample(spikes, sample)
    paint = figures.group_colours(list(members), colours)
    ax = figures.axes(ax, height=2.4)
    scale, unit = time_unit(float(one.durations[0]))
    figures.tidy(ax, f"Time ({unit})", "Neuron")
    ax.set_xlim(0, float(one.durations[0]) * scale)
    ax.set_ylim(-0.5, one.n_channels - 0.5)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    below = figures.split_below(ax, share=0.28) if histogram else None
    look = _marks(ax, one)
    for name, index in members.items():
        mine = np.isin(one.channel, index)
        ax.plot(one.times()[mine] * scale, one.channel[mine], color=paint[name], label=name, **look)
    if not one.n_events:
        figures.say(ax, "no spikes")
    if len(members) > 1:
        figures.legend(ax, paint, above=True)
    if below is not None:
        _draw_rates(below, one, members, paint, bin_width)
        ax.figure.align_ylabels([ax, below])
    return ax


def rates(
    spikes: Spikes,
    sample: int = 0,
    ax: Axes | None = None,
    *,
    bin_width: float | None = None,
    colours: Mapping[str, Any] | None = None,
) -> Axes:
    """Draw the mean rate per neuron of each group in one sample, in Hz.

    Parameters
    ----------
    spikes, sample, ax, colours
        As in `raster`.
    bin_width
        In seconds, rounded to whole steps; None: at most 100 bins, fewer if there are few spikes. The last bin may be shorter.
    """
    one, members = _one_sample(spikes, sample)
    paint = figures.group_colours(list(members), colours)
    ax = figures.axes(ax, height=1.4)
    _draw_rates(ax, one, members, paint, bin_width)
    if len(members) > 1:
        figures.legend(ax, paint, above=True)
    return ax


def time_unit(duration: float) -> tuple[float, str]:
    """Return the factor for times in seconds, and the unit: ms below two seconds, else s."""
    return (1000.0, "ms") if duration < 2 else (1.0, "s")


def check_sample(sample: int, n_samples: int) -> int:
    """Return ``sample`` as an int if it exists."""
    index = checks.whole(sample, "sample")
    if index >= n_samples:
        known = f"0..{n_samples - 1}" if n_samples else "at least one sample"
        raise DescriptionError(f"sample: got {sample}, expected {known}")
    return index


def _one_sample(spikes: Spikes, sample: int) -> tuple[Spikes, dict[str, Ints]]:
    """Return the sample and the neurons of each group; neurons without a group form one more group."""
    if not isinstance(spikes, Spikes):
        raise DescriptionError(f"spikes: got {type(spikes).__name__}, expected Spikes, such as result.spikes")
    one = spikes[check_sample(sample, len(spikes))]
    if one.n_channels == 0:
        raise DescriptionError("spikes: got spikes of zero neurons, expected at least one")
    members = {name: np.asarray(index, np.int64) for name, index in one.groups.items() if len(index)}
    inside = np.concatenate([np.empty(0, np.int64), *members.values()])
    outside = np.setdiff1d(np.arange(one.n_channels), inside)
    if outside.size:
        members[UNGROUPED] = outside
    return one, members


def _marks(ax: Axes, one: Spikes) -> dict[str, Any]:
    """Return a marker style that is legible for any number of neurons and spikes."""
    box = ax.get_window_extent()
    width, height = 72 / ax.figure.dpi * box.width, 72 / ax.figure.dpi * box.height
    common: dict[str, Any] = {"linestyle": "none", "rasterized": one.n_events > _VECTOR_LIMIT}
    row = height / one.n_channels
    if row >= _TICK_ROW:
        return common | {"marker": "|", "markersize": min(0.75 * row, 9.0), "markeredgewidth": 0.7}
    area_each = width * height / max(one.n_events, 1)
    size = float(np.clip(np.sqrt(_INK * area_each * 4 / np.pi), 0.5, 1.6))
    alpha = float(np.clip(_INK * area_each / (np.pi / 4 * size**2), 0.1, 1.0))
    return common | {"marker": "o", "markersize": size, "markeredgewidth": 0, "alpha": alpha}


def _edges(one: Spikes, bin_width: float | None) -> Ints:
    """Return the edges of the bins, in steps, the last at the end of the sample."""
    n_steps = int(one.n_steps[0])
    if bin_width is None:
        n_bins = np.clip(one.n_events // _SPIKES_PER_BIN, 10, 100)
        steps = _round_number(n_steps / n_bins)
    else:
        steps = max(1, round(checks.positive(bin_width, "bin_width", "time") / one.dt))
    return np.append(np.arange(0, n_steps, steps), n_steps)


def _round_number(x: float) -> int:
    """Return the smallest number >= x that is 1, 2 or 5 times a power of ten, at least 1."""
    power = 10 ** math.floor(math.log10(max(x, 1)))
    return next(int(factor * power) for factor in (1, 2, 5, 10) if factor * power >= x)


def _group_rates(one: Spikes, index: Ints, edges: Ints) -> Floats:
    """Return spikes per neuron and second in each bin."""
    counts = np.histogram(one.step[np.isin(one.channel, index)], bins=edges)[0]
    return np.asarray(counts / (np.diff(edges) * one.dt * index.size))


def _draw_rates(ax: Any, one: Spikes, members: Mapping[str, Ints], paint: Mapping[str, Any], width: Any) -> None:
    edges = _edges(one, width)
    scale, unit = time_unit(float(one.durations[0]))
    figures.tidy(ax, f"Time ({unit})", "Rate (Hz)")
    highest = 0.0
    for name, index in members.items():
        rate = _group_rates(one, index, edges)
        highest = max(highest, float(rate.max()))
        ax.stairs(rate, edges * one.dt * scale, color=paint[name], linewidth=figures.LINE, label=name, baseline=None)
    ax.set_xlim(0, float(one.durations[0]) * scale)
    ax.set_ylim(0, 1.08 * highest or 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(3))
