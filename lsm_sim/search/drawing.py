"""Pictures of a search: history, importance, Pareto front."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.ticker import MaxNLocator

from lsm_sim.search.objectives import TITLES
from lsm_sim.search.records import Trial
from lsm_sim.support import figures
from lsm_sim.support.files import replacing

_MOST_BARS = 15


def history(trials: Sequence[Trial], score: str, ax: Any) -> Any:
    """Draw the score of each trial and the best so far."""
    ax = figures.axes(ax, height=2.0)
    pruned = [(t.place, np.mean(t.folds)) for t in trials if t.state == "pruned" and t.folds]
    complete = [(t.place, t.values[score]) for t in trials if t.state == "complete"]
    places, values = (np.array(column) for column in zip(*complete, strict=True))
    if pruned:
        ax.plot(*zip(*pruned, strict=True), "x", color=figures.GREY, markersize=3, markeredgewidth=figures.THIN)
    ax.plot(places, values, "o", color=figures.BLUE, markersize=2.5)
    ax.step(places, np.maximum.accumulate(values), where="post", color=figures.VERMILION, linewidth=figures.LINE)
    figures.tidy(ax, "Trial", TITLES[score])
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    colours = {"complete": figures.BLUE} | ({"pruned": figures.GREY} if pruned else {})
    figures.legend(ax, colours, above=True, lines={"best so far": figures.VERMILION})
    return ax


def importance(importances: Mapping[str, float], score: str, ax: Any) -> Any:
    """Draw the share of the variation of the score that each parameter explains."""
    shares = dict(list(importances.items())[:_MOST_BARS])
    ax = figures.axes(ax, height=0.6 + 0.17 * max(3, len(shares)))
    figures.tidy(ax, f"Share of the variation of {TITLES[score].lower()}", "")
    if not shares:
        figures.say(ax, "too few trials")
        return ax
    y = np.arange(len(shares))
    ax.barh(y, list(shares.values()), height=0.62, color=figures.BLUE)
    ax.set_yticks(y, _without_common_start(list(shares)))
    ax.invert_yaxis()
    ax.tick_params(axis="y", length=0)
    return ax


def _without_common_start(names: list[str]) -> list[str]:
    """Return names without the part with which all begin, such as the step of a pipeline."""
    start = f"{names[0].split('__')[0]}__"
    return [name.removeprefix(start) for name in names] if all(name.startswith(start) for name in names) else names


def front(trials: Sequence[Trial], best: Sequence[Trial], score: str, cost: str, ax: Any) -> Any:
    """Draw all trials and the Pareto front over a cost; with two costs the front is no line."""
    ax = figures.axes(ax, height=2.4)
    for some, colour in ((trials, figures.GREY), (best, figures.VERMILION)):
        points = [(t.values[cost], t.values[score]) for t in some]
        ax.plot(*zip(*points, strict=True), "o", color=colour, markersize=2.5)
    if all(len(t.values) == 2 for t in best):
        steps = sorted((t.values[cost], t.values[score]) for t in best)
        ax.step(*zip(*steps, strict=True), where="post", color=figures.VERMILION, linewidth=figures.LINE)
    figures.tidy(ax, TITLES[cost], TITLES[score])
    figures.legend(ax, {"trials": figures.GREY, "Pareto front": figures.VERMILION}, above=True)
    return ax


def save(draw: Callable[[Any], Any], path: Path) -> Path:
    """Write one picture, and return its file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 * figures.WIDTH, 3.0), dpi=200, layout="constrained")
    draw(figure.add_subplot())
    with replacing(path) as stream:
        figure.savefig(stream, format="png")
    return path
