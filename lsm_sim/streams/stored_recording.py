"""Spikes and recorded variables on disk, read a chunk at a time."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lsm_sim.engine.protocol import Outcome, Request
from lsm_sim.engine.requests import recorded_steps
from lsm_sim.errors import DescriptionError
from lsm_sim.program.program import Program
from lsm_sim.simulate.recording import chosen, recorded_neurons, traces
from lsm_sim.simulate.results import Record, Result
from lsm_sim.spikes import file as spikes_file
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.streams.chunk_folder import finished, read_manifest
from lsm_sim.support import checks, npz
from lsm_sim.support.checks import Ints
from lsm_sim.support.files import PathLike

FORMAT = "lsm_sim.recording/1"
PROGRAM = "program.npz"


class StoredRecording:
    """Results of a run in a folder that `lsm_sim.streams.record` wrote; those of an unfinished run are the samples so far.

    ``stored[10:20]`` is the `Result` of these samples, equal to that of `lsm_sim.run`; only the chunks that hold them are read.

    Parameters
    ----------
    path
        The folder.

    Attributes
    ----------
    manifest
        What was run and recorded.
    complete
        Whether all samples were run.
    """

    def __init__(self, path: PathLike) -> None:
        self.manifest = read_manifest(path)
        self.path = Path(path)
        if self.manifest.get("format") != FORMAT:
            raise DescriptionError(f"{path}: got format {self.manifest.get('format')!r}, expected {FORMAT!r}")
        records, self.complete = finished(self.path, self.manifest)
        self._sizes = [int(record["samples"]) for record in records]
        try:
            records_of(self.manifest["record"])
            known: dict[str, Any] = {"network": str, "spikes": bool, "units": bool, "record steps": (list, type(None))}
            if not all(isinstance(self.manifest[name], kind) for name, kind in known.items()):
                raise TypeError
        except (KeyError, TypeError, AttributeError):
            raise DescriptionError(f"{path}: its manifest is damaged; restore it from a copy") from None
        self._program: Program | None = None

    def __len__(self) -> int:
        return sum(self._sizes)

    def __repr__(self) -> str:
        variables = sorted({name for entry in self.manifest["record"].values() for name in entry["variables"]})
        kept = ", ".join([*(["spikes"] if self.manifest["spikes"] else []), *variables])
        return f"StoredRecording({len(self)} samples, {kept}{'' if self.complete else ', unfinished'})"

    @property
    def program(self) -> Program:
        """The program that ran."""
        if self._program is None:
            program = Program.load(self.path / PROGRAM)
            if program.digest != self.manifest["network"]:
                raise DescriptionError(
                    f"{self.path}: {PROGRAM} is not the program that was run; restore it from a copy"
                )
            self._program = program
        return self._program

    def __getitem__(self, samples: int | slice) -> Result:
        if not isinstance(samples, slice):
            k = checks.whole(samples, "samples", minimum=-len(self), maximum=len(self) - 1) % max(len(self), 1)
            return self[k : k + 1]
        start, stop, step = samples.indices(len(self))
        if step != 1 or stop <= start:
            raise DescriptionError(f"samples: got {start}:{stop}:{step}, expected consecutive samples, at least one")
        size = self.manifest["chunk"]
        parts = []
        for k in range(start // size, -(-stop // size)):
            inside = slice(max(start - k * size, 0), min(stop - k * size, self._sizes[k]))
            parts.append(_cut(self._chunk(k), inside))
        return self._result(parts)

    def results(self) -> Iterator[Result]:
        """Yield the result of one chunk after the other."""
        for k in range(len(self._sizes)):
            yield self._result([self._chunk(k)])

    def _chunk(self, k: int) -> tuple[Ints, Spikes | None, dict[str, tuple[Any, ...]]]:
        """Return lengths, spikes and traces of the samples of a chunk."""
        arrays = npz.read(self.path / chunk_name(k))
        try:
            return self._parts(arrays)
        except (KeyError, TypeError, ValueError) as error:
            if isinstance(error, DescriptionError):
                raise
            raise DescriptionError(f"{self.path / chunk_name(k)}: is damaged; restore it from a copy") from None

    def _parts(self, arrays: dict[str, Any]) -> tuple[Ints, Spikes | None, dict[str, tuple[Any, ...]]]:
        lengths = np.atleast_1d(arrays.pop("lengths"))
        program = self.program
        spikes = Spikes(**spikes_file.fields(_plain(arrays))) if self.manifest["spikes"] else None
        request = _request(program, self.manifest)
        ends = np.cumsum([recorded_steps(request, int(n)).size for n in lengths])[:-1]
        found = {
            name.removeprefix("trace "): tuple(np.split(values, ends))
            for name, values in arrays.items()
            if name.startswith("trace ")
        }
        return lengths, spikes, found

    def _result(self, parts: list[Any]) -> Result:
        program, request = self.program, _request(self.program, self.manifest)
        lengths = np.concatenate([own for own, _, _ in parts])
        spikes = Spikes.concatenate([own for _, own, _ in parts]) if self.manifest["spikes"] else None
        found = {name: sum((own[name] for _, _, own in parts), start=()) for name in parts[0][2]}
        outcome = Outcome(spikes=spikes, traces=found)
        times = tuple(np.asarray((recorded_steps(request, int(n)) + 1) * program.dt) for n in lengths)
        units = program.units if self.manifest["units"] else None
        groups = chosen(program, records_of(self.manifest["record"]))
        return Result(program, outcome, {name: traces(name, program, units, groups, outcome, times) for name in found})


def chunk_name(k: int) -> str:
    """Return the name of the file of a chunk."""
    return f"chunk.{k}.npz"


def chunk_bytes(lengths: Ints, outcome: Outcome) -> bytes:
    """Return the contents of the file of a chunk."""
    arrays: dict[str, Any] = {"lengths": lengths}
    if outcome.spikes is not None:
        arrays |= spikes_file.to_arrays(outcome.spikes)
    arrays |= {f"trace {name}": np.concatenate(values) for name, values in outcome.traces.items()}
    return npz_bytes(arrays)


def npz_bytes(arrays: Mapping[str, Any]) -> bytes:
    """Return an .npz file in memory; equal arrays give equal bytes."""
    stream = io.BytesIO()
    members: dict[str, Any] = {name: np.asarray(value) for name, value in arrays.items()}
    np.savez(stream, **members)
    return stream.getvalue()


def records_of(plain: Mapping[str, Any]) -> dict[str, Record]:
    """Return what was recorded, by group, from the manifest."""
    return {name: Record(tuple(entry["variables"]), entry["neurons"]) for name, entry in plain.items()}


def _request(program: Program, manifest: Mapping[str, Any]) -> Request:
    steps = manifest["record steps"]
    neurons = recorded_neurons(chosen(program, records_of(manifest["record"])))
    return Request(neurons=neurons, steps=None if steps is None else np.asarray(steps, np.int64))


def _plain(arrays: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in arrays.items() if not name.startswith("trace ")}


def _cut(chunk: tuple[Ints, Spikes | None, dict[str, tuple[Any, ...]]], samples: slice) -> Any:
    lengths, spikes, found = chunk
    return (
        lengths[samples],
        None if spikes is None else spikes[samples],
        {name: values[samples] for name, values in found.items()},
    )
