"""What quantisation did: errors of weights, room in registers, rates before and after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from lsm_sim.support import figures as style

if TYPE_CHECKING:
    from lsm_sim.quantisation.report import Report

_ROW = 0.16  # inches
_FRAME = 0.55  # inches around each panel


def draw(report: Report, figure: Any = None) -> Any:
    """Draw a report into ``figure``, or a new one, and return it."""
    sizes = [len(report.synapses), len(report.headroom), 2 * len(report.neurons)]
    if figure is None:
        from matplotlib import pyplot as plt

        height = sum(_ROW * n + _FRAME for n in sizes)
        figure = plt.figure(figsize=(style.WIDTH, height), dpi=style.DPI, layout="constrained")
    errors, room, rates = figure.subplots(3, 1, height_ratios=[n + _FRAME / _ROW / 2 for n in sizes])
    _errors(errors, report)
    _room(room, report)
    _rates(rates, report)
    return figure


def _errors(ax: Any, report: Report) -> None:
    """Draw the middle 90 % of the errors of each group's weights, and how many became zero."""
    style.tidy(ax, "Weight error (% of the group's rms weight)", "")
    for y, row in enumerate(report.synapses):
        low, middle, high = (100 * value for value in row.error)
        colour = style.BLUE if row.name.endswith("(+)") else style.VERMILION
        ax.plot([low, high], [y, y], color=colour, linewidth=3 * style.LINE, solid_capstyle="butt")
        ax.plot([middle], [y], "|", color="black", markersize=5, markeredgewidth=style.LINE)
    _names(ax, [row.name for row in report.synapses])


def _room(ax: Any, report: Report) -> None:
    """Draw how full each register became."""
    style.tidy(ax, "Greatest magnitude (% of the register)", "")
    full = [100 / value for value in report.headroom.values()]
    ax.barh(np.arange(len(full)), full, height=0.6, color=style.GREY)
    ax.axvline(100, color="black", linewidth=style.THIN)
    _names(ax, list(report.headroom))


def _rates(ax: Any, report: Report) -> None:
    """Draw the rate of each group before and after."""
    style.tidy(ax, "Rate on calibration data (Hz)", "")
    y = np.arange(len(report.neurons))
    ax.barh(y - 0.2, [row.rate for row in report.neurons], height=0.4, color=style.BLUE)
    ax.barh(y + 0.2, [row.rate_after for row in report.neurons], height=0.4, color=style.VERMILION)
    style.legend(ax, {"float64": style.BLUE, "loihi": style.VERMILION}, above=True)
    _names(ax, [row.name for row in report.neurons])


def _names(ax: Any, names: list[str]) -> None:
    ax.set_yticks(np.arange(len(names)), names)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
