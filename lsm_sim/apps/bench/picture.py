"""Figure of the results: milliseconds per sample of each workload as bars, and sweeps as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lsm_sim.apps.bench.report import digits
from lsm_sim.support import figures

_BAR = 0.17  # inches
_WIDE = 1.5  # columns, because names are long
_FRAME, _SWEEP = 0.75, 2.3  # inches around the bars of a panel; height of a sweep
_OURS, _OTHERS = figures.BLUE, figures.GREY
_AXIS = {"rates": "Mean rate (Hz)", "sizes": "Neurons"}


def draw(summaries: Sequence[dict[str, Any]], figure: Any = None) -> Any:
    """Draw the results of `lsm-sim bench` into ``figure``, or a new one, and return it.

    Parameters
    ----------
    summaries
        One per workload, as `lsm_sim.apps.bench.report.summarise` returns them.
    """
    bars = [summary for summary in summaries if not summary["sweep"] and _done(summary)]
    sweeps = list(dict.fromkeys(summary["sweep"] for summary in summaries if summary["sweep"]))
    heights = [_FRAME + _BAR * len(_done(summary)) for summary in bars] + [_SWEEP] * len(sweeps)
    if figure is None:
        from matplotlib.figure import Figure

        figure = Figure(figsize=(_WIDE * figures.WIDTH, sum(heights or [1])), dpi=figures.DPI, layout="constrained")
    if not heights:
        ax = figure.add_subplot()
        ax.set_axis_off()
        figures.say(ax, "nothing was measured")
        return figure
    panels = iter(figure.subfigures(len(heights), 1, squeeze=False, height_ratios=heights)[:, 0])
    for summary in bars:
        _draw_bars(next(panels).add_subplot(), summary)
    for name in sweeps:
        same = [summary for summary in summaries if summary["sweep"] == name]
        _draw_sweep(next(panels).add_subplot(), name, same)
    return figure


def _done(summary: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the rows with results; ceilings are drawn as lines, not as bars."""
    return [row for row in summary["rows"] if row["status"] == "ok" and row["role"] != "ceiling"]


def _name(row: dict[str, Any]) -> str:
    return f"{row['name']}, {row['threads']} threads" if row["threads"] > 1 else str(row["name"])


def _draw_bars(ax: Any, summary: dict[str, Any]) -> None:
    """Draw medians, their quartiles, and the ceiling of one core."""
    rows = _done(summary)
    noisy = "" if summary["noise"]["quiet"] else " (machine too noisy)"
    figures.tidy(ax, f"{summary['workload']}: ms per sample{noisy}", "")
    y = np.arange(len(rows))
    ms = np.array([row["ms_per_sample"] for row in rows])
    spread = np.array([row["ms_quartiles"] for row in rows]).T
    colours = [_OURS if row["role"] in ("public", "runner") else _OTHERS for row in rows]
    ax.barh(y, ms, height=0.62, color=colours)
    errors = np.maximum([ms - spread[0], spread[1] - ms], 0)
    ax.errorbar(ms, y, xerr=errors, fmt="none", ecolor="black", elinewidth=figures.THIN)
    ax.set_xscale("log")
    ceiling = _ceiling(summary)
    low = min([*ms, ceiling or np.inf])
    ax.set_xlim(low / 2, ms.max() * 4)
    for place, row in zip(y, rows, strict=True):
        ax.annotate(
            digits(row["ms_per_sample"]),
            (row["ms_quartiles"][1], place),
            xytext=(3, 0),
            textcoords="offset points",
            va="center",
            fontsize=figures.TICK,
        )
    if ceiling:
        ax.axvline(ceiling, color=figures.VERMILION, linewidth=figures.LINE, zorder=0)
    figures.legend(
        ax,
        {"ours": _OURS, "others": _OTHERS},
        above=True,
        lines={"ceiling of one core": figures.VERMILION} if ceiling else {},
    )
    ax.set_yticks(y, [_name(row) for row in rows])
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    _plain_log(ax.xaxis)


def _ceiling(summary: dict[str, Any]) -> float | None:
    """Return the ceiling of one core, in milliseconds."""
    rows = (
        row for row in summary["rows"] if row["role"] == "ceiling" and row["status"] == "ok" and row["threads"] == 1
    )
    return next((row["ms_per_sample"] for row in rows), None)


def _draw_sweep(ax: Any, name: str, summaries: Sequence[dict[str, Any]]) -> None:
    """Draw one line for each peer over the quantity that the sweep changes."""
    noisy = "" if all(summary["noise"]["quiet"] for summary in summaries) else " (machine too noisy)"
    figures.tidy(ax, _AXIS.get(name, name) + noisy, "ms per sample")
    names = list(dict.fromkeys(_name(row) for summary in summaries for row in _done(summary)))
    for label, colour in zip(names, figures.many(len(names)), strict=True):
        points = [(_x(one), row["ms_per_sample"]) for one in summaries for row in _done(one) if _name(row) == label]
        ax.plot(*zip(*points, strict=True), "o-", color=colour, linewidth=figures.LINE, markersize=3, label=label)
    limits = [(_x(summary), _ceiling(summary)) for summary in summaries if _ceiling(summary)]
    if limits:
        ax.plot(*zip(*limits, strict=True), "--", color="black", linewidth=figures.LINE, label="ceiling of one core")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2, frameon=False, fontsize=figures.TICK)
    _plain_log(ax.xaxis)
    _plain_log(ax.yaxis)


def _x(summary: dict[str, Any]) -> float:
    """Return the x value of a workload: the measured rate, or the number that was set."""
    return float(summary["rate"] if summary["sweep"] == "rates" else summary["x"])


def _plain_log(axis: Any) -> None:
    """Write 1, 10, 100 instead of powers of ten."""
    axis.set_major_locator(LogLocator(numticks=8))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axis.set_minor_formatter(NullFormatter())
