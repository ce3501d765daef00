"""Code shared by the models: an excitatory and an inhibitory group made from one population of neurons."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim import Neurons, Uniform
from lsm_sim.describe.distributions import Distribution
from lsm_sim.describe.positions import Grid
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.seeding import stream

EXC, INH, INPUT = "exc", "inh", "input"


def inhibitory_mask(n_neurons: int, share: float, seed: int) -> Bools:
    """Return which neurons are inhibitory, shape (n_neurons,): round(share * n_neurons) of them, chosen uniformly."""
    n_neurons = checks.whole(n_neurons, "n_neurons", minimum=2)
    n_inhibitory = round(checks.probability(share, "inhibitory") * n_neurons)
    if not 0 < n_inhibitory < n_neurons:
        msg = f"inhibitory: got {share:g} of {n_neurons} neurons, expected a fraction with at least one neuron of each kind"
        raise DescriptionError(msg)
    mask = np.zeros(n_neurons, np.bool_)
    rng = stream(checks.whole(seed, "seed"), "models/inhibitory")
    mask[rng.choice(n_neurons, n_inhibitory, replace=False)] = True
    return mask


def column(n_neurons: int) -> Floats:
    """Return grid positions of spacing 1, shape (n_neurons, 3): 3 x 3 x n/9 up to 200 neurons, s x s x 3 for more.

    The square layers have side s = round(sqrt(n/3)); as many layers as needed are filled.
    """
    n_neurons = checks.whole(n_neurons, "n_neurons", minimum=2)
    side = 3 if n_neurons <= 200 else round((n_neurons / 3) ** 0.5)
    layers = -(-n_neurons // side**2)
    points = Grid(layers, side, side)
    return points.draw(points.n_points, stream(0, "models/column"))[:n_neurons]


def non_negative(value: object, where: str) -> float:
    """Return ``value`` as one float >= 0."""
    number = checks.real(value, where)
    if number < 0:
        raise DescriptionError(f"{where}: got {number:g}, expected a number >= 0")
    return number


def uniform_delay(delay: object) -> Distribution:
    """Return uniform delays between the two values of ``delay``, in seconds."""
    ends = checks.real_array(delay, "delay", "time")
    if ends.shape != (2,):
        raise DescriptionError(f"delay: got {delay!r}, expected the shortest and the longest, in seconds")
    return Uniform(checks.positive(ends[0], "delay"), ends[1])


def pair(mask: Bools, positions: Floats | None, **parameters: Any) -> list[Neurons]:
    """Return the groups "exc" (Dale's law: +1) and "inh" (-1); a parameter may be a pair with one value for each."""
    out = []
    for at, (name, members, sign) in enumerate(((EXC, ~mask, 1), (INH, mask, -1))):
        own = {key: value[at] if isinstance(value, tuple) else value for key, value in parameters.items()}
        where = None if positions is None else positions[members]
        out.append(Neurons(name, int(members.sum()), positions=where, sign=sign, **own))
    return out
