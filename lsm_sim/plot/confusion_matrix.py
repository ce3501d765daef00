"""Confusion matrix of a classifier."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats

_MOST_NUMBERS = 20  # classes; with more, cells are too small for numbers
_MOST_NAMES = 10  # then only every second, third, ... class is labelled
_ROOM = 36  # characters that fit in one line under the matrix
_SHARES = {
    "true": "Share of true class (%)",
    "pred": "Share of predicted class (%)",
    "all": "Share of all samples (%)",
    None: "Samples",
}


def confusion(
    y_true: Any, y_pred: Any, labels: Any = None, ax: Axes | None = None, *, normalise: str | None = "true"
) -> Axes:
    """Draw the confusion matrix: true classes in rows, predicted classes in columns, a number in each non-zero cell.

    Parameters
    ----------
    y_true, y_pred
        Classes, shape (samples,).
    labels
        Classes to draw, in this order; None: all, sorted.
    ax
        Where to draw; None: a new figure.
    normalise
        Per cent of each true class (``"true"``), of each predicted class (``"pred"``) or of all samples (``"all"``); None: counts.
    """
    values, names = _matrix(y_true, y_pred, labels, normalise)
    ax = figures.axes(ax, height=2.9, layout="compressed")
    figures.tidy(ax, "Predicted class", "True class", frame=True)
    image = ax.imshow(values, cmap="Blues", vmin=0, vmax=100 if normalise in ("true", "pred") else None)
    figures.bar(ax, image, _SHARES[normalise])
    places = np.arange(len(names))
    if len(names) <= _MOST_NUMBERS:
        _write_numbers(ax, values, image)
    else:
        places = places[:: -(-len(names) // _MOST_NAMES)]
    shown = [str(names[i]) for i in places]
    wide = sum(len(name) + 1 for name in shown) > _ROOM
    ax.set_xticks(places, shown, rotation=90 if wide else 0)
    ax.set_yticks(places, shown)
    ax.tick_params(length=0, pad=3)
    return ax


def _matrix(y_true: Any, y_pred: Any, labels: Any, normalise: str | None) -> tuple[Floats, Any]:
    """Return the matrix in counts or per cent, and the classes of its rows."""
    from sklearn.metrics import confusion_matrix

    if normalise not in _SHARES:
        raise DescriptionError(f"confusion normalise: got {normalise!r}, expected 'true', 'pred', 'all' or None")
    true, predicted = _classes(y_true, "y_true"), _classes(y_pred, "y_pred")
    if true.ndim != 1 or true.shape != predicted.shape or not true.size:
        msg = f"confusion: got y_true of shape {true.shape} and y_pred of shape {predicted.shape}, expected two lists of equal length, at least 1"
        raise DescriptionError(msg)
    if (true.dtype.kind in "US") != (predicted.dtype.kind in "US"):
        raise DescriptionError(
            f"confusion: got y_true of {true.dtype} and y_pred of {predicted.dtype}, expected one kind"
        )
    names = np.unique(np.concatenate([true, predicted])) if labels is None else np.asarray(labels)
    if names.ndim != 1 or not np.isin(names, true).any() or len(np.unique(names)) < len(names):
        raise DescriptionError(f"confusion labels: got {names.tolist()}, expected different classes, some in y_true")
    matrix = confusion_matrix(true, predicted, labels=names, normalize=normalise)
    return np.asarray(matrix * (1.0 if normalise is None else 100.0)), names


def _classes(values: Any, where: str) -> Any:
    """Return text unchanged, and anything else as integers or floats without NaN."""
    array = np.asarray(values)
    if array.dtype.kind == "O" and all(isinstance(value, str) for value in array.flat):
        return array.astype(str)
    return array if array.dtype.kind in "USbiu" else checks.real_array(values, f"confusion {where}")


def _write_numbers(ax: Axes, values: Floats, image: Any) -> None:
    """Write the numbers that do not round to 0, in white on dark cells."""
    size = min(figures.TICK, 66 / len(values))
    for (row, column), value in np.ndenumerate(values):
        if round(value):
            red, green, blue, _ = image.cmap(image.norm(value))
            dark = 0.299 * red + 0.587 * green + 0.114 * blue < 0.5
            ax.text(
                column, row, f"{value:.0f}", ha="center", va="center", fontsize=size, color="white" if dark else "black"
            )
