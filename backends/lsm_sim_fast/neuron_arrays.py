"""Parameters and state of neurons as the kernels read them; the same for both kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim_fast import aligned
from lsm_sim_fast.compiled.arguments import MoreNeurons, MoreState, Neurons, State
from lsm_sim_fast.layout import whole_lines


def parameters(program: Program, which: Any, *, wide: bool) -> Neurons:
    """Return the parameters of some neurons; ``which`` picks them, ``wide`` says how v is computed.

    In loihi arithmetic the kept fractions are whole 4096ths, and thresholds and biases integers in units of v.
    """
    values: dict[str, Any]
    if program.arithmetic == "loihi":
        values = {
            "keep_u": (4095 - program.du[which]) / 4096,
            "keep_v": (4096 - program.dv[which]) / 4096,
            "threshold": (program.threshold[which] * 64).astype(np.int32),
            "bias": program.bias[which].astype(np.int32),
        }
    else:
        values = {
            "keep_u": program.decay_u[which],
            "keep_v": program.decay_v[which],
            "threshold": program.threshold[which],
            "bias": program.bias[which],
        }
    return Neurons(
        **{name: aligned.copy(np.resize(array, whole_lines(array.size))) for name, array in values.items()},
        refractory=program.refractory[which].astype(np.int32),
        alike=all(map(alike, values.values())),
        wide=wide,
    )


def more_parameters(program: Program, which: Any) -> MoreNeurons:
    """Return the parameters of some neurons beyond plain LIF."""
    arrays, on_chip = program.arrays, program.arithmetic == "loihi"
    number = np.int32 if on_chip else np.float64
    zeros = np.zeros(np.size(program.threshold[which]))
    keep_u2, keep_w, jump = zeros, zeros, zeros
    if program.n_receptors == 2:
        keep_u2 = (4095 - program.du2[which]) / 4096 if on_chip else program.decay_u2[which]
    if "jump" in arrays:
        keep_w = (4096 - program.dw[which]) / 4096 if on_chip else program.decay_w[which]
        jump = program.jump[which]
    values = keep_u2, keep_w, jump.astype(number)
    padded = (aligned.copy(np.resize(array, whole_lines(array.size))) for array in values)
    return MoreNeurons(int(program.n_receptors == 2), int("jump" in arrays), *padded)


def more_state(program: Program, room: int) -> MoreState:
    """Return what neurons have at rest beyond plain LIF."""
    kind = np.int32 if program.arithmetic == "loihi" else np.float64
    sizes = (room if name in program.state else 0 for name in ("u2", "w"))
    return MoreState(*(aligned.zeros(size, kind) for size in sizes))


def state(program: Program, shape: int | tuple[int, int]) -> State:
    """Return neurons at rest."""
    kind = np.int32 if program.arithmetic == "loihi" else np.float64
    return State(u=aligned.zeros(shape, kind), v=aligned.zeros(shape, kind), free_at=aligned.zeros(shape, np.int32))


def start(program: Program, which: Any) -> dict[str, Any]:
    """Return the state variables of some neurons that do not start at 0, by name; ``which`` picks the neurons."""
    return {name: program.start()[name][which] for name in ("u", "v") if program.start()[name].any()}


def begin(state: State, start: dict[str, Any]) -> None:
    """Set the state to the start of a sample; what vectors of neurons pad stays 0."""
    for array in state:
        array[:] = 0
    for name, values in start.items():
        getattr(state, name)[: len(values)] = values


def alike(array: Any) -> bool:
    """Whether all values are the same to the bit."""
    return bool(array.tobytes() == np.repeat(array[:1], array.size).tobytes())
