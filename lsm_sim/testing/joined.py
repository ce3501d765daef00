"""Many small programs as one, none of which reaches another, so that a slow engine runs them all at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Outcome
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes


def joined(programs: Sequence[Program]) -> Program:
    """Return one program that holds all of them: the channels and the neurons of the first, then those of the second.

    All have the same arithmetic and step. Weights must lie on one grid that keeps sums exact; see `unions`.
    """
    first = programs[0]
    channels, neurons = _offsets(programs, "n_inputs"), _offsets(programs, "n_neurons")
    row, post = [], []
    for program, channel, neuron in zip(programs, channels, neurons, strict=False):
        sources = program.sources()
        from_neuron = neuron + channels[-1] - program.n_inputs
        row.append(sources + np.where(sources < program.n_inputs, channel, from_neuron))
        post.append(program.post + neuron)
    order = np.argsort(np.concatenate(row), kind="stable")
    n_rows = int(channels[-1] + neurons[-1])
    return Program(
        arithmetic=first.arithmetic,
        dt=first.dt,
        n_inputs=int(channels[-1]),
        n_neurons=int(neurons[-1]),
        indptr=np.searchsorted(np.concatenate(row)[order], np.arange(n_rows + 1)),
        post=np.concatenate(post)[order],
        weight=np.concatenate([program.weight for program in programs])[order],
        delay=np.concatenate([program.delay for program in programs])[order],
        **_neuron_arrays(programs),
    )


def _offsets(programs: Sequence[Program], size: str) -> Any:
    return np.cumsum([0, *(getattr(program, size) for program in programs)])


def _neuron_arrays(programs: Sequence[Program]) -> dict[str, Any]:
    """Return the arrays of all neurons; an optional one that a program lacks is 0 there."""
    names = {name: None for program in programs for name in program.arrays}
    return {
        name: np.concatenate([program.arrays.get(name, np.zeros(program.n_neurons)) for program in programs])
        for name in names
    }


def unions(programs: Sequence[Program]) -> list[Sequence[Program]]:
    """Return the programs in lists that can be joined: halves, where weights of all have no grid that keeps sums exact."""
    try:
        joined(programs)
    except DescriptionError:
        half = len(programs) // 2
        return [*unions(programs[:half]), *unions(programs[half:])]
    return [programs]


def joined_stimulus(stimuli: Sequence[Spikes]) -> Spikes:
    """Return one stimulus of one sample; all have one sample of the same length."""
    return Spikes.from_dense(np.hstack([stimulus.raster() for stimulus in stimuli]), stimuli[0].dt)


def part_of(outcome: Outcome, programs: Sequence[Program], i: int) -> dict[str, Any]:
    """Return the raster ("spike") and the traces by name, (T, N) each, of the i-th program in a sample of them all."""
    assert outcome.spikes is not None
    offsets = _offsets(programs, "n_neurons")
    own = slice(offsets[i], offsets[i + 1])
    traces = {name: values[0][:, own] for name, values in outcome.traces.items()}
    return {"spike": outcome.spikes.raster()[:, own], **traces}
