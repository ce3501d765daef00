"""Spikes and recorded variables of any number of samples, written to disk chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from lsm_sim.describe.liquid import Liquid
from lsm_sim.encode.background import with_background
from lsm_sim.engine.protocol import DEFAULT, Request, compiled, get_backend
from lsm_sim.errors import DescriptionError
from lsm_sim.program.lowering import lower
from lsm_sim.program.program import Program
from lsm_sim.simulate.recording import Chosen, chosen, recorded_neurons
from lsm_sim.simulate.results import RecordSpec
from lsm_sim.spikes.spikes import Spikes
from lsm_sim.streams.batches import Chunk, chunks
from lsm_sim.streams.chunk_folder import ChunkFolder, digest, writing
from lsm_sim.streams.stored_recording import (
    FORMAT,
    PROGRAM,
    StoredRecording,
    chunk_bytes,
    chunk_name,
    npz_bytes,
)
from lsm_sim.streams.unfinished import unfinished
from lsm_sim.support import checks
from lsm_sim.support.checks import Ints
from lsm_sim.support.files import PathLike
from lsm_sim.support.parallel import Work, in_order
from lsm_sim.support.progress import progress_bar

DEFAULT_CHUNK = 64


def record(
    network: Liquid | Program,
    stimulus: Any,
    path: PathLike,
    *,
    spikes: bool = True,
    record: RecordSpec | None = None,
    record_steps: Sequence[int] | Ints | None = None,
    trial: int = 0,
    backend: str = DEFAULT,
    chunk: int = DEFAULT_CHUNK,
    resume: bool = False,
    workers: int | None = None,
    dask: str | None = None,
    n_threads: int | None = None,
    total: int | None = None,
    progress: bool | None = None,
) -> StoredRecording:
    """Run samples whose results need not fit in memory, and write spikes and state variables to a folder.

    ``stored[a:b]`` of what is returned equals the result of `lsm_sim.run` for these samples. A run that was killed goes on as with
    `lsm_sim.streams.transform`.

    Parameters
    ----------
    network
        A `Liquid`, lowered at the stimulus's dt, or a `Program`. For Loihi's integers pass ``lsm_sim.quantise(...).program``.
    stimulus
        `Spikes`, or an iterable of batches of them, or the name of a folder of .npz files of spikes.
    path
        The folder to write.
    spikes
        Store the spikes of all neurons.
    record, record_steps, trial
        As in `lsm_sim.run`.
    backend
        Name of a backend.
    chunk
        Samples that are run, held in memory and written together.
    resume, workers, dask, total, progress
        See `lsm_sim.streams.transform`.
    n_threads
        Maximum number of threads of a process; None: all cores, divided among the workers.

    Examples
    --------
    >>> import tempfile, numpy as np, lsm_sim as lsm
    >>> liquid = lsm.Liquid([lsm.Inputs("in", 2)], [lsm.Neurons("exc", 3)], [lsm.Synapses("in", "exc", lsm.AllToAll(), weight=0.5)])
    >>> stimulus = Spikes.from_dense(np.random.default_rng(0).random((10, 30, 2)) < 0.5, 1e-3)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = record(liquid, stimulus, f"{folder}/v", record={"exc": ["v"]}, chunk=4)
    ...     print(stored, stored[3:5] == lsm.run(liquid, stimulus[3:5], record={"exc": ["v"]}))
    StoredRecording(10 samples, spikes, v) True
    """
    checks.instance(network, (Liquid, Program), "network", "a Liquid or a Program")
    size = checks.whole(chunk, "chunk", minimum=1, maximum=2**24)
    checks.flag(resume, "resume")
    number = checks.whole(trial, "trial")
    n_total = None if total is None else checks.whole(total, "total", minimum=1)
    threads = None if n_threads is None else checks.whole(n_threads, "n_threads", minimum=1)
    checks.flag(spikes, "spikes")
    steps = None if record_steps is None else checks.whole_array(record_steps, "record_steps")
    work = Work(workers, dask)
    get_backend(backend)  # before anything is written
    source = chunks(stimulus, size)
    first = _spikes(next(source, None))
    program = lower(network, first.X.dt) if isinstance(network, Liquid) else network
    with compiled(program, backend) as runner:
        legal = runner.program
    groups = chosen(legal, {} if record is None else record)
    request = Request(
        spikes=bool(spikes),
        neurons=recorded_neurons(groups),
        variables=tuple(name for name in legal.state if any(name in names for _, names in groups.values())),
        steps=steps,
        progress=False,
    )
    noise = network if isinstance(network, Liquid) else None
    settings = _manifest(legal, groups, request, size, backend, units=noise is not None, trial=number)
    shared = (legal, backend, request, noise, number)
    with writing(path, settings, resume=resume) as folder, progress_bar(n_total, progress) as advance:
        rest = unfinished(_again(first, source), folder, advance)
        _run(shared, rest, folder, work, threads, advance)
        folder.end()
    return StoredRecording(path)


def _again(first: Chunk, source: Iterator[Chunk]) -> Iterator[Chunk]:
    yield first
    yield from source


def _spikes(chunk: Chunk | None) -> Chunk:
    if chunk is None:
        raise DescriptionError("stimulus: got no samples, expected at least one")
    if not isinstance(chunk.X, Spikes):
        raise DescriptionError(f"stimulus: got {type(chunk.X).__name__}, expected Spikes; see lsm_sim.encode")
    return chunk


def _manifest(
    program: Program, groups: Chosen, request: Request, chunk: int, backend: str, *, units: bool, trial: int
) -> dict[str, Any]:
    starts = {name: members.start for name, members in program.neuron_groups.items()}
    return {
        "format": FORMAT,
        "network": program.digest,
        "backend": backend,
        "spikes": request.spikes,
        "record": {
            name: {"variables": [*names], "neurons": (index - starts[name]).tolist()}
            for name, (index, names) in groups.items()
        },
        "record steps": None if request.steps is None else request.steps.tolist(),
        "trial": trial,
        "units": units,
        "chunk": chunk,
    }


def _run(
    shared: Any, source: Iterator[Chunk], folder: ChunkFolder, work: Work, n_threads: int | None, advance: Any
) -> None:
    lengths: list[tuple[Ints, str]] = []  # of the samples that are under way

    def taken() -> Iterator[Spikes]:
        for chunk in source:
            _spikes(chunk)
            lengths.append((chunk.X.n_steps, chunk.digest))
            yield chunk.X

    for outcome in in_order(_task, shared, taken(), work, n_threads):
        n_steps, key = lengths.pop(0)
        data = chunk_bytes(n_steps, outcome)
        contents = {} if folder.finished else {PROGRAM: npz_bytes(shared[0].to_arrays())}
        contents[chunk_name(len(folder.finished))] = data
        folder.add(contents, {"samples": len(n_steps), "input": key, "output": digest(data)})
        advance(len(n_steps))


def _task(shared: Any, stimulus: Spikes, n_threads: int | None) -> Any:
    program, backend, request, liquid, trial = shared
    own = Request(**(vars(request) | {"n_threads": n_threads}))
    with compiled(program, backend) as runner:
        return runner(stimulus if liquid is None else with_background(stimulus, liquid, trial), own)
