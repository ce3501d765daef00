"""Parameters and state of neurons as the kernels read them; the same for both kernels."""

from __future__ import annotations

from typing import Any

import numpy as np

from lsm_sim.program.program import Program
from lsm_sim_fast import aligned
from lsm_sim_fast.compiled.arguments import Neurons, State
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
        alike=all(map(_alike, values.values())),
        wide=wide,
    )


def state(program: Program, shape: int | tuple[int, int]) -> State:
    """Return neurons at rest."""
    kind = np.int32 if program.arithmetic == "loihi" else np.float64
    return State(u=aligned.zeros(shape, kind), v=aligned.zeros(shape, kind), free_at=aligned.zeros(shape, np.int32))


def start(program: Program, which: Any) -> dict[str, Any]:
    """Return the state variables of some neurons that do not start at 0, by name; ``which`` picks the neurons."""
    return {name: values[which] for name, values in program.start().items() if values.any()}


def begin(state: State, start: dict[str, Any]) -> None:
    """Set the state to the start of a sample; what vectors of neurons pad stays 0."""
    for array in state:
        array[:] = 0
    for name, values in start.items():
        getattr(state, name)[: len(values)] = values


def _alike(array: Any) -> bool:
    """Whether all values are the same to the bit."""
    return bool(array.tobytes() == np.repeat(array[:1], array.size).tobytes())
