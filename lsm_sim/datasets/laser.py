"""The intensity of a chaotic laser: a fast series, like set A of the Santa Fe competition."""

from __future__ import annotations

import numpy as np

from lsm_sim.datasets.lorenz import lorenz
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats

_LEVELS = 255
_STEP = 0.48  # units of time for a sample: 7.5 samples for a pulse, as in the competition
_FULL_SCALE = 30.0  # intensity at the highest level; the few higher pulses are clipped


def laser(n: int, *, seed: int = 0, levels: bool = True) -> Floats:
    """Return ``n`` samples of the intensity of a laser, about 7.5 for each pulse, as an 8-bit converter would: 0 ... 255.

    The laser equations of Haken have the form of those of Lorenz, with the field E = x, the polarisation P = y and the
    inversion z::

        dx/dt = 2 (y - x)        dy/dt = x (15 - z) - y        dz/dt = x y - z / 4        intensity = x^2

    With these constants they follow the pulses of an NH3 laser, which grow and collapse: U. Huebner, N. B. Abraham, C. O.
    Weiss: Dimensions and entropies of chaotic intensity pulsations in a single-mode far-infrared NH3 laser. Physical Review A
    40, 6354 (1989); C. O. Weiss et al.: Models, predictions, and experimental measurements of far-infrared NH3-laser dynamics
    and comparisons with the Lorenz-Haken model. Applied Physics B 61, 223 (1995). The equations are from H. Haken: Analogy
    between higher instabilities in fluids and lasers. Physics Letters A 53, 77 (1975). The measured series was set A of the
    competition: A. S. Weigend, N. A. Gershenfeld (eds.): Time series prediction (1993). This one is made, without noise, and
    integrated by `lsm_sim.datasets.lorenz`.

    Parameters
    ----------
    n
        Number of samples.
    seed
        Determines the first state.
    levels
        Round to 256 levels; False: the intensity itself.

    Examples
    --------
    >>> laser(8, seed=1)
    array([  0.,   0.,   0.,   1.,   8.,  63., 156.,  17.])
    """
    checks.whole(n, "laser n", 1, checks.MOST)
    checks.flag(levels, "laser levels")
    field = lorenz(n, seed=seed, dt=_STEP, substeps=12, sigma=2.0, rho=15.0, beta=0.25, warm_up=200 * _STEP)[:, 0]
    intensity = field**2
    return np.clip(np.rint(intensity * (_LEVELS / _FULL_SCALE)), 0, _LEVELS) if levels else intensity
