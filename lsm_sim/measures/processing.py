"""Information processing capacity: which functions of past inputs a linear readout can compute."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations_with_replacement
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.measures.capacity import one_channel
from lsm_sim.measures.checked import check_varies, checked_states, plain
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory

LAGS = (60, 20, 10)
_ROWS_PER_FEATURE = 4
_CHANCE = 1e-4
_BLOCK = 256  # targets at a time
_MOST_TARGETS = 20_000


@dataclass(frozen=True, eq=False)
class ProcessingCapacity:
    """Capacity for functions of the past inputs, by degree.

    Parameters
    ----------
    total
        Sum over all functions tried; at most ``rank``.
    by_degree
        The sum over functions of degree 1, 2, ...
    threshold
        Smaller capacities count as 0, because so many samples would give them by chance.
    n_targets
        Functions tried, by degree.
    rank, n_samples
        Independent features, and samples.
    """

    total: float
    by_degree: Floats
    threshold: float
    n_targets: tuple[int, ...]
    rank: int
    n_samples: int

    def __str__(self) -> str:
        parts = ", ".join(f"degree {d}: {value:.1f}" for d, value in enumerate(self.by_degree, start=1))
        return f"information processing capacity: {self.total:.1f} of {self.rank} ({parts}; below {self.threshold:.3f} counts as 0)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the capacity by degree and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        degrees = [str(1 + d) for d in range(self.by_degree.size)]
        bars = ax.bar(degrees, self.by_degree, color=figures.BLUE)
        ax.bar_label(bars, fmt="%.1f", fontsize=figures.TICK)
        ax.margins(y=0.15)
        figures.tidy(ax, "Degree", f"Capacity (of {self.rank})")
        return ax


def information_processing_capacity(
    states: Any, series: Any, *, lags: Sequence[int] = LAGS, washout: int = 100
) -> ProcessingCapacity:
    """Return the capacity C = 1 - min_w |y - w z|^2 / |y|^2 of the states z for functions y of past inputs, summed by degree.

    The functions are all products of normalised Legendre polynomials of the input at different lags,

        y[t] = prod_i P_{d_i}(x[t - k_i]),        sum_i d_i = degree

    They are orthogonal for a uniform input without correlations, so that capacities add up: at most to the number of
    independent features, and for a fading memory without noise exactly to that, if all degrees and lags were tried. Degree 1 is
    memory, what is above it is nonlinear computation. C has no unit. J. Dambre, D. Verstraeten, B. Schrauwen, S. Massar:
    Information processing capacity of dynamical systems. Scientific Reports 2, 514 (2012).

    States and readout come from the same samples, so a function that the states know nothing of would get about rank / T. Its
    T C has a chi-squared distribution with as many degrees of freedom as the rank. Capacities below twice the value that it
    exceeds with a probability of 1e-4, over T, count as 0; the factor is there because neighbouring states are not independent.
    With many features and few samples this cuts off many small capacities: compare only at equal T and number of features.

    Parameters
    ----------
    states
        State at the end of each sample, (T, features); T at least 4 times the number of features, better 20 times.
    series
        (T,), the input: independent, uniform; any range.
    lags
        For degree 1, 2, ...: how many lags are tried, 0 (the newest sample) and up.
    washout
        Samples at the start that are not used; at least the longest lag is left out.

    Examples
    --------
    >>> x = np.random.default_rng(1).uniform(size=2000)
    >>> print(information_processing_capacity(np.stack([x, np.roll(x, 1), np.roll(x, 1) ** 2], axis=1), x))
    information processing capacity: 3.0 of 3 (degree 1: 2.0, degree 2: 1.0, degree 3: 0.0; below 0.022 counts as 0)
    """
    where = "information_processing_capacity"
    array, x = checked_states(states, where), one_channel(series, len(states), where)
    depth = _checked_lags(lags, where)
    first = max(checks.whole(washout, f"{where} washout", 0, checks.MOST), max(depth))
    n, needed = len(x) - first, max(_ROWS_PER_FEATURE * array.shape[1], 100)
    if n < needed:
        raise DescriptionError(
            f"{where}: got {len(x)} samples, expected at least {first + needed}: {first} before the first row, and {_ROWS_PER_FEATURE} rows for each of "
            f"{array.shape[1]} features or 100; use a longer series, fewer lags or fewer features"
        )
    rows = array[first:]
    check_varies(rows, where)
    basis, threshold = _basis(rows)
    powers = _legendre(x, len(depth))
    sums, sizes = np.zeros(len(depth)), []
    for degree, deepest in enumerate(depth, start=1):
        names = list(_products(degree, deepest))
        sizes.append(len(names))
        for begin in range(0, len(names), _BLOCK):
            found = _capacities(basis, _targets(powers, names[begin : begin + _BLOCK], first))
            sums[degree - 1] += found[found >= threshold].sum()
    return ProcessingCapacity(float(sums.sum()), sums, threshold, tuple(sizes), basis.shape[1], n)


def _checked_lags(lags: Any, where: str) -> list[int]:
    """Return the number of lags of each degree."""
    depth = [
        checks.whole(one, f"{where} lags", 1, checks.MOST) for one in checks.items(lags, f"{where} lags", "a list")
    ]
    if not depth or len(depth) > 10:
        raise DescriptionError(f"{where} lags: got {len(depth)} degrees, expected 1 to 10")
    from math import comb

    n_targets = sum(comb(deepest + degree - 1, degree) for degree, deepest in enumerate(depth, start=1))
    if n_targets > _MOST_TARGETS:
        raise DescriptionError(
            f"{where} lags: got {n_targets} functions, expected at most {_MOST_TARGETS}; use fewer lags for high degrees"
        )
    return depth


def _basis(rows: Floats) -> tuple[Floats, float]:
    """Return orthonormal columns (T, rank) that span the centred states, and the threshold of capacities."""
    from scipy.stats import chi2

    check_memory(3 * rows.nbytes, "information_processing_capacity")
    centred = rows - rows.mean(axis=0)
    scale = np.sqrt((centred**2).sum(axis=0))
    left, values, _ = np.linalg.svd(centred[:, scale > 0] / scale[scale > 0], full_matrices=False)
    kept = values > values[0] * max(rows.shape) * np.finfo(float).eps
    return left[:, kept], float(2 * chi2.isf(_CHANCE, int(kept.sum())) / len(rows))


def _legendre(x: Floats, n_degrees: int) -> Floats:
    """Return the normalised Legendre polynomials of the series, mapped from its range to [-1, 1], (degrees + 1, T)."""
    z = 2 * (x - x.min()) / (x.max() - x.min()) - 1
    return np.stack(
        [np.sqrt(2 * d + 1) * np.polynomial.legendre.legval(z, np.eye(d + 1)[d]) for d in range(n_degrees + 1)]
    )


def _products(degree: int, deepest: int) -> Iterator[tuple[tuple[int, int], ...]]:
    """Return the (lag, degree) of the factors of every product of this degree."""
    for lags in combinations_with_replacement(range(deepest), degree):
        yield tuple((lag, lags.count(lag)) for lag in sorted(set(lags)))


def _targets(powers: Floats, names: Sequence[tuple[tuple[int, int], ...]], first: int) -> Floats:
    n = powers.shape[1]
    out = np.ones((n - first, len(names)))
    for column, factors in enumerate(names):
        for lag, degree in factors:
            out[:, column] *= powers[degree, first - lag : n - lag]
    return out


def _capacities(basis: Floats, targets: Floats) -> Floats:
    centred = targets - targets.mean(axis=0)
    return np.asarray(((basis.T @ centred) ** 2).sum(axis=0) / (centred**2).sum(axis=0))
