"""Plots of recorded state variables of some neurons, one lane each."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, MaxNLocator, ScalarFormatter

from lsm_sim.errors import DescriptionError
from lsm_sim.plot.spike_raster import check_sample
from lsm_sim.plot.time_axis import TimeUnit, per_second
from lsm_sim.simulate.results import Result, StateTrace
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats, Ints

_MOST = 5  # lanes drawn when no neurons are named
_PITCH = 1.5  # distance between lanes, in heights of a lane; leaves room for the spikes
_CHARACTER = 0.6  # width of a character, in font sizes
_NAMES = {"v": "Potential v", "u": "Current u", "u2": "Current u2", "w": "Threshold rise w"}


def traces(
    result: Result,
    group: str | None = None,
    neurons: Any = None,
    sample: int = 0,
    ax: Axes | None = None,
    *,
    variable: str = "v",
    unit: TimeUnit = "ms",
) -> Axes:
    """Draw the recorded membrane potential (or another state variable) of some neurons, with their spikes and thresholds.

    Each neuron has a lane with its own axis; all lanes have the same height in units of v. A spike is a vertical line
    above the threshold (the dashed line). v is recorded after the reset, so the line is drawn up to the threshold first. An
    adaptive threshold moves if w was recorded too, otherwise the line is the threshold at rest.

    Parameters
    ----------
    result
        Result of ``lsm_sim.run(..., record={"exc": ["v"]})``; record ["v", "w"] for thresholds that adapt.
    group
        Name of the group; None: the first one recorded.
    neurons
        Indices within the group, among those recorded; None: the first five recorded.
    sample
        Index of the sample.
    ax
        Where to draw; None: a new figure.
    variable
        "v", or another state variable, such as "u" (without spikes and threshold).
    unit
        Unit of the time axis, ``"ms"`` or ``"s"``, whatever the duration.
    """
    scale = per_second(unit)
    name, trace = _recorded(result, group, variable)
    columns = _columns(trace, neurons, f"traces of {name!r}")
    index = check_sample(sample, len(trace.values))
    times, values = trace.times[index], trace.values[index][:, columns]
    if not times.size:
        raise DescriptionError("traces: no step of this sample was recorded; record some")
    ax = figures.axes(ax, height=0.5 + 0.42 * max(len(columns), 2))
    figures.tidy(ax, f"Time ({unit})", _label(variable, trace, ax))
    limits = _thresholds(trace, index, columns)
    spiked = [_spike_times(result, name, int(n), index) for n in trace.neurons[columns]]
    low, high = _range(values, limits)
    offsets = np.asarray(-_PITCH * (high - low) * np.arange(len(columns)), np.float64)
    for lane, offset in enumerate(offsets):
        path = times, values[:, lane]
        if limits is not None:
            limit = limits[:, lane]
            at = np.flatnonzero(np.isin(times, spiked[lane]))
            tops = _crossings(values[:, lane], limit, at)
            path = np.insert(times, at, times[at]), np.insert(values[:, lane], at, tops)
            line = np.array([0, -1]) if (limit == limit[0]).all() else np.arange(limit.size)
            ends = (times[line] * scale, limit[line] + offset)
            _draw_spikes(ax, times[at] * scale, ends, tops + offset, 0.35 * (high - low))
        ax.plot(path[0] * scale, path[1] + offset, color=figures.BLUE, linewidth=figures.LINE, zorder=3)
    _label_lanes(ax, offsets, (low, high), [f"{name} {n}" for n in trace.neurons[columns]])
    ax.set_xlim((float(times[0]) - result.program.dt) * scale, float(times[-1]) * scale)
    return ax


def _label(variable: str, trace: StateTrace, ax: Any) -> str:
    """Return name and unit, in two lines if one is longer than the axis."""
    name = _NAMES.get(variable, variable)
    if not trace.unit or variable == "v":
        return name
    text = f"{name} ({trace.unit})"
    height = 72 / ax.figure.dpi * ax.get_window_extent().height
    return text if len(text) * _CHARACTER * figures.LABEL < height else f"{name}\n({trace.unit})"


def _recorded(result: Any, group: str | None, variable: str) -> tuple[str, StateTrace]:
    if not isinstance(result, Result):
        raise DescriptionError(f"traces: got {type(result).__name__}, expected the Result of lsm_sim.run")
    checks.choice(variable, "traces variable", reversed(result.program.state))
    known = result.traces.get(variable, {})
    if not known:
        raise DescriptionError(f'traces: nothing was recorded; run with record={{"<group>": ["{variable}"]}}')
    name: Any = next(iter(known)) if group is None else group
    if not isinstance(name, str) or name not in known:
        raise DescriptionError(f"traces: no {variable} of a group {name!r} was recorded; known: {', '.join(known)}")
    return name, known[name]


def _columns(trace: StateTrace, neurons: Any, where: str) -> Ints:
    """Return the columns of the neurons in the trace."""
    if not trace.neurons.size:
        raise DescriptionError(f"{where}: zero neurons were recorded; record at least one")
    if neurons is None:
        return np.arange(min(_MOST, trace.neurons.size))
    wanted = np.atleast_1d(checks.whole_array(neurons, where))
    known = trace.neurons.tolist()
    missing = [int(n) for n in wanted.ravel() if n not in known]
    if missing or wanted.ndim != 1 or not wanted.size:
        raise DescriptionError(f"{where}: got neurons {wanted.tolist()}, expected a list of recorded ones: {known}")
    return np.array([known.index(n) for n in wanted])


def _spike_times(result: Result, group: str, neuron: int, sample: int) -> Floats:
    """Return the spike times of the neuron, at the end of a step like the times of the trace."""
    if result.outcome.spikes is None:
        return np.empty(0)
    one = result.spikes[sample][group]
    return np.asarray((one.step[one.channel == neuron] + 1) * one.dt)


def _thresholds(trace: StateTrace, sample: int, columns: Ints) -> Any:
    """Return the threshold at each recorded step, shape (T, lanes), or None."""
    if trace.threshold is None:
        return None
    if isinstance(trace.threshold, tuple):
        return trace.threshold[sample][:, columns]
    return np.tile(trace.threshold[columns], (trace.times[sample].size, 1))


def _range(values: Floats, thresholds: Floats | None) -> tuple[float, float]:
    """Return the range that every lane shows: all values and the thresholds."""
    low, high = float(values.min()), float(values.max())
    if thresholds is not None:
        high = max(high, float(thresholds.max()))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _crossings(values: Floats, threshold: Floats, at: Ints) -> Floats:
    """Return v before the reset at the steps ``at``: the threshold before the spike raised it, or the v before if higher."""
    before = np.maximum(at - 1, 0)
    return np.maximum(threshold[before], values[before])


def _draw_spikes(ax: Any, times: Floats, line: tuple[Floats, Floats], top: Floats, height: float) -> None:
    """Draw the threshold through the points of ``line``, and spikes that start at ``top``."""
    dashes = {
        "color": figures.GREY,
        "linewidth": figures.THIN,
        "linestyle": (0, (4, 3)),
        "zorder": 2,
        "label": "threshold",
    }
    if line[0].size == 2 and line[1][0] == line[1][1]:
        ax.axhline(float(line[1][0]), **dashes)  # through the margins, too
    else:
        ax.plot(*line, **dashes)
    ax.vlines(times, top, top + height, color=figures.VERMILION, linewidth=figures.LINE, zorder=4, label="spikes")


def _label_lanes(ax: Any, offsets: Floats, span: tuple[float, float], names: list[str]) -> None:
    """Label each lane with its values on the left axis and with the neuron's name on the right."""
    low, high = span
    locator = MaxNLocator(4 if len(offsets) == 1 else 2, steps=[1, 2, 5, 10])
    ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high] or [low]
    places = np.add.outer(offsets, ticks).ravel()
    ax.yaxis.set_major_locator(FixedLocator(places.tolist()))
    ax.set_yticklabels([ScalarFormatter.fix_minus(f"{tick:g}") for _ in offsets for tick in ticks])
    ax.set_ylim(offsets[-1] + low - 0.05 * (high - low), high + 0.4 * (high - low))
    for offset, name in zip(offsets, names, strict=True):
        middle = offset + 0.5 * (low + high)
        ax.annotate(
            name, (1, middle), xycoords=("axes fraction", "data"), xytext=(3, 0), textcoords="offset points",
            fontsize=figures.TICK, va="center",
        )  # fmt: skip
