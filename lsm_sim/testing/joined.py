"""Many small programs as one, none of which reaches another, so that a slow engine runs them all at once."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Outcome
from lsm_sim.errors import DescriptionError
from lsm_sim.program.blocks import SynapseBlock, all_synapses
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes


def joined(programs: Sequence[Program]) -> Program:
    """Return one program that holds all of them: the channels and the neurons of the first, then those of the second.

    All have the same arithmetic and step. Weights must lie on one grid that keeps sums exact; see `unions`.
    """
    first = programs[0]
    channels, neurons = _offsets(programs, "n_inputs"), _offsets(programs, "n_neurons")
    blocks = [
        _widened(block, program, (channel, neuron), (int(channels[-1]), int(neurons[-1])))
        for program, channel, neuron in zip(programs, channels, neurons, strict=False)
        for block in program.blocks
    ]
    head, *more = _merged(blocks)
    return Program(
        arithmetic=first.arithmetic,
        dt=first.dt,
        n_inputs=int(channels[-1]),
        n_neurons=int(neurons[-1]),
        **{field.name: getattr(head, field.name) for field in dataclasses.fields(head)},
        more_blocks=more,
        **_neuron_arrays(programs),
    )


def _widened(block: SynapseBlock, program: Program, begin: tuple[int, int], total: tuple[int, int]) -> SynapseBlock:
    """Return a block of a program with the sources of all; its own channels and neurons begin at ``begin``."""
    n_inputs, n_neurons = program.n_inputs, program.n_neurons
    own = np.concatenate([begin[0] + np.arange(n_inputs), total[0] + begin[1] + np.arange(n_neurons)])
    sizes = np.zeros(sum(total), np.int64)
    sizes[own] = np.diff(block.indptr)
    arrays: dict[str, Any] = {name: np.zeros(sum(total), values.dtype) for name, values in block.arrays.items()}
    for name, values in block.arrays.items():
        arrays[name][own] = values
    indptr = np.concatenate([[0], np.cumsum(sizes)])
    return dataclasses.replace(block, indptr=indptr, post=block.post + begin[1], **arrays)


def _merged(blocks: Sequence[SynapseBlock]) -> list[SynapseBlock]:
    """Return the blocks with all static ones of a receptor as one; what plastic ones deliver depends on their own grid."""
    out = [block for block in blocks if block.rule != "static"]
    for receptor in (1, 0):
        alike = [block for block in blocks if block.rule == "static" and block.receptor == receptor]
        if alike:
            joint = all_synapses(alike)
            order = np.argsort(joint.source, kind="stable")
            indptr = np.searchsorted(joint.source[order], np.arange(alike[0].indptr.size))
            rows = indptr, joint.post[order], joint.weight[order], joint.delay[order]
            out.insert(0, SynapseBlock(*rows, receptor=receptor))
    return out


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
    """Return one stimulus of one sample, made of ``stimuli``; all have one sample of the same length."""
    return Spikes.join({f"part {i}": stimulus for i, stimulus in enumerate(stimuli)})


def part_of(outcome: Outcome, programs: Sequence[Program], i: int) -> dict[str, Any]:
    """Return the raster ("spike") and the traces by name, (T, N) each, of the i-th of ``programs`` in ``outcome``."""
    assert outcome.spikes is not None
    offsets = _offsets(programs, "n_neurons")
    own = slice(offsets[i], offsets[i + 1])
    traces = {name: values[0][:, own] for name, values in outcome.traces.items()}
    return {"spike": outcome.spikes.raster()[:, own], **traces}
