"""The branching ratio: how many spikes follow from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.measures.checked import bin_steps, binned, checked_spikes, plain
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import figures
from lsm_sim.support.checks import Floats
from lsm_sim.units import ms

_FEWEST_BINS = 20
_LEVELS = 20


@dataclass(frozen=True, eq=False)
class BranchingRatio:
    """How the activity of a bin depends on that of the bin before.

    Parameters
    ----------
    ratio
        Spikes that one spike is followed by in the next bin.
    drive
        Spikes per bin that do not depend on the bin before.
    bin
        In seconds.
    n_pairs
        Number of pairs of bins.
    before, after
        For the plot: means of both bins at up to 20 levels of activity.
    """

    ratio: float
    drive: float
    bin: float
    n_pairs: int
    before: Floats
    after: Floats

    def __str__(self) -> str:
        return f"branching ratio: {self.ratio:.2f} in bins of {1000 * self.bin:g} ms ({self.n_pairs} pairs of bins)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw the activity of the next bin over that of a bin, with the line fitted, and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.plot(self.before, self.after, ".", color=figures.BLUE, markersize=4)
        ends = np.array([self.before.min(), self.before.max()])
        ax.plot(ends, self.drive + self.ratio * ends, color=figures.VERMILION, linewidth=figures.LINE)
        figures.tidy(ax, f"Spikes in {1000 * self.bin:g} ms", "Spikes in the next bin")
        return ax


def branching_ratio(spikes: Spikes, bin: float = 4 * ms) -> BranchingRatio:  # noqa: A002
    """Return m of A[t+1] = m A[t] + h, the least-squares fit to the number of spikes A[t] of all neurons in each bin.

    m is the mean number of descendants of a spike and has no unit: activity without input would die out below 1 and grow above
    1. h is the spikes that the input causes. Bins should be about as long as a spike takes to cause others. Input that varies
    slowly is mistaken for descendants, and if only some neurons were recorded m is too small (Wilting and Priesemann say how
    to mend it). J. M. Beggs, D. Plenz: Neuronal avalanches in neocortical circuits. J. Neuroscience 23, 11167-11177 (2003);
    J. Wilting, V. Priesemann: Inferring collective dynamical states from widely unobserved systems. Nature Communications 9,
    2325 (2018).

    Examples
    --------
    >>> dense = np.zeros((20, 64), bool)
    >>> for t, n in enumerate([64, 32, 16, 8, 4, 2, 1]):  # an avalanche in which each spike has half a descendant
    ...     dense[t, :n] = True
    >>> print(branching_ratio(Spikes.from_dense(dense, 1e-3), bin=1e-3))
    branching ratio: 0.50 in bins of 1 ms (19 pairs of bins)
    """
    spikes = checked_spikes(spikes, "branching_ratio")
    width = bin_steps(bin, spikes.dt, "branching_ratio")
    activity = [part.sum(axis=1) for part in binned(spikes, width, "branching_ratio", _FEWEST_BINS)]
    before = np.concatenate([part[:-1] for part in activity])
    after = np.concatenate([part[1:] for part in activity])
    spread = before - before.mean()
    if not spread.any():
        raise DescriptionError(
            "branching_ratio: got the same activity in every bin, as of neurons that spike all the time; use a weaker stimulus or "
            "other bins"
        )
    ratio = float(spread @ after / (spread @ spread))
    drive = float(after.mean() - ratio * before.mean())
    parts = np.array_split(np.argsort(before, kind="stable"), min(_LEVELS, before.size))
    levels = [np.array([values[part].mean() for part in parts]) for values in (before, after)]
    return BranchingRatio(ratio, drive, width * spikes.dt, before.size, *levels)
