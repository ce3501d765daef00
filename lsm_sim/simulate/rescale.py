"""Scale the weights of a liquid, as an explicit step: wiring, delays and all random draws stay the same.

Each function returns a new `Liquid` whose weights are ``factor * weight``; the factor is part of the description and
of its file.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np

from lsm_sim.describe.drawing import draw_synapses
from lsm_sim.describe.liquid import Liquid
from lsm_sim.describe.synapses import Synapses
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Backend, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats
from lsm_sim.support.memory import check_memory
from lsm_sim.support.seeding import stream

__all__ = ["mean_rate", "scale", "spectral_radius", "to_mean_rate", "to_spectral_radius"]

Part = Literal["recurrent", "input", "all"]

_DENSE_UP_TO = 600  # neurons: up to here all eigenvalues take less time than ARPACK takes for the largest
_HALVINGS = 40


def scale(liquid: Liquid, factor: float, which: Part = "all") -> Liquid:
    """Return the liquid with the weights of some of its synapses multiplied by ``factor`` >= 0.

    Parameters
    ----------
    which
        ``"recurrent"``: synapses from neurons; ``"input"``: synapses from input channels; ``"all"``: both.
    """
    factor = checks.real(factor, "factor")
    if factor < 0:
        raise DescriptionError(f"factor: got {factor:g}, expected a number >= 0; negative weights change Dale's law")
    chosen = _chooser(liquid, which)
    synapses = [dataclasses.replace(s, weight=_scaled(s.weight, factor)) if chosen(s) else s for s in liquid.synapses]
    return dataclasses.replace(liquid, synapses=synapses)


def _scaled(weight: Any, factor: float) -> Any:
    return weight * factor


def _chooser(liquid: Liquid, which: Part) -> Callable[[Synapses], bool]:
    checks.instance(liquid, Liquid, "rescale", "a Liquid")
    inputs = {group.name for group in liquid.inputs}
    choosers: dict[str, Callable[[Synapses], bool]] = {
        "recurrent": lambda synapses: synapses.pre not in inputs,
        "input": lambda synapses: synapses.pre in inputs,
        "all": lambda _: True,
    }
    return choosers[checks.choice(which, "which", choosers)]


def spectral_radius(liquid: Liquid) -> float:
    """Return the spectral radius of the recurrent weights: max |eigenvalue| of W.

    ``W[j, i]`` is the summed weight from neuron i to neuron j, in units of v: what one spike of i adds to v of j if the
    membrane does not leak. Delays and time constants are not taken into account. A liquid without a closed loop has radius 0.
    """
    from scipy import sparse
    from scipy.sparse import csgraph, linalg

    matrix = _recurrent_matrix(liquid)
    n_loops, _ = csgraph.connected_components(matrix, connection="strong")
    if n_loops == matrix.shape[0]:  # only autapses: W is triangular in some order of the neurons
        return float(np.abs(matrix.diagonal()).max(initial=0.0))
    if matrix.shape[0] <= _DENSE_UP_TO:
        return float(np.abs(np.linalg.eigvals(matrix.toarray())).max())
    start = stream(0, "rescale/start").normal(size=matrix.shape[0])  # fixed, so that the result is reproducible
    try:
        largest = linalg.eigs(sparse.csc_array(matrix), k=1, v0=start, return_eigenvectors=False, ncv=100)
    except linalg.ArpackNoConvergence:
        check_memory(3 * 8.0 * matrix.shape[0] ** 2, "spectral_radius")
        largest = np.linalg.eigvals(matrix.toarray())
    return float(np.abs(largest).max())


def _recurrent_matrix(liquid: Liquid) -> Any:
    """Return the recurrent weights as drawn, scipy.sparse of shape (N, N): row is the target, column the source."""
    from scipy import sparse

    checks.instance(liquid, Liquid, "spectral_radius", "a Liquid")
    start, starts = 0, {}
    for group in liquid.neurons:
        starts[group.name], start = start, start + group.size
    parts = [p for p in draw_synapses(liquid) if p.pre in starts]
    row = np.concatenate([np.empty(0, np.int64), *(p.target + starts[p.post] for p in parts)])
    column = np.concatenate([np.empty(0, np.int64), *(p.source + starts[p.pre] for p in parts)])
    weight: Floats = np.concatenate([np.empty(0), *(p.weight for p in parts)])
    return sparse.coo_array((weight, (row, column)), shape=(start, start)).tocsr()


def to_spectral_radius(liquid: Liquid, radius: float) -> Liquid:
    """Return the liquid with recurrent weights multiplied by radius / `spectral_radius`.

    Raises
    ------
    DescriptionError
        If the liquid has no closed loop: no factor changes its radius of 0.
    """
    wanted, now = checks.real(radius, "radius"), spectral_radius(liquid)
    if wanted < 0:
        raise DescriptionError(f"radius: got {wanted:g}, expected a number >= 0")
    if now == 0:
        raise DescriptionError(
            "to_spectral_radius: the recurrent weights form no loop (radius 0); add recurrent synapses"
        )
    return scale(liquid, wanted / now, "recurrent")


def mean_rate(
    liquid: Liquid, stimulus: Spikes, *, backend: str | Backend = DEFAULT, n_threads: int | None = None
) -> float:
    """Return the mean rate of all neurons of ``liquid`` over all samples of ``stimulus``, in Hz: spikes / (neurons * seconds).

    ``backend`` and ``n_threads`` are those of `lsm_sim.run`.
    """
    if not isinstance(stimulus, Spikes):
        raise DescriptionError(f"stimulus: got {type(stimulus).__name__}, expected Spikes; see lsm_sim.encode")
    request = Request(spikes=False, bins=equal_bins(stimulus.n_steps, 1), n_threads=n_threads, progress=False)
    with compiled(lower(liquid, stimulus.dt), backend) as runner:  # not `run`, which warns of silence
        counts = runner(with_background(stimulus, liquid), request).counts
    assert counts is not None  # `compiled` has checked it
    seconds = float(stimulus.n_steps.sum()) * stimulus.dt
    return float(counts.sum(dtype=np.int64)) / (liquid.n_neurons * seconds)


def to_mean_rate(
    liquid: Liquid,
    stimulus: Spikes,
    rate: float,
    which: Part = "recurrent",
    *,
    factors: tuple[float, float] = (1 / 64, 64.0),
    tolerance: float = 0.02,
    backend: str | Backend = DEFAULT,
    n_threads: int | None = None,
) -> Liquid:
    """Return the liquid with weights scaled so that it fires at a given mean rate under the stimulus.

    The factor is found by bisection: f = sqrt(low * high), then the half that contains ``rate``.

    Parameters
    ----------
    rate
        Target mean over all neurons and samples, in Hz.
    which
        Weights to scale: ``"recurrent"``, ``"input"`` or ``"all"``.
    factors
        Smallest and largest factor tried.
    tolerance
        Accepted relative difference from ``rate``.
    backend, n_threads
        As for `lsm_sim.run`.

    Raises
    ------
    DescriptionError
        If the rates at both ends are on the same side of ``rate``, or the rate jumps past it.
    """
    wanted = checks.positive(rate, "rate", "rate")
    low, high = _ends(factors)

    def rate_at(factor: float) -> float:
        return mean_rate(scale(liquid, factor, which), stimulus, backend=backend, n_threads=n_threads)

    at_low, at_high = rate_at(low), rate_at(high)
    if (at_low - wanted) * (at_high - wanted) > 0:
        ends = f"{at_low:.3g} Hz at factor {low:.3g} and {at_high:.3g} Hz at factor {high:.3g}"
        raise DescriptionError(
            f"to_mean_rate: {wanted:g} Hz is not between {ends}; widen factors or scale other weights"
        )
    for _ in range(_HALVINGS):
        middle = math.sqrt(low * high)
        at_middle = rate_at(middle)
        if abs(at_middle - wanted) <= tolerance * wanted:
            return scale(liquid, middle, which)
        if (at_middle < wanted) == (at_low < wanted):
            low, at_low = middle, at_middle
        else:
            high, at_high = middle, at_middle
    ends = f"{at_low:.3g} Hz to {at_high:.3g} Hz at factor {high:.6g}"
    raise DescriptionError(
        f"to_mean_rate: the rate jumps from {ends}, past {wanted:g} Hz; use a longer stimulus or a larger tolerance"
    )


def _ends(factors: tuple[float, float]) -> tuple[float, float]:
    low, high = (checks.positive(factor, "factors") for factor in factors)
    if low >= high:
        raise DescriptionError(f"factors: got {low:g} and {high:g}, expected the smaller one first")
    return low, high
