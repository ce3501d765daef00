"""Checks of a stimulus and a request against a program, shared by all engines."""

from __future__ import annotations

import dataclasses

import numpy as np

from lsm_sim.engine.protocol import Request
from lsm_sim.errors import DescriptionError
from lsm_sim.program.grid import exact_below, magnitudes
from lsm_sim.program.program import Program
from lsm_sim.spikes.bins import checked_edges
from lsm_sim.spikes.checks import check_again
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks
from lsm_sim.support.checks import Floats, Ints
from lsm_sim.support.memory import check_memory


def checked_request(program: Program, stimulus: Spikes, request: Request | None) -> Request:
    """Return the request with arrays in their final types; raise if it does not match the program or the stimulus."""
    request = request or Request()
    check_stimulus(program, stimulus)
    checks.flag(request.spikes, "spikes")
    checks.flag(request.keep_state, "keep_state")
    neurons = checks.whole_array(request.neurons, "record neurons")
    if neurons.ndim != 1 or (neurons.size and (neurons.min() < 0 or neurons.max() >= program.n_neurons)):
        raise DescriptionError(f"record neurons: got {neurons.tolist()}, expected a list in 0..{program.n_neurons - 1}")
    steps = None if request.steps is None else checks.whole_array(request.steps, "record steps")
    if steps is not None and (steps.ndim != 1 or (steps < 0).any() or (np.diff(steps) <= 0).any()):
        raise DescriptionError("record steps: expected ascending steps >= 0 without repeats")
    if checks.flag(request.excursions, "excursions") and program.arithmetic != "loihi":
        raise DescriptionError("excursions: only loihi arithmetic has limited registers; expected excursions=False")
    _check_variables(program, request)
    n_threads = None if request.n_threads is None else checks.whole(request.n_threads, "n_threads", minimum=1)
    bins = None if request.bins is None else checked_edges(request.bins, stimulus.n_steps)
    request = dataclasses.replace(request, neurons=neurons, steps=steps, bins=bins, n_threads=n_threads)
    _check_result_size(program, stimulus, request)
    return request


def _check_variables(program: Program, request: Request) -> None:
    for name in request.variables or ():
        if name not in program.state:
            known = ", ".join(program.state)
            raise DescriptionError(f"record variables: got {name!r}, expected state variables of the program: {known}")


def check_stimulus(program: Program, stimulus: Spikes) -> None:
    """Check that the stimulus is a batch of at least one sample that fits the program's channels and step.

    Its events are checked once more: engines use them as indices, and nothing in Python is really read-only.
    """
    if not isinstance(stimulus, Spikes):
        raise DescriptionError(f"stimulus: got {type(stimulus).__name__}, expected Spikes; see Spikes.from_dense")
    if len(stimulus) == 0:
        raise DescriptionError("stimulus: got an empty batch, expected at least one sample")
    check_form(stimulus, program.n_inputs, program.dt)
    check_payloads(program, stimulus)


def check_form(stimulus: Spikes, n_inputs: int, dt: float) -> None:
    """Check that events are still valid, and that their channels and step are those of the network."""
    check_again(vars(stimulus))
    if stimulus.n_channels != n_inputs:
        msg = f"stimulus: got {stimulus.n_channels} channels, expected the {n_inputs} input channels of the network"
        raise DescriptionError(msg)
    if abs(stimulus.dt - dt) > 1e-9 * dt:
        msg = f"stimulus: got steps of {stimulus.dt:g} s, expected {dt:g} s as in the program; encode or lower again"
        raise DescriptionError(msg)


def check_payloads(program: Program, stimulus: Spikes) -> None:
    """Check that every sum of arrivals is exact whatever the payloads of a step are; nothing to do without payloads."""
    if stimulus.payload is not None:
        check_largest_payloads(program, largest_payloads(program, stimulus))


def check_largest_payloads(program: Program, largest: Floats) -> None:
    """Check that sums are exact with events of up to these magnitudes, (C+N,), in one step.

    With P the largest magnitude of a payload on a channel, its synapses count P times; see `lsm_sim.program.grid`.
    """
    only_inputs = (np.arange(largest.size) < program.n_inputs).astype(np.float64)
    for receptor in range(program.n_receptors):
        blocks = [block for block in program.blocks if block.receptor == receptor]
        if not blocks:
            continue
        limit, unit = exact_below(program.arithmetic, blocks)
        total = np.sum([magnitudes(block, program.n_neurons, largest) for block in blocks], axis=0) * unit
        if (total < limit).all():
            continue
        i = int(total.argmax())
        inputs = sum(magnitudes(block, program.n_neurons, only_inputs)[i] for block in blocks) * unit
        others = sum(magnitudes(block, program.n_neurons, 1 - only_inputs)[i] for block in blocks) * unit
        msg = (
            f"stimulus payload: got up to {int(largest[: program.n_inputs].max())} in magnitude, but into neuron {i} sums are "
            f"exact with at most {int((limit - others - 1) / inputs)} on every channel; use smaller payloads (fewer bits), "
            "smaller weights or a coarser grid"
        )
        raise DescriptionError(msg)


def largest_payloads(program: Program, stimulus: Spikes) -> Floats:
    """Return the largest magnitude of a payload of each source, (C+N,); 1 for neurons and for channels without events."""
    largest = np.ones(program.n_inputs + program.n_neurons)
    if stimulus.payload is not None:
        np.maximum.at(largest, stimulus.channel, np.abs(stimulus.payload.astype(np.float64)))
    return largest


def _check_result_size(program: Program, stimulus: Spikes, request: Request) -> None:
    rows = int(stimulus.n_steps.sum()) if request.steps is None else len(stimulus) * request.steps.size
    counts = 0 if request.bins is None else request.bins.shape[0] * (request.bins.shape[1] - 1) * program.n_neurons
    variables = recorded_variables(program, request)
    n_bytes = rows * request.neurons.size * len(variables) * 8 + counts * 4
    check_memory(n_bytes, f"the recording of {', '.join((*variables, 'counts'))}")


def recorded_variables(program: Program, request: Request) -> tuple[str, ...]:
    """Return the names of the state variables to record; none if no neuron is recorded."""
    if request.neurons.size == 0:
        return ()
    return program.state if request.variables is None else request.variables


def recorded_steps(request: Request, n_steps: int) -> Ints:
    """Return the steps to record of a sample of ``n_steps``; none if no neuron is recorded."""
    if request.neurons.size == 0:
        return np.empty(0, np.int64)
    return np.arange(n_steps) if request.steps is None else request.steps[request.steps < n_steps]
