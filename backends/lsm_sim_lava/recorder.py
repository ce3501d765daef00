"""Recording by a neuron model: spikes and state variables to files, the step to a heartbeat file. This module does not import Lava.

`Var.get` transfers one number per message (14 us each), so it is not used; writing files costs almost nothing.
"""

from __future__ import annotations

import mmap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from lsm_sim.support.checks import Bools, Ints

BEAT = "beat"
SPIKES, EXCURSIONS = "spikes.bin", "excursions.npy"
_FLUSH = 1 << 20  # bytes kept in memory per file


@dataclass(frozen=True, eq=False)
class Recording:
    """What to write: ``folder``, number of steps; state variables, at these neurons and steps (None: every step).

    ``ends`` (samples,) is the number of steps of each sample, at whose end all state variables of its neurons are written; None:
    they are not.
    """

    folder: str
    n_steps: int
    neurons: Ints
    variables: Sequence[str] = ()
    steps: Ints | None = None
    excursions: bool = False
    n_samples: int = 1
    ends: Ints | None = None


def trace_file(variable: str) -> str:
    """Return the name of the file of a state variable."""
    return f"{variable}.bin"


def end_file(variable: str) -> str:
    """Return the name of the file of a state variable at the end of each sample."""
    return f"end_{variable}.npy"


def pause_file(variable: str) -> str:
    """Return the name of the file of a state variable that was read at pauses of a chip."""
    return f"read_{variable}.npy"


class _File:
    """A file of numbers, written in large pieces."""

    def __init__(self, path: Path) -> None:
        self._path, self._parts, self._size = path, [], 0  # type: tuple[Path, list[Any], int]
        path.write_bytes(b"")

    def add(self, values: Any) -> None:
        self._parts.append(values.tobytes())
        self._size += values.nbytes
        if self._size > _FLUSH:
            self.flush()

    def flush(self) -> None:
        with self._path.open("ab") as stream:
            stream.write(b"".join(self._parts))
        self._parts, self._size = [], 0


class Recorder:
    """Records the state after each step."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        folder = Path(recording.folder)
        self._spikes = _File(folder / SPIKES)
        self._traces = {str(name): _File(folder / trace_file(name)) for name in recording.variables}
        with (folder / BEAT).open("r+b") as stream:
            self._beat = mmap.mmap(stream.fileno(), 8)
        self._wanted = None if recording.steps is None else set(recording.steps.tolist())
        self._excursions = np.zeros((recording.n_samples, 3, 3), np.int64)
        self._excursions[:, 1:] = -1
        self._ends: dict[str, npt.NDArray[Any]] = {}

    def add(self, k: int, spiked: Bools, state: Mapping[str, Any]) -> None:
        """Record the state at the end of step ``k``; after the last step everything is on disk."""
        neurons = np.flatnonzero(spiked)
        events = np.empty((neurons.size, 2), np.int32)
        events[:, 0], events[:, 1] = k, neurons
        self._spikes.add(events)
        chosen = self._recording.neurons
        if chosen.size and (self._wanted is None or k in self._wanted):
            for name, file in self._traces.items():
                file.add(np.asarray(state[name][chosen], np.float64))
        if self._recording.ends is not None:
            self._add_ends(k, self._recording.ends, state)
        self._beat[:8] = int(k + 1).to_bytes(8, "little")
        if k + 1 == self._recording.n_steps:
            for file in (self._spikes, *self._traces.values()):
                file.flush()
            if self._recording.excursions:
                np.save(Path(self._recording.folder) / EXCURSIONS, self._excursions)
            for name, values in self._ends.items():
                np.save(Path(self._recording.folder) / end_file(name), values)

    def _add_ends(self, k: int, ends: Ints, state: Mapping[str, Any]) -> None:
        ended = np.flatnonzero(ends == k + 1)
        for name, values in state.items() if ended.size else ():
            rows = np.asarray(values).reshape(ends.size, -1)
            self._ends.setdefault(name, np.zeros_like(rows))[ended] = rows[ended]

    def add_excursions(self, k: int, where: Bools, running: Bools) -> None:
        """Count excursions at step ``k``: ``where`` has shape (3, samples * N), ``running`` (samples,)."""
        if not where.any():
            return
        per_sample = where.reshape(3, running.size, -1)
        for kind, b in zip(*np.nonzero(per_sample.any(axis=2)), strict=True):
            if running[b]:
                record = self._excursions[b]
                if record[0, kind] == 0:
                    record[1, kind], record[2, kind] = k, np.flatnonzero(per_sample[kind, b])[0]
                record[0, kind] += per_sample[kind, b].sum()
