"""Case files: a program, a stimulus, and an engine's results (format ``lsm_sim.case/1``)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.backend import Backend, Request
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import npz

ROOT = Path(__file__).parents[1]
GOLDEN = sorted((ROOT / "tests/golden").glob("*.npz"))
CONFORMANCE = sorted((ROOT.parent / "shared/conformance").glob("*.npz"))
"""Results of Lava and Brian2; these files are next to a checkout, not in it."""


@dataclass(frozen=True, eq=False)
class Case:
    """One file; u and v have shape (T, N)."""

    oracle: str
    program: Program
    stimulus: Spikes
    spike_step: Any
    spike_neuron: Any
    u: Any
    v: Any


def load(path: Path) -> Case:
    """Return the case in a file."""
    arrays = npz.read(path)
    results = {name: arrays[name] for name in ("spike_step", "spike_neuron", "u", "v")}
    return Case(arrays["oracle"], Program.load(path), Spikes.load(path), **results)


def save(path: Path, program: Program, stimulus: Spikes, outcome: Any) -> None:
    """Write a case of one sample with results of the reference."""
    results = {
        "spike_step": outcome.spikes.step,
        "spike_neuron": outcome.spikes.channel,
        "u": outcome.u[0],
        "v": outcome.v[0],
    }
    events = {"stimulus_step": stimulus.step, "stimulus_channel": stimulus.channel, "n_steps": stimulus.n_steps[0]}
    kind = f"lsm_sim.case/{2 if program.needs else 1}"
    npz.write(path, {"format": kind, "oracle": "reference"} | program.meaning() | events | results)


def answer(engine: Backend, program: Program, stimulus: Spikes, **options: Any) -> Any:
    """Return the engine's results, by default with u and v of all neurons; ``options`` are fields of `Request`."""
    fields: dict[str, Any] = {"neurons": np.arange(program.n_neurons), "progress": False} | options
    with engine.compile(engine.legalise(program)) as run:
        return run(stimulus, Request(**fields))
