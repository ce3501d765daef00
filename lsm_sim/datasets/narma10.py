"""NARMA-10: a nonlinear moving average with ten steps of memory, driven by noise."""

from __future__ import annotations

from lsm_sim import checks
from lsm_sim.checks import Floats
from lsm_sim.errors import DescriptionError
from lsm_sim.seeding import stream

WARM_UP = 200  # steps until the start from zero is forgotten
LARGEST = 10.0  # the stable range ends near 1.4, beyond it y grows without bound


def narma10(n: int, *, seed: int = 0) -> tuple[Floats, Floats]:
    """Return the input u(k) and the target y(k + 1) for ``n`` steps k, shape (n,) each.

    The system is ::

        y(k + 1) = 0.3 y(k) + 0.05 y(k) (y(k) + ... + y(k - 9)) + 1.5 u(k - 9) u(k) + 0.1

    with u uniform on [0, 0.5] and y = 0 at first; 200 steps are thrown away. So the target at step k needs the inputs up
    to and including u(k). A. F. Atiya, A. G. Parlos: New results on recurrent network training. IEEE Transactions on
    Neural Networks 11, 697-709 (2000).

    Rare inputs make y grow without bound; that is an error which names the seed, for a value cut off would be another
    system.

    Examples
    --------
    >>> u, target = narma10(2000, seed=1)
    >>> u.shape, target.shape, bool(target.max() < 1.5)
    ((2000,), (2000,), True)
    """
    n, seed = checks.whole(n, "narma10 n", 1), checks.whole(seed, "narma10 seed")
    u = stream(seed, "narma10/input").uniform(0, 0.5, n + WARM_UP)
    drive, y = u.tolist(), [0.0] * 10
    for k in range(9, n + WARM_UP - 1):
        y.append(0.3 * y[k] + 0.05 * y[k] * sum(y[k - 9 : k + 1]) + 1.5 * drive[k - 9] * drive[k] + 0.1)
        if y[-1] > LARGEST:
            at = k + 1 - WARM_UP
            raise DescriptionError(f"narma10: with seed {seed} y grows without bound at step {at}; take another seed")
    k = len(y) - 1
    y.append(0.3 * y[k] + 0.05 * y[k] * sum(y[k - 9 : k + 1]) + 1.5 * drive[k - 9] * drive[k] + 0.1)
    return u[WARM_UP:], checks.real_array(y[WARM_UP + 1 :], "narma10")
