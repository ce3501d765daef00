"""Kernel rank, generalisation rank and effective dimension: how many independent directions states have."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.measures.checked import check_varies, checked_states, plain
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats


@dataclass(frozen=True, eq=False)
class Rank:
    """The rank of a matrix of states.

    Parameters
    ----------
    name
        ``"kernel rank"`` or ``"generalisation rank"``.
    rank, n_samples, n_features
        The rank, and the size of the matrix.
    singular_values
        Relative to the largest, descending.
    tolerance
        Smaller ones count as 0.
    """

    name: str
    rank: int
    n_samples: int
    n_features: int
    singular_values: Floats
    tolerance: float

    def __str__(self) -> str:
        return f"{self.name}: {self.rank} of {min(self.n_samples, self.n_features)} ({self.n_samples} inputs, {self.n_features} features)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the singular values and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        shown = np.maximum(self.singular_values, 1e-17)
        ax.semilogy(1 + np.arange(shown.size), shown, color=figures.BLUE, linewidth=figures.LINE, label=self.name)
        ax.axvline(self.rank, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
        figures.tidy(ax, f"Singular value (dashed: {self.name})", "Relative size")
        return ax


def kernel_rank(states: Any, tolerance: float | None = None) -> Rank:
    """Return the rank of the states that different inputs lead to, one row for each input.

    A linear readout can separate any classes of as many inputs as the rank, at least on these inputs. It has no unit, and is at
    most the number of inputs and of features: use at least as many inputs as features. R. Legenstein, W. Maass: Edge of chaos
    and prediction of computational performance for neural circuit models. Neural Networks 20, 323-334 (2007), who call it the
    kernel quality.

    Parameters
    ----------
    states
        (inputs, features).
    tolerance
        Singular values below this fraction of the largest count as 0; None: the rounding error, as
        ``numpy.linalg.matrix_rank`` has it. A rank that needs a tolerance of 1e-15 is of no use to a readout that has to live
        with noise; 0.01 or 0.1 is the rank that it can use.

    Examples
    --------
    >>> print(kernel_rank(np.eye(5)))
    kernel rank: 5 of 5 (5 inputs, 5 features)
    >>> kernel_rank(np.outer([1, 2, 3], [1, 1])).rank
    1
    """
    return _rank(states, tolerance, "kernel rank")


def generalisation_rank(states: Any, tolerance: float | None = None) -> Rank:
    """Return the rank of the states that variants of one input lead to, one row for each variant.

    Low is good: a readout cannot be distracted by what varies. The paper estimates the dimension of the class of functions by
    it (its VC dimension); the difference `kernel_rank` - `generalisation_rank`, from as many inputs each, was what predicted
    performance best. Parameters and reference as for `kernel_rank`.

    Examples
    --------
    >>> print(generalisation_rank([[1.0, 2.0], [2.0, 4.0]]))
    generalisation rank: 1 of 2 (2 inputs, 2 features)
    """
    return _rank(states, tolerance, "generalisation rank")


def _rank(states: Any, tolerance: float | None, name: str) -> Rank:
    array = checked_states(states, name)
    check_varies(array, name)
    values = np.linalg.svd(array, compute_uv=False)
    values = values / values[0]
    default = max(array.shape) * np.finfo(float).eps
    least = default if tolerance is None else checks.probability(tolerance, f"{name} tolerance")
    return Rank(name, int((values > least).sum()), len(array), array.shape[1], values, float(least))


@dataclass(frozen=True, eq=False)
class Dimension:
    """The participation ratio of states.

    Parameters
    ----------
    dimension
        1 to the number of features.
    shares
        Fraction of the variance along each principal axis, descending.
    n_samples, n_features
        Size of the matrix of states.
    """

    dimension: float
    shares: Floats
    n_samples: int
    n_features: int

    def __str__(self) -> str:
        return f"effective dimension: {self.dimension:.1f} of {min(self.n_samples - 1, self.n_features)} ({self.n_samples} states, {self.n_features} features)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the variance along the principal axes, summed up, and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.plot(
            1 + np.arange(self.shares.size), 100 * np.cumsum(self.shares), color=figures.BLUE, linewidth=figures.LINE
        )
        ax.axvline(self.dimension, color=figures.GREY, linestyle="--", linewidth=figures.THIN)
        ax.set_ylim(0, 102)
        figures.tidy(ax, "Principal axes (dashed: effective dimension)", "Variance (%)")
        return ax


def effective_dimension(states: Any) -> Dimension:
    """Return the participation ratio (sum of l)^2 / (sum of l^2) of the eigenvalues l of the states' covariance.

    The number of directions among which variance is shared equally would be this; it has no unit. With few samples it is too
    small: n samples have at most n - 1 directions. K. Rajan, L. F. Abbott, H. Sompolinsky: Inferring stimulus selectivity from
    the spatial structure of neural network dynamics. NIPS 23 (2010).

    Parameters
    ----------
    states
        (samples, features).

    Examples
    --------
    >>> print(effective_dimension(np.concatenate([np.eye(4), -np.eye(4)])))
    effective dimension: 4.0 of 4 (8 states, 4 features)
    """
    array = checked_states(states, "effective_dimension", fewest=3)
    check_varies(array, "effective_dimension")
    values = np.linalg.svd(array - array.mean(axis=0), compute_uv=False) ** 2
    shares = values / values.sum()
    return Dimension(float(1 / (shares**2).sum()), shares, len(array), array.shape[1])
