"""The common style of all figures: sizes, colours, axes. It is set on the artists, so matplotlib's rcParams do not change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.ticker import FixedLocator, Locator, MaxNLocator

from lsm_sim.errors import DescriptionError
from lsm_sim.support.checks import Floats

WIDTH = 3.4  # inches: one column of a two-column page
DPI = 300
LABEL, TICK = 8, 7  # font sizes, points
THIN, LINE = 0.6, 0.9  # line widths, points
GREY = "#767676"

# Okabe and Ito, "Color Universal Design" (2008), without yellow, which is hardly visible on white.
BLUE, VERMILION = "#0072B2", "#D55E00"
COLOURS = (BLUE, VERMILION, "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
# Petroff, "Accessible Color Sequences for Data Visualization", arXiv:2107.02270 (2021), ten colours.
TEN_COLOURS = (
    *("#3f90da", "#ffa90e", "#bd1f01", "#94a4a2", "#832db6"),
    *("#a96b59", "#e76300", "#b9ac70", "#717581", "#92dadd"),
)
# The colours of the first two groups, which are usually excitatory and inhibitory.
SIGNED = LinearSegmentedColormap.from_list("lsm_sim_signed", ["#8A3B00", VERMILION, "#FFFFFF", BLUE, "#003D66"])


def axes(ax: Axes | None, height: float, projection: str | None = None, layout: str = "constrained") -> Any:
    """Return ``ax``, or the Axes of a new figure, one column wide and with this height in inches."""
    if ax is None:
        from matplotlib import pyplot as plt  # imported only here, because it selects a GUI backend

        figure = plt.figure(figsize=(WIDTH, height), dpi=DPI, layout=layout)
        return figure.add_subplot(projection=projection)
    if not isinstance(ax, Axes):
        raise DescriptionError(f"ax: got {type(ax).__name__}, expected one matplotlib Axes or None")
    if projection == "3d" and ax.name != "3d":
        raise DescriptionError('ax: got flat Axes, expected 3-D ones; make them with projection="3d"')
    if projection is None and ax.name == "3d":
        raise DescriptionError("ax: got 3-D Axes, expected flat ones")
    return ax


def tidy(ax: Any, x: str, y: str, *, frame: bool = False) -> None:
    """Set labels and fonts; keep only the left and lower spine unless ``frame`` is set."""
    ax.set_xlabel(x, fontsize=LABEL)
    ax.set_ylabel(y, fontsize=LABEL)
    ax.tick_params(labelsize=TICK, width=THIN, length=2.5, pad=2)
    for side, spine in ax.spines.items():
        spine.set_linewidth(THIN)
        spine.set_visible(frame or side in ("left", "bottom"))


def split_below(ax: Any, share: float) -> Any:
    """Return new Axes with the same x axis, which take the lower ``share`` of the space of ``ax``."""
    place = ax.get_subplotspec()
    if place is not None:
        grid = place.subgridspec(2, 1, height_ratios=(1 - share, share), hspace=0.08)
        ax.set_subplotspec(grid[0])
        below = ax.figure.add_subplot(grid[1], sharex=ax)
    else:
        box = ax.get_position()
        ax.set_position([box.x0, box.y0 + share * box.height, box.width, (1 - share) * box.height])
        below = ax.figure.add_axes([box.x0, box.y0, box.width, 0.85 * share * box.height], sharex=ax)
    ax.tick_params(labelbottom=False)
    ax.set_xlabel("")
    return below


def bar(ax: Any, image: Any, label: str, extend: str = "neither") -> None:
    """Add a colour bar with a label next to ``ax``."""
    colours = ax.figure.colorbar(image, ax=ax, extend=extend, fraction=0.05, pad=0.03, aspect=25)
    colours.set_label(label, fontsize=LABEL)
    colours.ax.tick_params(labelsize=TICK, width=THIN, length=2.5, pad=2)
    colours.ax.yaxis.get_offset_text().set_fontsize(TICK)
    colours.outline.set_linewidth(THIN)


def legend(
    ax: Any,
    colours: Mapping[str, Any],
    *,
    above: bool,
    title: str | None = None,
    lines: Mapping[str, Any] | None = None,
) -> None:
    """Add a legend of the colours (of markers, then of lines) outside the data: above ``ax`` in rows, or right of it in columns."""
    handles = [Line2D([], [], color=c, linestyle="none", marker="s", markersize=4) for c in colours.values()]
    handles += [Line2D([], [], color=c, linewidth=LINE) for c in (lines or {}).values()]
    place: dict[str, Any] = {"loc": "upper left", "bbox_to_anchor": (1.02, 1.0), "ncols": 1 + (len(handles) - 1) // 16}
    if above:
        place = {"loc": "lower left", "bbox_to_anchor": (0.0, 1.0), "ncols": 4}
    ax.legend(
        handles, [*colours, *(lines or {})], frameon=False, fontsize=TICK, title=title, title_fontsize=TICK, borderpad=0.0,
        borderaxespad=0.3, handlelength=0.8, handletextpad=0.3, columnspacing=1.0, labelspacing=0.3, **place,
    )  # fmt: skip


def say(ax: Any, text: str) -> None:
    """Write into ``ax`` the reason why it is empty."""
    ax.annotate(text, (0.5, 0.6), xycoords="axes fraction", ha="center", va="center", fontsize=LABEL, color=GREY)


def frame_3d(ax: Any, low: Floats, high: Floats, labels: Sequence[str], *, same_unit: bool) -> None:
    """Set limits, labels, few ticks and pale panes of 3-D axes; with ``same_unit`` all axes have the same scale."""
    ax.set(xlim=(low[0], high[0]), ylim=(low[1], high[1]), zlim=(low[2], high[2]))
    extent = high - low if same_unit else np.ones(3)
    extent = extent / np.linalg.norm(extent)  # matplotlib draws boxes of equal diagonals
    height = 0.87 * extent[2] + 0.35 * (extent[0] + extent[1])  # as seen from the default direction
    width = 0.71 * (extent[0] + extent[1])
    room = 0.8 if same_unit else 0.72  # smaller where labels are longer
    ax.set_box_aspect(tuple(extent), zoom=min(room / height, room / width))
    for i, (axis, label) in enumerate(zip((ax.xaxis, ax.yaxis, ax.zaxis), labels, strict=True)):
        # matplotlib shifts labels by a fraction of the other two sides of the box; it adds 8 and 21 to the pads
        far = np.sqrt(1 / 3) / np.delete(extent, i).mean()
        axis.set_tick_params(labelsize=TICK, pad=7 * far - 8)
        axis.labelpad = (17 if same_unit else 21) * far - 21
        axis.set_label_text(label, fontsize=LABEL)
        axis.set_major_locator(_few_ticks(low[i], high[i], extent[i] / extent.max()))
        axis.set_pane_color((0.97, 0.97, 0.97, 1.0))
        axis.line.set_linewidth(THIN)
    ax.grid(visible=False)


def _few_ticks(low: float, high: float, share: float) -> Locator:
    """Return about five ticks for the longest axis, fewer for shorter ones, only the middle for a flat one."""
    return (
        MaxNLocator(max(1, round(5 * share)), steps=[1, 2, 5, 10]) if share > 0.15 else FixedLocator([(low + high) / 2])
    )


def group_colours(names: Sequence[str], wanted: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return a colour for each group; ``wanted`` overrides some of the default ones."""
    wanted = wanted or {}
    for name in wanted:
        if name not in names:
            raise DescriptionError(f"colours: no group {name!r}; known: {', '.join(names) or 'none'}")
    return {name: wanted.get(name, colour) for name, colour in zip(names, many(len(names)), strict=True)}


def many(n: int) -> list[Any]:
    """Return n colours that are as distinct as possible."""
    if n <= len(COLOURS):
        return list(COLOURS[:n])
    if n <= len(TEN_COLOURS):
        return list(TEN_COLOURS[:n])
    from matplotlib import colormaps

    return [colormaps["viridis"](0.95 * i / (n - 1)) for i in range(n)]
