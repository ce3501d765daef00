"""Case files (format ``lsm_sim.case/1`` or ``/2``): a program, a stimulus, an oracle's results; and checks of backends."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Backend, Outcome, Request, compiled, needs_of
from lsm_sim.errors import DescriptionError, RunError, UnsupportedError
from lsm_sim.program import file
from lsm_sim.program.program import Program
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.support import checks, npz
from lsm_sim.support.brief import brief
from lsm_sim.support.checks import Bools, Floats
from lsm_sim.support.files import PathLike

V_TOLERANCE = {"brian2": 1e-12}
"""Tolerance of v by engine: Brian2 rearranges decay_v * v + (u + bias), which may round differently. Everything else is exact."""


@dataclass(frozen=True, eq=False)
class Case:
    """A program, a stimulus, and the oracle's results.

    Parameters
    ----------
    oracle
        The engine that computed the results, such as "lava_fixed".
    program, stimulus
        What the oracle ran.
    spikes
        Spikes of the N neurons in the T steps of the stimulus.
    traces
        State variables by name, at the end of each step, in the program's units, shape (T, N).
    """

    oracle: str
    program: Program
    stimulus: Spikes
    spikes: Spikes
    traces: Mapping[str, Floats]

    def save(self, path: PathLike) -> None:
        """Write the case to an .npz file; an unfinished file is never left behind."""
        results = {"spike_step": self.spikes.step, "spike_neuron": self.spikes.channel, **self.traces}
        events = {"stimulus_step": self.stimulus.step, "stimulus_channel": self.stimulus.channel}
        if self.stimulus.payload is not None:
            events[file.PAYLOAD] = self.stimulus.payload
        inputs = self.program.meaning() | {"n_steps": self.stimulus.n_steps[0]} | events
        kind = f"{file.CASE}/{file.version(self.program.needs | needs_of(self.stimulus))}"
        npz.write(path, {"format": kind, "oracle": self.oracle} | inputs | results)


def load(path: PathLike) -> Case:
    """Return the case in a file.

    Raises
    ------
    DescriptionError
        If the file is missing, damaged or not a case, or if its parts do not match.
    """
    arrays = npz.read(path)
    kind = brief(arrays.get("format", ""))
    if kind.partition("/")[0] != file.CASE:
        raise DescriptionError(f"{path}: got format {kind or 'none'!r}, expected '{file.CASE}/1' or '{file.CASE}/2'")
    _check_has(arrays, (*file.CASE_KEYS, *Program.model.variables(())), path)
    program = Program.from_arrays(arrays, where=str(path))
    _check_has(arrays, program.state, path)
    try:
        return _case(program, arrays)
    except DescriptionError as error:
        raise DescriptionError(f"{path}: {error}") from None


def _check_has(arrays: Mapping[str, Any], names: Iterable[str], path: PathLike) -> None:
    missing = [name for name in names if name not in arrays]
    if missing:
        raise DescriptionError(f"{path}: no {', '.join(missing)} in the file; it is damaged or not a case")


def _case(program: Program, arrays: Mapping[str, Any]) -> Case:
    n_steps = checks.whole(arrays["n_steps"], "n_steps", minimum=1)
    shape = (n_steps, program.n_neurons)
    state = {name: checks.real_array(arrays[name], name) for name in program.state}
    for name, values in state.items():
        if values.shape != shape:
            raise DescriptionError(f"{name}: got shape {values.shape}, expected {shape}, steps by neurons")
    common = {"n_steps": n_steps, "dt": program.dt}
    stimulus = _events(arrays, "stimulus_step", "stimulus_channel", n_channels=program.n_inputs, **common)
    if file.PAYLOAD in arrays:
        stimulus = dataclasses.replace(stimulus, payload=arrays[file.PAYLOAD])
    spikes = _events(arrays, "spike_step", "spike_neuron", n_channels=program.n_neurons, **common)
    return Case(str(arrays["oracle"]), program, stimulus, spikes, state)


def _events(arrays: Mapping[str, Any], step: str, channel: str, **form: Any) -> Spikes:
    try:
        return Spikes.from_events(arrays[step], arrays[channel], **form)
    except DescriptionError as error:
        raise DescriptionError(f"{step}, {channel}: {error}") from None


def difference(case: Case, backend: Backend, n_threads: int | None = None) -> str | None:
    """Run the case and return where the results first differ from the oracle's (step, neuron, values); None: nowhere.

    Spikes and state variables must be equal bit for bit, except v if `V_TOLERANCE` lists the oracle or the backend.
    Within a step, state variables are compared in the order in which they are computed, and spikes last.
    """
    try:
        with compiled(case.program, backend) as run:
            if run.program.arithmetic != case.program.arithmetic:
                return f"{backend.name} runs it in {run.program.arithmetic} arithmetic only, not in {case.program.arithmetic}"
            neurons = np.arange(run.program.n_neurons)
            request = Request(neurons=neurons, variables=tuple(case.traces), n_threads=n_threads, progress=False)
            got = run(case.stimulus, request)
    except (UnsupportedError, RunError) as error:
        return f"{error}"
    return _first_difference(case, got, _tolerance(case.oracle, backend.name))


def _tolerance(*engines: str) -> float:
    return max(V_TOLERANCE.get(engine, 0.0) for engine in engines)


def _first_difference(case: Case, got: Outcome, tolerance: float) -> str | None:
    assert got.spikes is not None  # `compiled` has checked it
    expected = {**case.traces, "spike": case.spikes.raster()}
    answer = {**{name: got.traces[name][0] for name in case.traces}, "spike": got.spikes.raster()}
    wrong = {name: _apart(answer[name], expected[name], tolerance if name == "v" else 0.0) for name in case.traces} | {
        "spike": answer["spike"] != expected["spike"]
    }
    steps = {name: _first_step(where) for name, where in wrong.items()}
    first = min(steps, key=lambda name: steps[name])  # in a tie the first in this order
    if steps[first] == case.stimulus.n_steps[0]:
        return None
    step = steps[first]
    neuron = int(np.flatnonzero(wrong[first][step])[0])
    values = f"got {_text(answer[first][step, neuron])}, expected {_text(expected[first][step, neuron])}"
    n_wrong = int(wrong["spike"].sum())
    return f"step {step}, neuron {neuron}: {first}: {values} ({n_wrong} of {case.spikes.n_events} spikes differ)"


def _apart(got: Any, expected: Any, tolerance: float) -> Bools:
    """Return a mask of the values that differ by more than ``tolerance``, NaN included."""
    return np.asarray(~(np.abs(got - expected) <= tolerance))


def _first_step(wrong: Bools) -> int:
    """Return the first step with a wrong value, T if there is none."""
    rows = np.flatnonzero(wrong.any(axis=1))
    return int(rows[0]) if rows.size else len(wrong)


def _text(value: Any) -> str:
    """Return a value with all its digits, or whether there was a spike."""
    return ("no spike", "a spike")[int(value)] if isinstance(value, np.bool_) else f"{float(value)!r}"


def find_files(path: PathLike) -> list[Path]:
    """Return ``path`` itself, or the .npz files of a folder in order of name."""
    folder = Path(path)
    if not folder.is_dir():
        return [folder]
    found = sorted(file for file in folder.glob("*.npz") if file.is_file())
    if not found:
        raise DescriptionError(f"{path}: no .npz files in this folder; name a case file or a folder of case files")
    return found
