"""Run a liquid or a program on a backend, with results by group name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.engine.excursions import warn_on_excursions
from lsm_sim.engine.protocol import DEFAULT, Backend, Outcome, Request, compiled
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.engine.state import State
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.quantisation.quantise import in_arithmetic
from lsm_sim.simulate.recording import chosen, recorded_neurons, traces
from lsm_sim.simulate.results import RecordSpec, Result
from lsm_sim.simulate.stimuli import Stimulus, as_spikes
from lsm_sim.spikes.bins import equal_bins
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.warn import warn


def run(
    network: Liquid | Program,
    stimulus: Stimulus,
    *,
    backend: str | Backend = DEFAULT,
    arithmetic: str | None = None,
    spikes: bool = True,
    bins: int | Ints | None = None,
    record: RecordSpec | None = None,
    record_steps: Sequence[int] | Ints | None = None,
    excursions: bool = False,
    trial: int | Ints = 0,
    state: State | None = None,
    keep_state: bool = False,
    n_threads: int | None = None,
    progress: bool | None = None,
) -> Result:
    """Run every sample of ``stimulus`` through ``network``, each from rest.

    Parameters
    ----------
    network
        A `Liquid`, lowered at the stimulus's dt, or a `Program`.
    stimulus
        Spikes on the input channels; or a dict of spikes by name of input group, such as ``{"audio": a, "tone": b}``, in any
        order.
    backend
        A backend or its name.
    arithmetic
        ``"loihi"``: quantise first, with this stimulus as calibration (see `lsm_sim.quantise`). ``"float64"``, or None: run
        the program as it is.
    spikes
        Return all spikes; if False, memory does not grow with activity.
    bins
        Return counts: a number of equal bins over each sample's own length, or edges in steps (B, K + 1).
    record
        Variables by group name, such as ``{"exc": ["v"]}`` or ``{"exc": Record("v", neurons=[0, 5])}``.
    record_steps
        Record only at these steps; None: at every step.
    excursions
        Count how often Loihi's registers would be exceeded (loihi arithmetic only).
    trial
        Number of the trial, one for all samples or one for each, on which the background noise of a liquid depends; see
        `lsm_sim.Background`.
    state
        The state in which each sample begins, that of an earlier run of the same network; None: at rest. Then the two runs
        give what one run of both stimuli in a row gives, to the bit (background noise excepted, which each run draws anew).
    keep_state
        Return the state at the end, ``result.state``.
    n_threads
        Maximum number of threads; None: one per core. Results do not depend on it.
    progress
        Show a progress bar; None: on a terminal, if the run takes more than a second.

    Raises
    ------
    LsmWarning
        If no neuron spiked, or adaptive thresholds silence all of them (unless a state variable is recorded), an input group with events has no synapses, or all delays
        between two groups are longer than the longest sample; see also `lsm_sim.lower`.
    DescriptionError, UnsupportedError, BackendUnavailableError, RunError
        See `lsm_sim.errors`.
    """
    if not isinstance(network, Liquid | Program):
        raise DescriptionError(f"network: got {type(network).__name__}, expected a Liquid or a Program")
    stimulus = as_spikes(stimulus, network)
    if isinstance(network, Liquid):
        stimulus = with_background(stimulus, network, trial)
    elif checks.whole_array(trial, "trial").any():
        raise DescriptionError("trial: got a number for a Program, which has no background noise of its own; omit it")
    program = lower(network, stimulus.dt) if isinstance(network, Liquid) else network
    _warn_of_inputs_without_synapses(program, stimulus)
    _warn_of_long_delays(program, stimulus)
    with compiled(in_arithmetic(program, arithmetic, stimulus), backend) as runner:
        legal = runner.program
        groups = chosen(legal, {} if record is None else record)
        request = Request(
            spikes=spikes,
            bins=_edges(bins, stimulus),
            neurons=recorded_neurons(groups),
            variables=tuple(name for name in legal.state if any(name in names for _, names in groups.values())),
            steps=None if record_steps is None else checks.whole_array(record_steps, "record_steps"),
            excursions=excursions,
            n_threads=n_threads,
            progress=progress,
            keep_state=keep_state,
        )
        outcome = (runner if arithmetic is None else warn_on_excursions(runner, legal))(stimulus, request, state)
    if not request.variables:  # who records v sees that no neuron reaches its threshold
        _warn_of_silence(outcome, stimulus)
        _warn_of_adaptation(legal, outcome, stimulus)
    times = tuple(np.asarray((recorded_steps(request, int(n)) + 1) * legal.dt) for n in stimulus.n_steps)
    units = legal.units if isinstance(network, Liquid) else None
    return Result(
        legal, outcome, {name: traces(name, legal, units, groups, outcome, times) for name in request.variables or ()}
    )


def _warn_of_inputs_without_synapses(program: Program, stimulus: Spikes) -> None:
    for name, members in program.input_groups.items():
        if len(members) and all(block.indptr[members.start] == block.indptr[members.stop] for block in program.blocks):
            n_events = int(np.count_nonzero((stimulus.channel >= members.start) & (stimulus.channel < members.stop)))
            if n_events:
                warn(f"run: Inputs {name!r}: no synapse leaves this group, so its {n_events} events have no effect")


def _warn_of_long_delays(program: Program, stimulus: Spikes) -> None:
    """Warn about pairs of groups whose spikes all arrive after the end of every sample."""
    longest = int(stimulus.n_steps.max(initial=0))
    if not len(stimulus) or program.max_delay + 1 < longest:
        return
    delay = program.synapses().delay
    for projection in program.projections():
        shortest = int(delay[projection.index].min()) + 1
        if shortest >= longest:
            what = f"every delay is at least {shortest * program.dt:g} s, but the longest sample lasts {longest * program.dt:g} s"
            warn(f"run: Synapses {projection.label}: {what}, so nothing arrives through them")


def _warn_of_silence(outcome: Outcome, stimulus: Spikes) -> None:
    """Warn if not a single neuron spiked, as far as the outcome says."""
    answers = [
        None if outcome.spikes is None else outcome.spikes.n_events,
        None if outcome.counts is None else outcome.counts.sum(),
    ]
    if len(stimulus) and 0 in answers:
        cause = f"in response to {stimulus.n_events} events" if stimulus.n_events else "and the stimulus has no events"
        warn(
            f"run: no neuron spiked in any sample, {cause}; larger weights, a higher rate or a constant input i_bias may be needed"
        )


def _warn_of_adaptation(program: Program, outcome: Outcome, stimulus: Spikes) -> None:
    """Warn if every neuron falls silent after its first spike although the stimulus goes on, as far as the outcome says."""
    spikes = outcome.spikes
    if "adaptive-threshold" not in program.needs or spikes is None or not spikes.n_events:
        return
    goes_on = (2 * stimulus.step >= stimulus.n_steps[stimulus.sample]).any()
    late = (2 * spikes.step >= spikes.n_steps[spikes.sample]).any()
    who = spikes.sample * spikes.n_channels + spikes.channel
    if goes_on and not late and np.unique(who).size == who.size:
        warn(
            "run: no neuron spiked more than once in a sample, and none in the second half, although the stimulus goes on: the "
            "adaptive threshold silences them; a smaller adapt_step or a shorter tau_adapt may be needed"
        )


def _edges(bins: Any, stimulus: Spikes) -> Any:
    """Return the edges for a number of bins; edges are returned unchanged, because the request checks them."""
    return equal_bins(stimulus.n_steps, bins) if bins is not None and not checks.shape(bins, "bins") else bins
