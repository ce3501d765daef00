"""Separation: how far apart two inputs drive the state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lsm_sim.errors import DescriptionError
from lsm_sim.measures.checked import checked_states, plain
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, figures
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.units import ms

_REACH = 4  # kernels: a Gaussian is 1e-7 there


@dataclass(frozen=True, eq=False)
class Separation:
    """Distances of pairs of inputs, and of the states that they lead to.

    Parameters
    ----------
    input_distance
        Of each pair, root mean square over time of the difference of filtered trains, all channels together, (P,).
    state_distance
        Euclidean distance of the states, per root of the number of features, (P,).
    slope
        Of the line through the origin: state distance per input distance.
    correlation
        Of both distances over pairs; NaN if one of them does not vary.
    """

    input_distance: Floats
    state_distance: Floats
    slope: float
    correlation: float

    def __str__(self) -> str:
        n = self.input_distance.size
        return f"separation: {self.slope:.3g} state distance per input distance, correlation {self.correlation:.2f} ({n} pairs)"

    def to_dict(self) -> dict[str, Any]:
        """Return everything as plain data."""
        return plain(self)

    def plot(self, axes: Any = None) -> Any:
        """Draw state distance over input distance and return the Axes."""
        ax = figures.axes(axes, height=2.0)
        ax.plot(self.input_distance, self.state_distance, ".", color=figures.BLUE, markersize=3)
        end = self.input_distance.max()
        ax.plot([0, end], [0, self.slope * end], color=figures.VERMILION, linewidth=figures.LINE)
        figures.tidy(ax, "Distance of inputs", "Distance of states")
        return ax


def separation(one: Spikes, other: Spikes, states: Any, other_states: Any, *, kernel: float = 5 * ms) -> Separation:
    """Return the distance of states as a function of the distance of inputs, for pairs of samples.

    The distance of two inputs is sqrt(sum_c integral (f_c - g_c)^2 dt / duration), where f_c is the train of channel c with each
    spike replaced by exp(-(t / kernel)^2), as in the paper; that of two states is |z - z'| / sqrt(features). W. Maass,
    T. Natschlaeger, H. Markram: Real-time computing without stable states. Neural Computation 14, 2531-2560 (2002), figure 2.

    A large slope means that small differences of the input are amplified, those that matter and those that do not. Begin each
    pair in different initial states to see what the past alone does (`examples/maass_separation.py`).

    Parameters
    ----------
    one, other
        Inputs, P samples each; sample b of both is a pair. All samples are equally long.
    states, other_states
        What they lead to, (P, features).
    kernel
        In seconds.

    Examples
    --------
    >>> one, other = (Spikes.from_trains([[0.02], [t]], duration=0.1, dt=1e-3) for t in (0.03, 0.07))
    >>> round(float(separation(one, other, [[1.0, 0.0]], [[0.0, 1.0]]).input_distance[0]), 3)
    0.354
    """
    inputs = input_distances(one, other, kernel)
    a, b = checked_states(states, "separation", 1), checked_states(other_states, "separation", 1)
    if a.shape != b.shape or len(a) != len(inputs):
        raise DescriptionError(
            f"separation: got states of shapes {a.shape} and {b.shape} for {len(inputs)} pairs of inputs, expected (pairs, features) both times"
        )
    if not inputs.any():
        raise DescriptionError("separation: got equal inputs in every pair, expected different ones")
    apart = np.linalg.norm(a - b, axis=1) / np.sqrt(a.shape[1])
    spreads = inputs.std() * apart.std()
    relation = float(np.corrcoef(inputs, apart)[0, 1]) if spreads > 0 else float("nan")
    return Separation(inputs, apart, float(inputs @ apart / (inputs @ inputs)), relation)


def input_distances(one: Spikes, other: Spikes, kernel: float = 5 * ms) -> Floats:
    """Return the distance of sample b of ``one`` from sample b of ``other``, (P,), see `separation`."""
    from scipy.ndimage import convolve1d

    for spikes in (one, other):
        checks.instance(spikes, Spikes, "separation", "Spikes")
    lengths = np.concatenate([one.n_steps, other.n_steps])
    if len(one) != len(other) or one.n_channels != other.n_channels or one.dt != other.dt or not len(one):
        raise DescriptionError(
            f"separation: got {one} and {other}, expected equal channels, dt and numbers of samples, at least 1"
        )
    if (lengths != lengths[0]).any():
        raise DescriptionError("separation: got samples of different lengths, expected equal ones")
    width = checks.positive(kernel, "separation kernel", "time") / one.dt
    check_memory(8.0 * min(_REACH * width, 1e15), "separation kernel")
    reach = int(np.ceil(_REACH * width))
    shape = np.exp(-((np.arange(-reach, reach + 1) / width) ** 2))
    out = np.empty(len(one))
    for b in range(len(one)):
        difference = one[b].raster().astype(float) - other[b].raster()
        padded = np.pad(difference, ((reach, reach), (0, 0)))  # a spike at the end counts like any other
        out[b] = np.sqrt((convolve1d(padded, shape, axis=0, mode="constant") ** 2).sum() / len(difference))
    return out
