"""NARMA-10: a nonlinear moving average with ten steps of memory, driven by noise."""

from __future__ import annotations

from lsm_sim.errors import DescriptionError
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

WARM_UP = 200  # steps after which the initial state has no effect
LARGEST = 10.0  # the stable range ends near 1.4; beyond it y grows without bound
ATTEMPTS = 100
_BYTES_PER_STEP = 100  # input and target as arrays and as Python floats in lists


def narma10(n: int, *, seed: int = 0) -> tuple[Floats, Floats]:
    """Return the input u(k) and the target y(k + 1) for ``n`` steps k, shape (n,) each.

    The system is ::

        y(k + 1) = 0.3 y(k) + 0.05 y(k) (y(k) + ... + y(k - 9)) + 1.5 u(k - 9) u(k) + 0.1

    with u uniform on [0, 0.5] and y = 0 initially; the first 200 steps are discarded. The target at step k depends on the
    inputs up to and including u(k). A. F. Atiya, A. G. Parlos: New results on recurrent network training. IEEE Transactions on
    Neural Networks 11, 697-709 (2000).

    For rare inputs y grows without bound (in 6 of 100 draws of 10000 steps). Such an input is redrawn, with the same
    seed, until y stays bounded; clipping y instead would change the system. A short series is therefore the start of a
    long one only if neither was redrawn.

    Examples
    --------
    >>> u, target = narma10(2000, seed=1)
    >>> u.shape, target.shape, bool(target.max() < 1.5)
    ((2000,), (2000,), True)
    """
    n, seed = checks.whole(n, "narma10 n", 1, checks.MOST), checks.whole(seed, "narma10 seed")
    check_memory(n * _BYTES_PER_STEP, "narma10")
    for attempt in range(ATTEMPTS):
        u = stream(seed, f"narma10/input/{attempt}").uniform(0, 0.5, n + WARM_UP)
        y = _response(u.tolist())
        if y is not None:
            return u[WARM_UP:], checks.real_array(y[WARM_UP:], "narma10")
    raise DescriptionError(f"narma10 n: got {n} steps, over which {ATTEMPTS} inputs diverged; take fewer steps")


def _response(u: list[float]) -> list[float] | None:
    """Return y(k + 1) for each step k, or None if it grows without bound."""
    y, before = [0.0] * 10, [0.0] * 9 + u  # before[k] is u(k - 9)
    for now, then in zip(u, before, strict=False):
        y.append(0.3 * y[-1] + 0.05 * y[-1] * sum(y[-10:]) + 1.5 * then * now + 0.1)
        if y[-1] > LARGEST:
            return None
    return y[10:]
