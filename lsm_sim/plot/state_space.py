"""Trajectories of the liquid's state for each class."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke

from lsm_sim.errors import DescriptionError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats, Ints

_HALO = [withStroke(linewidth=2.2, foreground="white")]  # separates crossing lines


def trajectories(
    states: Any,
    labels: Any,
    ax: Axes | None = None,
    *,
    bins: int = 20,
    dimensions: int = 2,
    individuals: int = 3,
    smooth: float = 1.0,
) -> Axes:
    """Draw the trajectory of each class in principal components of the state.

    The components are computed from the mean state of each class in each bin: the directions in which classes and times
    differ most. Thick lines are class means, thin lines single samples; a trajectory starts at the dot.

    Parameters
    ----------
    states
        Spike counts or other features, shape (samples, bins, neurons), or `Spikes`, which are counted in ``bins`` bins.
    labels
        Class of each sample, shape (samples,).
    ax
        With three dimensions, 3-D Axes (``projection="3d"``).
    bins
        Number of equal bins if ``states`` are spikes.
    dimensions
        2 or 3.
    individuals
        Number of single samples to draw per class (the first ones).
    smooth
        Standard deviation of the Gaussian that smooths the states in time, in bins; 0: no smoothing.
    """
    if dimensions not in (2, 3):
        raise DescriptionError(f"trajectories dimensions: got {dimensions!r}, expected 2 or 3")
    points = _states(states, bins, dimensions)
    classes = np.asarray(labels)
    if classes.shape != points.shape[:1]:
        raise DescriptionError(
            f"trajectories labels: got shape {classes.shape}, expected ({len(points)},), one per sample"
        )
    shown = checks.whole(individuals, "trajectories individuals")
    names, index = np.unique(classes, return_inverse=True)
    paths, means, explained = _project(_smoothed(points, smooth), index, dimensions)
    flat = dimensions == 2
    ax = figures.axes(ax, height=2.6 if flat else 3.0, projection=None if flat else "3d")
    paint = dict(zip(names.tolist(), figures.many(len(names)), strict=True))
    for number, (name, colour) in enumerate(paint.items()):
        for path in paths[index == number][:shown]:
            ax.plot(*path.T, color=colour, linewidth=0.4, alpha=0.4, zorder=1)
        ax.plot(*means[number].T, color=colour, linewidth=1.3, zorder=3, label=str(name), path_effects=_HALO)
        ax.plot(*means[number, :1].T, color=colour, marker="o", markersize=3.5, linestyle="none", zorder=4)
    _frame(ax, explained)
    figures.legend(ax, paint, above=not flat, title="Class" if flat else None)
    return ax


def _states(states: Any, bins: int, dimensions: int) -> Floats:
    """Return the states as floats, shape (samples, bins, neurons)."""
    if isinstance(states, Spikes):
        states = states.counts(checks.whole(bins, "trajectories bins", minimum=1))
    points = checks.real_array(states, "trajectories states")
    if points.ndim != 3 or 0 in points.shape:
        msg = f"trajectories states: got shape {points.shape}, expected (samples, bins, neurons), each at least 1"
        raise DescriptionError(msg)
    samples, n_bins, neurons = points.shape
    if min(samples * n_bins, neurons) < dimensions:
        msg = f"trajectories states: got shape {points.shape}, expected at least {dimensions} neurons and {dimensions} states"
        raise DescriptionError(msg)
    return points


def _smoothed(points: Floats, smooth: float) -> Floats:
    from scipy.ndimage import gaussian_filter1d

    width = checks.real(smooth, "trajectories smooth")
    if width < 0:
        raise DescriptionError(f"trajectories smooth: got {width:g}, expected a number of bins >= 0")
    return np.asarray(gaussian_filter1d(points, width, axis=1, mode="nearest")) if width else points


def _project(points: Floats, index: Ints, dimensions: int) -> tuple[Floats, Floats, Floats]:
    """Return samples and class means in principal components, and the fraction of the means' variance in each."""
    from sklearn.decomposition import PCA

    means = np.stack([points[index == number].mean(axis=0) for number in range(index.max() + 1)])
    flat = means.reshape(-1, means.shape[2])
    if not np.ptp(flat, axis=0).any():  # the state of a silent liquid is constant and has no variance
        return np.zeros((*points.shape[:2], dimensions)), np.zeros((*means.shape[:2], dimensions)), np.zeros(dimensions)
    pca = PCA(dimensions, svd_solver="full").fit(flat)
    paths = pca.transform(points.reshape(-1, points.shape[2])).reshape(*points.shape[:2], dimensions)
    in_components = pca.transform(flat).reshape(*means.shape[:2], dimensions)
    return paths, in_components, np.asarray(pca.explained_variance_ratio_)


def _percent(share: float) -> str:
    return "<1%" if 0 < share < 0.01 else f"{share:.0%}"


def _frame(ax: Any, explained: Floats) -> None:
    if len(explained) == 2:
        figures.tidy(ax, *(f"PC {i + 1} ({_percent(share)} of variance)" for i, share in enumerate(explained)))
    else:
        low, high = np.transpose([ax.get_xlim(), ax.get_ylim(), ax.get_zlim()])
        labels = [f"PC {i + 1} ({_percent(share)})" for i, share in enumerate(explained)]
        figures.frame_3d(ax, low, high, labels, same_unit=False)
    if not explained.any():
        ax.set(xlim=(-1, 1), ylim=(-1, 1))
        ax.locator_params(nbins=4)
        figures.say(ax, "the state never changes")
