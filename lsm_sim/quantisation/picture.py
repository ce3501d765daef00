"""The plot of a report: errors of weights, use of registers, rates before and after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from lsm_sim.support import figures

_ROW = 0.16  # inches
_FRAME = 0.55  # inches around each panel


def draw(
    errors: Mapping[str, tuple[float, float, float]],
    headroom: Mapping[str, float],
    rates: Mapping[str, tuple[float, float]],
    figure: Any = None,
) -> Any:
    """Draw the report into ``figure``, or a new one, and return it.

    Parameters
    ----------
    errors
        By group of synapses: the 5 %, 50 % and 95 % quantiles of the error, relative to the rms weight.
    headroom
        Register limit divided by the largest magnitude, by variable.
    rates
        By group of neurons: Hz before and after.
    """
    sizes = [len(errors), len(headroom), 2 * len(rates)]
    if figure is None:
        from matplotlib import pyplot as plt

        height = sum(_ROW * n + _FRAME for n in sizes)
        figure = plt.figure(figsize=(figures.WIDTH, height), dpi=figures.DPI, layout="constrained")
    top, middle, bottom = figure.subplots(3, 1, height_ratios=[n + _FRAME / _ROW / 2 for n in sizes])
    _errors(top, errors)
    _registers(middle, headroom)
    _rates(bottom, rates)
    return figure


def _errors(ax: Any, errors: Mapping[str, tuple[float, float, float]]) -> None:
    """Draw the middle 90 % of the errors of each group's weights, and their median."""
    figures.tidy(ax, "Weight error (% of the group's rms weight)", "")
    for y, (name, quantiles) in enumerate(errors.items()):
        low, middle, high = (100 * value for value in quantiles)
        colour = figures.BLUE if name.endswith("(+)") else figures.VERMILION
        ax.plot([low, high], [y, y], color=colour, linewidth=3 * figures.LINE, solid_capstyle="butt")
        ax.plot([middle], [y], "|", color="black", markersize=5, markeredgewidth=figures.LINE)
    _names(ax, errors)


def _registers(ax: Any, headroom: Mapping[str, float]) -> None:
    """Draw the largest magnitude in each register."""
    figures.tidy(ax, "Largest magnitude (% of the register)", "")
    full = [100 / value for value in headroom.values()]
    ax.barh(np.arange(len(full)), full, height=0.6, color=figures.GREY)
    ax.axvline(100, color="black", linewidth=figures.THIN)
    _names(ax, headroom)


def _rates(ax: Any, rates: Mapping[str, tuple[float, float]]) -> None:
    """Draw the rate of each group before and after."""
    figures.tidy(ax, "Rate on calibration data (Hz)", "")
    y = np.arange(len(rates))
    ax.barh(y - 0.2, [before for before, _ in rates.values()], height=0.4, color=figures.BLUE)
    ax.barh(y + 0.2, [after for _, after in rates.values()], height=0.4, color=figures.VERMILION)
    figures.legend(ax, {"float64": figures.BLUE, "loihi": figures.VERMILION}, above=True)
    _names(ax, rates)


def _names(ax: Any, names: Iterable[str]) -> None:
    labels = list(names)
    ax.set_yticks(np.arange(len(labels)), labels)
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
