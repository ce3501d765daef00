"""The gain of a liquid, matched in `fit` to the spikes that the encoder makes of the training samples.

How often a liquid fires depends on how many channels there are and on their rates: the input weights of a ready-made liquid that
suit 32 channels are too small for one. So `fit` runs some of its samples and, where the mean rate of the neurons is too low,
multiplies the input weights by one factor; wiring, signs, delays and recurrent weights remain. The rate is that of float64
arithmetic, on any backend.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Request, compiled
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate import rescale
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.warn import warn
from lsm_sim.units import Hz

AUTO = "auto"
TARGET, LEAST = 15.0 * Hz, 10.0 * Hz  # "auto": the mean rate, and the rate below which it is matched
_FACTORS = (2.0**-8, 2.0**8)
_TOLERANCE = 0.1
_SAMPLES = 16  # that the rate is measured with
_ALWAYS = 0.98  # of the highest possible rate


def checked_target(target_rate: Any) -> float | str | None:
    """Return the target rate, in Hz, "auto" or None."""
    if target_rate is None or (isinstance(target_rate, str) and target_rate == AUTO):
        return target_rate
    if isinstance(target_rate, str):
        raise DescriptionError(f"target_rate: got {target_rate!r}, expected a rate in Hz, 'auto' or None")
    return checks.positive(target_rate, "target_rate", "rate")


def matched(
    liquid: Liquid, program: Program, stimulus: Spikes, target_rate: Any, *, given: bool, n_threads: int | None = None
) -> tuple[Liquid, Program]:
    """Return the liquid whose input weights are scaled to the target rate, and its program; the same ones if nothing is to do.

    There is a warning if nearly all neurons fire at every step that they can.

    Parameters
    ----------
    program
        The liquid, lowered.
    stimulus
        Spikes that enter the liquid, of samples of `fit`.
    target_rate
        In Hz, "auto" or None; see `lsm_sim.LiquidTransformer`.
    given
        Whether the user gave this `Liquid` itself, whose weights "auto" leaves alone.
    """
    target = checked_target(target_rate)
    some = stimulus[:: -(-len(stimulus) // _SAMPLES)]
    rate = mean_rate(program, with_background(some, liquid), n_threads)
    wanted = TARGET if target == AUTO and not given and rate < LEAST else target
    if isinstance(wanted, str) or wanted is None or abs(rate - wanted) <= _TOLERANCE * wanted:
        if rate:  # readouts warn of silence
            warn_of_extremes(program, rate)
        return liquid, program
    try:
        scaled = rescale.to_mean_rate(
            liquid, some, wanted, "input", factors=_FACTORS, tolerance=_TOLERANCE, n_threads=n_threads
        )
    except DescriptionError as error:
        if target != AUTO:
            raise DescriptionError(f"target_rate: {error}") from None
        return liquid, program
    return scaled, lower(scaled, program.dt)


def mean_rate(program: Program, stimulus: Spikes, n_threads: int | None = None) -> float:
    """Return spikes per neuron and second of a program."""
    request = Request(spikes=False, bins=equal_bins(stimulus.n_steps, 1), n_threads=n_threads, progress=False)
    with compiled(program, DEFAULT) as runner:
        counts = runner(stimulus, request).counts
    assert counts is not None  # `compiled` has checked it
    return float(counts.sum(dtype=np.int64)) / (program.n_neurons * float(stimulus.durations.sum()))


def warn_of_extremes(program: Program, rate: float) -> None:
    """Warn if the neurons, at this mean rate, never fire, or nearly at every step that they can."""
    most = float(np.mean(1 / (1.0 + program.refractory))) / program.dt
    if rate == 0:
        warn(
            "liquid: no neuron fires, so a readout learns nothing from it; use larger input weights, or an encoder with more spikes"
        )
    elif rate > _ALWAYS * most:
        warn(
            f"liquid: its neurons fire nearly always, at {rate:.0f} of at most {most:.0f} Hz, so its spikes say little; use smaller "
            "weights, or a target_rate such as 20 * Hz"
        )
