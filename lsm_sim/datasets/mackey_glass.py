"""The Mackey-Glass equation: a chaotic scalar series with a delay."""

from __future__ import annotations

from lsm_sim.datasets.steps import whole_steps
from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

_BYTES_PER_STEP = 80  # x and its slope as Python floats in lists


def mackey_glass(
    n: int,
    *,
    tau: float = 17.0,
    seed: int = 0,
    every: float = 1.0,
    dt: float = 0.1,
    beta: float = 0.2,
    gamma: float = 0.1,
    exponent: float = 10.0,
    warm_up: float = 1000.0,
) -> Floats:
    """Return ``n`` values of x, shape (n,), one every ``every`` units of time.

    The equation is ::

        dx/dt = beta x(t - tau) / (1 + x(t - tau)^exponent) - gamma x(t)

    M. C. Mackey, L. Glass: Oscillation and chaos in physiological control systems. Science 197, 287-289 (1977). It is
    integrated by the classical Runge-Kutta method with the step ``dt``; x(t - tau) between two steps is the cubic
    Hermite interpolant. Before time 0, x is a constant that the seed draws from [0.5, 1.5); the first ``warm_up`` units
    of time are discarded. At tau = 17 the series is mildly chaotic, at tau = 30 strongly.

    Parameters
    ----------
    n
        Number of values.
    tau, every, dt, warm_up
        Times, in the unit of the equation; the first two and the last must be whole numbers of steps ``dt``.
    seed
        Determines the initial history, and thereby the section of the attractor.
    beta, gamma, exponent
        Constants of the equation.

    Examples
    --------
    >>> x = mackey_glass(1000, seed=1)
    >>> x.shape, bool(0.2 < x.min() < x.max() < 1.5)
    ((1000,), True)
    """
    n, seed = checks.whole(n, "mackey_glass n", 1, checks.MOST), checks.whole(seed, "mackey_glass seed")
    delay, stride = (whole_steps(value, dt, f"mackey_glass {name}") for name, value in (("tau", tau), ("every", every)))
    skipped = whole_steps(warm_up, dt, "mackey_glass warm_up", minimum=0)
    for name, value in (("beta", beta), ("gamma", gamma), ("exponent", exponent)):
        checks.positive(value, f"mackey_glass {name}")
    if gamma * dt > 1:
        raise DescriptionError(f"mackey_glass dt: got {dt:g}, expected at most 1/gamma = {1 / gamma:g}")
    check_memory((delay + skipped + n * stride) * _BYTES_PER_STEP, "mackey_glass")
    start = float(stream(seed, "mackey_glass/history").uniform(0.5, 1.5))
    series = _integrate(start, delay, skipped + (n - 1) * stride, dt, beta, gamma, exponent)
    return checks.real_array(series[delay + skipped :: stride], "mackey_glass")


def _integrate(
    start: float, delay: int, steps: int, dt: float, beta: float, gamma: float, exponent: float
) -> list[float]:
    """Return x at all steps from -tau on, ``delay + 1 + steps`` values."""
    x, slope = [start] * (delay + 1), [0.0] * delay
    feedback = beta * start / (1 + start**exponent)
    for k in range(delay, delay + steps):
        now, past, next_past = x[k], x[k - delay], x[k - delay + 1]
        k1 = feedback - gamma * now
        slope.append(k1)
        # the delayed value half a step later; the slope is discontinuous at time 0, where the constant history ends
        middle = start if k < 2 * delay else (past + next_past) / 2 + dt * (slope[k - delay] - slope[k - delay + 1]) / 8
        halfway = beta * middle / (1 + middle**exponent)
        feedback = beta * next_past / (1 + next_past**exponent)
        k2 = halfway - gamma * (now + dt * k1 / 2)
        k3 = halfway - gamma * (now + dt * k2 / 2)
        k4 = feedback - gamma * (now + dt * k3)
        x.append(now + dt * (k1 + 2 * k2 + 2 * k3 + k4) / 6)
    return x
