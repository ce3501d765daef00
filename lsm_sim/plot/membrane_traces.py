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
_NAMES = {"v": "Potential v", "u": "Current u"}


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
    above the threshold (the dashed line). v is recorded after the reset, so the line is drawn up to the threshold first.

    Parameters
    ----------
    result
        Result of ``lsm_sim.run(..., record={"exc": ["v"]})``.
    group
        Name of the group; None: the first one recorded.
    neurons
        Indices within the group, among those recorded; None: the first five recorded.
    sample
        Index of the sample.
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
    limits = None if trace.threshold is None else trace.threshold[columns]
    spiked = [_spike_times(result, name, int(n), index) for n in trace.neurons[columns]]
    low, high = _range(values, limits)
    offsets = np.asarray(-_PITCH * (high - low) * np.arange(len(columns)), np.float64)
    for lane, offset in enumerate(offsets):
        path = times, values[:, lane]
        if limits is not None:
            path = _up_to_threshold(*path, spiked[lane], limits[lane])
            _draw_spikes(ax, spiked[lane] * scale, limits[lane] + offset, 0.35 * (high - low))
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


def _range(values: Floats, thresholds: Floats | None) -> tuple[float, float]:
    """Return the range that every lane shows: all values and the thresholds."""
    low, high = float(values.min()), float(values.max())
    if thresholds is not None:
        high = max(high, float(thresholds.max()))
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _up_to_threshold(times: Floats, values: Floats, spiked: Floats, threshold: float) -> tuple[Floats, Floats]:
    """Return the path with a point at the threshold before each reset."""
    at = np.flatnonzero(np.isin(times, spiked))
    return np.insert(times, at, times[at]), np.insert(values, at, threshold)


def _draw_spikes(ax: Axes, times: Floats, threshold: float, height: float) -> None:
    ax.axhline(
        threshold, color=figures.GREY, linewidth=figures.THIN, linestyle=(0, (4, 3)), zorder=2, label="threshold"
    )
    ax.vlines(
        times, threshold, threshold + height, color=figures.VERMILION, linewidth=figures.LINE, zorder=4, label="spikes"
    )


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
