"""Spikes of one sample: raster, and the rate of each group."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from lsm_sim.errors import DescriptionError
from lsm_sim.plot import spike_density
from lsm_sim.plot.time_axis import TimeUnit, per_second
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats, Ints

UNGROUPED = "other"
_TICK_ROW = 1.5  # points; rows at least this high get vertical ticks, lower rows dots
_SPIKES_PER_BIN = 20  # with fewer the histogram is mostly noise
_INK = 0.3  # fraction of the area that dots should cover
_VECTOR_LIMIT = 5000  # with more markers they are rasterised, also in a PDF
_MARK_LIMIT = 20_000  # with more spikes, marks that overlap become an image
_OVERLAP = 0.5  # marks that cover more than this share of the area overlap


def raster(
    spikes: Spikes,
    sample: int = 0,
    ax: Axes | None = None,
    *,
    histogram: bool = True,
    bin_width: float | None = None,
    colours: Mapping[str, Any] | None = None,
    xlim: tuple[float, float] | None = None,
    unit: TimeUnit = "ms",
    density: bool | None = None,
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
    xlim
        Draw only from the first to the second time, in seconds: ``xlim=(1000 * ms, 1200 * ms)``. None: the whole sample.
    unit
        Unit of the time axis, ``"ms"`` or ``"s"``; it does not depend on the duration, so ``ax.set_xlim(1000, 1200)`` always
        means ms unless ``unit="s"``.
    density
        Draw an image instead of one mark for each spike: the more spikes of a group in a cell, the stronger its colour.
        None: if there are more than 20 000 spikes and their marks would overlap.

    Returns
    -------
    The Axes of the raster; those of the histogram are the last in the figure (``ax.figure.axes[-1]``).
    """
    one, members = _one_sample(spikes, sample)
    part = _Part.of(one, xlim, unit)
    paint = figures.group_colours(list(members), colours)
    ax = figures.axes(ax, height=2.4)
    figures.tidy(ax, f"Time ({unit})", "Neuron")
    ax.set_ylim(-0.5, one.n_channels - 0.5)
    ax.yaxis.set_major_locator(MaxNLocator(5, integer=True))
    below = figures.split_below(ax, share=0.28) if histogram else None
    look = _marks(ax, part.spikes)
    if part.spikes.n_events and (_overlap(ax, part.spikes, look) if density is None else density):
        spike_density.draw(ax, part.spikes, members, paint, *part.ends)
    else:
        _draw_marks(ax, part, members, paint, look)
    ax.set_xlim(part.limits)
    if len(members) > 1:
        figures.legend(ax, paint, above=True)
    if below is not None:
        _draw_rates(below, part, members, paint, bin_width)
        ax.figure.align_ylabels([ax, below])
    return ax


def rates(
    spikes: Spikes,
    sample: int = 0,
    ax: Axes | None = None,
    *,
    bin_width: float | None = None,
    colours: Mapping[str, Any] | None = None,
    xlim: tuple[float, float] | None = None,
    unit: TimeUnit = "ms",
) -> Axes:
    """Draw the mean rate per neuron of each group in one sample, in Hz.

    Parameters
    ----------
    spikes, sample, ax, colours, xlim, unit
        As in `raster`.
    bin_width
        In seconds, rounded to whole steps; None: at most 100 bins, fewer if there are few spikes. The last bin may be shorter.
    """
    one, members = _one_sample(spikes, sample)
    part = _Part.of(one, xlim, unit)
    paint = figures.group_colours(list(members), colours)
    ax = figures.axes(ax, height=1.4)
    _draw_rates(ax, part, members, paint, bin_width)
    if len(members) > 1:
        figures.legend(ax, paint, above=True)
    return ax


@dataclass(frozen=True, eq=False)
class _Part:
    """The part of a sample that is drawn: its spikes, its first step, the scale of the axis and its limits."""

    spikes: Spikes
    first: int
    scale: float
    limits: tuple[float, float]
    unit: str

    @staticmethod
    def of(one: Spikes, xlim: Any, unit: TimeUnit) -> _Part:
        """Return the part from ``xlim[0]`` to ``xlim[1]`` in seconds; None: everything."""
        scale, duration = per_second(unit), float(one.durations[0])
        if xlim is None:
            return _Part(one, 0, scale, (0, duration * scale), unit)
        ends = checks.real_array(xlim, "xlim", "time")
        if ends.shape != (2,) or not ends[0] < ends[1]:
            raise DescriptionError(f"xlim: got {xlim!r}, expected two times in seconds, the earlier one first")
        start, stop = (float(end) for end in ends)
        if start >= duration or stop <= 0:
            raise DescriptionError(
                f"xlim: got {start:g} to {stop:g} s, but the sample lasts from 0 to {duration:g} s; xlim is in seconds"
            )
        first = min(max(round(start / one.dt), 0), int(one.n_steps[0]) - 1)
        spikes = one.crop(first * one.dt, max(stop, (first + 1) * one.dt))
        return _Part(spikes, first, scale, (start * scale, stop * scale), unit)

    @property
    def ends(self) -> tuple[float, float]:
        """Position on the axis of the first and of the last step."""
        dt = self.spikes.dt
        return self.first * dt * self.scale, (self.first + int(self.spikes.n_steps[0])) * dt * self.scale

    def position(self, step: Any) -> Floats:
        """Return the position on the axis of a step of ``spikes``."""
        return np.asarray(np.asarray(step + self.first, np.float64) * self.spikes.dt * self.scale)


def _draw_marks(
    ax: Any, part: _Part, members: Mapping[str, Ints], paint: Mapping[str, Any], look: Mapping[str, Any]
) -> None:
    """Draw one mark for each spike."""
    one = part.spikes
    for name, index in members.items():
        mine = np.isin(one.channel, index)
        ax.plot(part.position(one.step[mine]), one.channel[mine], color=paint[name], label=name, **look)
    if not one.n_events:
        figures.say(ax, "no spikes")


def _overlap(ax: Axes, one: Spikes, look: Mapping[str, Any]) -> bool:
    """Return whether there are many marks, and they cover each other."""
    if one.n_events <= _MARK_LIMIT:
        return False
    box = ax.get_window_extent()
    area = (72 / ax.figure.dpi) ** 2 * box.width * box.height
    width = look["markeredgewidth"] if look["marker"] == "|" else look["markersize"]
    return bool(one.n_events * width * look["markersize"] > _OVERLAP * area)


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


def _draw_rates(ax: Any, part: _Part, members: Mapping[str, Ints], paint: Mapping[str, Any], width: Any) -> None:
    edges = _edges(part.spikes, width)
    figures.tidy(ax, f"Time ({part.unit})", "Rate (Hz)")
    highest = 0.0
    for name, index in members.items():
        rate = _group_rates(part.spikes, index, edges)
        highest = max(highest, float(rate.max()))
        ax.stairs(rate, part.position(edges), color=paint[name], linewidth=figures.LINE, label=name, baseline=None)
    ax.set_xlim(part.limits)
    ax.set_ylim(0, 1.08 * highest or 1.0)
    ax.yaxis.set_major_locator(MaxNLocator(3))
