"""The scale of a readout on the chip: as large as 8-bit weights and the range of the integrators allow.

The sums that integrators reach on calibration data are computed from the liquid's spikes, at every step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.signal import lfilter
from scipy.sparse import csr_matrix

from lsm_sim.deploy.folding import Linear
from lsm_sim.deploy.on_chip import COARSE, LIMIT, PULSE, ChipReadout, Kind, coarse_and_fine
from lsm_sim.dynamics.loihi import MAX_WEIGHT, ONE
from lsm_sim.errors import DescriptionError, UnsupportedError
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints

MAX_PULSES = 8


@dataclass(frozen=True, eq=False)
class Peaks:
    """The largest magnitudes that integrators reach on calibration data, for given weights.

    Parameters
    ----------
    sums
        Of the sum of an integrator, bias included, at any step.
    arrivals
        Of what arrives at an integrator in one step, from the liquid.
    """

    sums: float
    arrivals: float


def peaks(weights: Any, bias: Any, kind: Kind, dv: int, spikes: Spikes, edges: Ints) -> Peaks:
    """Return the peaks of integrators with these weights (bins, outputs, N) on spikes of the liquid."""
    sums = arrivals = 0.0
    for b in range(len(spikes)):
        one = spikes[b]
        data = np.ones(one.n_events)
        raster = csr_matrix((data, (one.step, one.channel)), shape=(int(one.n_steps[0]), one.n_channels))
        total = np.zeros((raster.shape[0], weights.shape[1]))
        for k, own in enumerate(weights):
            stop = None if kind == "banks" else edges[b, k + 1]
            each = raster @ own.T  # (steps, outputs)
            arrivals = max(arrivals, float(np.abs(each).max(initial=0)))
            part = slice(edges[b, k], stop)
            if kind == "banks":
                start = bias if k == 0 else 0.0
                sums = max(sums, float(np.abs(start + np.cumsum(each[part], axis=0)).max(initial=0)))
            else:
                total[part] += each[part]
        if kind == "relays":
            sums = max(sums, float(np.abs(bias + np.cumsum(total, axis=0)).max(initial=0)))
        if kind == "trace":
            leaky = lfilter([1.0], [1.0, -(ONE - dv) / ONE], total, axis=0)
            sums = max(sums, float(np.abs(leaky).max(initial=0)), float(np.abs(leaky[-1:] + bias).max(initial=0)))
    return Peaks(sums, arrivals)


def fitted(
    linear: Linear,
    kind: Kind,
    dv: int,
    ramp: int,
    shape: tuple[int, int],
    spikes: Spikes,
    edges: Ints,
    *,
    headroom: float,
    scale: float | None,
) -> tuple[ChipReadout, Peaks]:
    """Return the readout in integers, and its peaks on the calibration spikes.

    ``shape`` is the number of the liquid's channels and neurons. ``scale`` None: the largest that fits. Values, unlike classes,
    need no common scale; the weights of each are then made equally large.
    """
    weights = np.moveaxis(linear.weights, 1, 0)  # (bins, outputs, N)
    unit = np.ones(weights.shape[1])
    if linear.classes is None:
        each = np.abs(weights).max(axis=(0, 2))
        unit = each.max() / np.where(each > 0, each, each.max() or 1.0)
    weights, intercept = weights * unit[:, None], linear.intercept * unit
    differences = np.diff(weights, axis=0, prepend=0.0) if kind == "banks" else weights
    largest = float(np.abs(differences).max(initial=0))
    if largest == 0:
        raise DescriptionError("readout: every weight is 0, so it decides nothing; train it on a network that spikes")
    most = MAX_WEIGHT / largest
    if scale is None:
        exact = peaks(differences, intercept, kind, dv, spikes, edges)
        chosen = min(most, _fitting(exact, intercept, kind, headroom))
    else:
        chosen = checks.positive(scale, "scale")
    for _ in range(20):  # rounding may exceed what the exact weights kept
        readout = _rounded(weights, intercept, chosen, unit, kind, dv, ramp, shape)
        own = peaks(readout.weights, readout.bias, kind, dv, spikes, edges)
        room = LIMIT - (512 if kind == "banks" else 0)  # a bank begins to count at -32767 / 64
        held = own.arrivals < PULSE / 2 or kind != "banks" or readout.n_bins == 1
        if headroom * own.sums <= room and held and np.abs(readout.weights).max() <= MAX_WEIGHT:
            return readout, own
        if scale is not None:
            exact = peaks(differences, intercept, kind, dv, spikes, edges)
            fits = min(most, _fitting(exact, intercept, kind, headroom))
            raise UnsupportedError(
                f"readout scale: got {chosen:g}, for which sums reach {own.sums:.0f} on the calibration data and weights "
                f"{np.abs(readout.weights).max()}, expected at most {room} / {headroom:g} and {MAX_WEIGHT}; a scale of {0.98 * fits:.4g} "
                "would hold, or leave it out"
            )
        chosen *= 0.95
    raise UnsupportedError(
        f"readout: sums of {own.sums:.0f} and arrivals of {own.arrivals:.0f} do not fit the integrators at any scale; use "
        "fewer bins or a stronger regularisation"
    )


def _fitting(exact: Peaks, intercept: Floats, kind: Kind, headroom: float) -> float:
    """Return the largest scale for the sums, the arrivals and the biases."""
    room = (LIMIT - 512) / (headroom * exact.sums) if exact.sums else np.inf
    held = 0.98 * PULSE / 2 / exact.arrivals if kind == "banks" and exact.arrivals else np.inf
    bias = float(np.abs(intercept).max())
    given = MAX_PULSES * (PULSE - COARSE) / bias if bias else np.inf
    if kind == "trace":
        given /= MAX_PULSES
    return float(min(room, held, given))


def _rounded(
    weights: Floats,
    intercept: Floats,
    scale: float,
    unit: Floats,
    kind: Kind,
    dv: int,
    ramp: int,
    shape: tuple[int, int],
) -> ChipReadout:
    integers = np.empty(weights.shape, np.int64)
    so_far = np.zeros(weights.shape[1:], np.int64)
    for b, exact in enumerate(weights):
        integers[b] = np.rint(scale * exact) - so_far
        if kind == "banks":
            so_far += integers[b]
    bias = np.rint(scale * intercept).astype(np.int64)
    pulses = 1 if kind == "trace" else max(1, int(-(-np.abs(bias).max() // (PULSE - COARSE))))
    coarse, fine = coarse_and_fine(bias, pulses)
    n_inputs, n_neurons = shape
    return ChipReadout(kind, integers, pulses * (coarse + fine), pulses, scale * unit, dv, ramp, n_neurons, n_inputs)
