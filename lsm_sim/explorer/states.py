"""The state of the liquid over time, in its first principal components."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lsm_sim.learn.features import Traces
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.units import ms

TAU = 20 * ms  # time constant of the trace that is the state of a neuron
MOMENTS = 150  # points of a trajectory
_FITTED = 40  # moments of each sample that the components are fitted on
_MOST = 20_000_000  # values that they are fitted on


@dataclass(frozen=True, eq=False)
class Components:
    """Principal components.

    Parameters
    ----------
    mean, axes
        (N,) and (3, N).
    share
        (3,): of the variance in each.
    """

    mean: Floats
    axes: Floats
    share: Floats

    def path(self, spikes: Spikes) -> tuple[Floats, Floats]:
        """Return the times in seconds (P,) and the trajectory (P, 3) of one sample."""
        steps = moments(int(spikes.n_steps[0]), MOMENTS)
        states = states_at(spikes, steps)[0]
        return np.asarray(steps * spikes.dt), np.asarray((states - self.mean) @ self.axes.T)


def moments(n_steps: int, most: int) -> Ints:
    """Return at most this number of steps, evenly spaced; the last one is the end of the sample."""
    return np.unique(np.rint(np.linspace(1, n_steps, min(n_steps, most))).astype(np.int64))


def states_at(spikes: Spikes, steps: Ints) -> Floats:
    """Return the traces of samples of equal length after these steps, (samples, steps, N)."""
    times = tuple((steps / int(spikes.n_steps[0])).tolist())
    return Traces(tau=TAU, times=times).of(spikes).reshape(len(spikes), len(times), -1)


def fit(spikes: Spikes) -> Components:
    """Return the principal components of the states in all samples."""
    from sklearn.decomposition import PCA

    n_samples = max(1, min(len(spikes), _MOST // (_FITTED * max(spikes.n_channels, 1))))
    parts = [states_at(spikes[b], moments(int(spikes.n_steps[b]), _FITTED))[0] for b in range(n_samples)]
    points = np.concatenate(parts)
    n = min(3, *points.shape)
    axes, share = np.zeros((3, points.shape[1])), np.zeros(3)
    if np.ptp(points, axis=0).any():  # a silent liquid has no variance
        found = PCA(n, svd_solver="randomized", random_state=0).fit(points)
        axes[:n], share[:n] = found.components_, found.explained_variance_ratio_
    return Components(points.mean(axis=0), axes, share)
