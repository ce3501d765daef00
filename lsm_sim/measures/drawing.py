"""The page of pictures of all measures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lsm_sim.support import figures

_TITLES = {
    "rates": "Rates",
    "interval_cv": "Irregularity",
    "synchrony": "Synchrony",
    "branching_ratio": "Branching ratio",
    "separation": "Separation",
    "kernel_rank": "Kernel rank",
    "generalisation_rank": "Generalisation rank",
    "lyapunov": "Twins",
    "fading_memory": "Fading memory",
    "effective_dimension": "Effective dimension",
    "memory_capacity": "Memory capacity",
    "information_processing_capacity": "Processing capacity",
}
_COLUMNS = 4
_PANEL = (2.6, 2.1)  # inches


def page(results: Mapping[str, Any], skipped: Mapping[str, str], figure: Any = None) -> Any:
    """Draw one panel for each measure, with its figure in the title, and return the figure."""
    rows = -(-len(results) // _COLUMNS)
    if figure is None:
        from matplotlib import pyplot as plt

        size = (_COLUMNS * _PANEL[0], rows * _PANEL[1])
        figure = plt.figure(figsize=size, dpi=figures.DPI, layout="constrained")
    panels = figure.subplots(rows, _COLUMNS, squeeze=False).ravel()
    for ax, (name, result) in zip(panels, results.items(), strict=False):
        if result is None:
            figures.say(ax, "not measured" if name in skipped else "")
            ax.set_axis_off()
            ax.set_title(_TITLES[name], fontsize=figures.LABEL)
            continue
        result.plot(ax)
        ax.set_title(f"{_TITLES[name]}: {_figure(name, result)}", fontsize=figures.LABEL)
    for ax in panels[len(results) :]:
        ax.set_axis_off()
    return figure


def _figure(name: str, result: Any) -> str:
    """Return the one figure of a measure."""
    write = {
        "rates": lambda: f"{result.mean:.1f} Hz",
        "interval_cv": lambda: f"{result.mean:.2f}",
        "synchrony": lambda: f"{result.chi:.2f}",
        "branching_ratio": lambda: f"{result.ratio:.2f}",
        "separation": lambda: f"slope {result.slope:.2g}",
        "kernel_rank": lambda: f"{result.rank} of {min(result.n_samples, result.n_features)}",
        "generalisation_rank": lambda: f"{result.rank} of {min(result.n_samples, result.n_features)}",
        "lyapunov": lambda: f"{result.exponent:+.1f} per second",
        "fading_memory": lambda: (
            f"traces {result.remaining['traces']:.0%} left" if "traces" in result.remaining else ""
        ),
        "effective_dimension": lambda: f"{result.dimension:.1f}",
        "memory_capacity": lambda: f"{result.capacity:.1f} samples",
        "information_processing_capacity": lambda: f"{result.total:.1f}",
    }
    return write[name]()
