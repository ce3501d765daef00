"""The Lorenz equations of 1963: a chaotic series in three dimensions."""

from __future__ import annotations

import numpy as np

from lsm_sim.datasets.steps import whole_steps
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

State = tuple[float, float, float]


def lorenz(
    n: int,
    *,
    seed: int = 0,
    dt: float = 0.02,
    substeps: int = 4,
    sigma: float = 10.0,
    rho: float = 28.0,
    beta: float = 8 / 3,
    warm_up: float = 20.0,
) -> Floats:
    """Return ``n`` states (x, y, z), shape (n, 3), one every ``dt`` units of time.

    The equations are ::

        dx/dt = sigma (y - x)
        dy/dt = x (rho - z) - y
        dz/dt = x y - beta z

    E. N. Lorenz: Deterministic nonperiodic flow. Journal of the Atmospheric Sciences 20, 130-141 (1963). They are
    integrated by the classical Runge-Kutta method with the step ``dt / substeps``. The seed determines the first state,
    uniform in the box [-10, 10) x [-10, 10) x [10, 40); the first ``warm_up`` units of time are discarded.

    Examples
    --------
    >>> lorenz(500, seed=1).shape
    (500, 3)
    """
    n, seed = checks.whole(n, "lorenz n", 1, checks.MOST), checks.whole(seed, "lorenz seed")
    substeps = checks.whole(substeps, "lorenz substeps", 1)
    skipped = whole_steps(warm_up, dt, "lorenz warm_up", minimum=0)
    sigma, rho, beta = (
        checks.positive(value, f"lorenz {name}") for name, value in (("sigma", sigma), ("rho", rho), ("beta", beta))
    )
    check_memory(n * 24, "lorenz")
    x, y, z = stream(seed, "lorenz/start").uniform((-10, -10, 10), (10, 10, 40)).tolist()
    states, state = np.empty((n, 3)), (x, y, z)
    for k in range(-skipped, n):
        if k >= 0:
            states[k] = state
        try:
            for _ in range(substeps):
                state = _runge_kutta(state, dt / substeps, sigma, rho, beta)
        except OverflowError:
            state = (np.inf,) * 3
        if not np.isfinite(state).all():
            step = dt / substeps
            raise DescriptionError(f"lorenz: the integration diverges with a step of {step:g}; take more substeps")
    return states


def _runge_kutta(state: State, h: float, sigma: float, rho: float, beta: float) -> State:
    def slope(x: float, y: float, z: float) -> State:
        return sigma * (y - x), x * (rho - z) - y, x * y - beta * z

    def moved(by: State, share: float) -> State:
        return state[0] + share * by[0], state[1] + share * by[1], state[2] + share * by[2]

    k1 = slope(*state)
    k2 = slope(*moved(k1, h / 2))
    k3 = slope(*moved(k2, h / 2))
    k4 = slope(*moved(k3, h))
    mean = tuple((a + 2 * b + 2 * c + d) / 6 for a, b, c, d in zip(k1, k2, k3, k4, strict=True))
    return moved((mean[0], mean[1], mean[2]), h)
