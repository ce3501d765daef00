"""Features of any number of samples, written to disk chunk by chunk."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
import psutil
from sklearn.utils.validation import check_is_fitted

from lsm_sim.errors import DescriptionError
from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
from lsm_sim.learn.transformer import LiquidTransformer
from lsm_sim.streams import zarr_array
from lsm_sim.streams.batches import Chunk, chunks
from lsm_sim.streams.chunk_folder import ChunkFolder, digest, writing
from lsm_sim.streams.stored_features import FORMAT, StoredFeatures
from lsm_sim.streams.unfinished import unfinished
from lsm_sim.support import checks
from lsm_sim.support.files import PathLike
from lsm_sim.support.parallel import Work, in_order
from lsm_sim.support.progress import progress_bar

DEFAULT_CHUNK = 1000
_COPIES = 4  # of the features of a chunk: counts, their square roots, what is written, what is under way


def transform(
    model: Any,
    samples: Any,
    path: PathLike,
    *,
    chunk: int = DEFAULT_CHUNK,
    dtype: str = "float64",
    resume: bool = False,
    workers: int | None = None,
    dask: str | None = None,
    max_memory: float | None = None,
    total: int | None = None,
    progress: bool | None = None,
) -> StoredFeatures:
    """Write the features of samples that need not fit in memory to a folder, and return them to be read a chunk at a time.

    They equal ``model.transform(X)`` of all samples at once. If the run is killed, or the disk is full, the finished chunks
    remain; the same call with ``resume=True`` reads the samples again from the start, checks that those of finished chunks are the
    same, and goes on. The folder then has the same bytes as that of a run that was not interrupted.

    Parameters
    ----------
    model
        A fitted `LiquidTransformer`, `LiquidClassifier` or `LiquidRegressor`.
    samples
        Batches, a file or a folder; see `lsm_sim.streams.batches`.
    path
        The folder to write: a group of Zarr arrays, ``features`` and, if there are labels or values, ``y``.
    chunk
        Samples that are computed, held in memory and written together. It does not change the features.
    dtype
        ``"float64"``, or ``"float32"`` for half the space.
    resume
        Go on if the folder is there; otherwise that is an error.
    workers
        Number of processes on this machine, each with its share of the cores; None: this process.
    dask
        Address of a Dask scheduler, instead.
    max_memory
        Bytes that this process and its workers may use together; a chunk that needs more is an error before the run.
    total
        Number of samples, if it is known, so that the progress bar can tell the time left.
    progress
        Show samples per second; None: on a terminal, if the run takes more than a second.

    Examples
    --------
    >>> import tempfile, lsm_sim_models
    >>> X = np.random.default_rng(0).random((40, 5, 2))
    >>> model = LiquidTransformer(lsm_sim_models.random_ei(n_inputs=2, n_neurons=50)).fit(X)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     stored = transform(model, (X[k : k + 10] for k in range(0, 40, 10)), f"{folder}/features.zarr", chunk=16)
    ...     print(stored, bool((stored[:] == model.transform(X)).all()))
    StoredFeatures(40 samples, 250 features) True
    """
    transformer = _transformer(model)
    size = checks.whole(chunk, "chunk", minimum=1, maximum=2**24)
    checks.choice(dtype, "dtype", ("float64", "float32"))
    checks.flag(resume, "resume")
    limit = None if max_memory is None else checks.positive(max_memory, "max_memory")
    n_total = None if total is None else checks.whole(total, "total", minimum=1)
    work = Work(workers, dask)
    source = chunks(samples, size)
    with writing(path, manifest(transformer, size, dtype), resume=resume) as folder:
        with progress_bar(n_total, progress) as advance:
            rest = unfinished(source, folder, advance)
            checked = _within(rest, transformer, size, limit, work)
            _run(transformer, checked, folder, size, dtype, work, advance)
        folder.end()
    return StoredFeatures(path)


def manifest(transformer: LiquidTransformer, chunk: int, dtype: str) -> dict[str, Any]:
    """Return what decides the bytes of the features, beside the samples."""
    form = transformer.input_
    return {
        "format": FORMAT,
        "network": transformer.program().digest,
        "encoder": repr(transformer.encoder_),
        "features": repr(transformer.features_) + (" and of the encoder" if transformer.with_encoder else ""),
        "range of X": digest(*(np.asarray(end) for end in (form.low, form.high) if end is not None)),
        "step": transformer.dt,
        "chunk": chunk,
        "dtype": dtype,
    }


def _transformer(model: Any) -> LiquidTransformer:
    """Return a copy of the fitted transformer, which is the same in every process."""
    if isinstance(model, (LiquidClassifier, LiquidRegressor)):
        check_is_fitted(model, "readout_")
        model, _ = model.live_parts()
    checks.instance(
        model, LiquidTransformer, "model", "a fitted LiquidTransformer, LiquidClassifier or LiquidRegressor"
    )
    check_is_fitted(model, "program_")
    model.program()  # quantises once for all processes
    own: LiquidTransformer = copy.copy(model)
    own.liquid, own.progress = own.liquid_, False  # a function might not be known to other processes
    return own


def _within(
    source: Iterator[Chunk], transformer: LiquidTransformer, size: int, limit: float | None, work: Work
) -> Iterator[Chunk]:
    """Yield the chunks after checking, with the first one, that they fit into the memory that may be used."""
    first = next(source, None)
    if first is None:
        return
    if limit is not None:
        probe = Chunk(first.X[:1], None)
        row = _features(transformer, probe, 1).nbytes
        X = first.X
        given = (
            sum(part.nbytes for part in X)
            if isinstance(X, list)
            else getattr(X, "nbytes", 40 * getattr(X, "n_events", 0))
        )
        per_chunk = _COPIES * row * size + 3.0 * given / len(first) * size
        used = psutil.Process().memory_info().rss
        n = 1 if work.alone else 1 + (work.workers or 0)
        needed = n * (used + per_chunk) + (0 if work.alone else 2 * (n - 1) * row * size)
        if needed > limit:
            raise DescriptionError(
                f"max_memory: got {limit / 2**20:.0f} MiB, but a chunk of {size} samples needs about {needed / 2**20:.0f} MiB in all; "
                "use a smaller chunk, fewer workers or more memory"
            )
    yield first
    yield from source


def _run(
    transformer: LiquidTransformer,
    source: Iterator[Chunk],
    folder: ChunkFolder,
    size: int,
    dtype: str,
    work: Work,
    advance: Any,
) -> None:
    given: list[Chunk] = []  # whose features are under way

    def taken() -> Iterator[Any]:
        for chunk in source:
            given.append(Chunk(range(len(chunk)), (chunk.digest, chunk.y)))  # without X, which may be large
            yield chunk.X

    for values in in_order(_task, transformer, taken(), work, transformer.n_threads):
        own = given.pop(0)
        key, y = own.y
        _write(folder, values.astype(dtype, copy=False), y, key, size)
        advance(len(own))


def _task(transformer: LiquidTransformer, X: Any, n_threads: int | None) -> Any:
    return _features(transformer, Chunk(X, None), n_threads)


def _features(transformer: LiquidTransformer, chunk: Chunk, n_threads: int | None) -> Any:
    own = copy.copy(transformer)
    own.n_threads = n_threads
    return own.respond(own.encode(chunk.X))


def _write(folder: ChunkFolder, values: Any, y: Any, key: str, size: int) -> None:
    """Write a chunk with the description of the arrays as long as they are now."""
    k, n = len(folder.finished), folder.n_samples + len(values)
    row, y_row = [values.shape[1]], None if y is None else [*y.shape[1:]]
    form = {"row": row, "y_row": y_row, "y_type": None if y is None else str(y.dtype)}
    first = folder.finished[0] if folder.finished else form
    for name, value in form.items():
        if value != first[name]:
            raise DescriptionError(
                f"{folder.path}: chunk {k} has {name} = {value}, but the first chunk {first[name]}; all samples need features and y "
                "of one form, for which Counts with a window needs n_windows"
            )
    contents = {}
    if k == 0:
        for name in ("features", *([] if y is None else ["y"])):
            (folder.path / name).mkdir(exist_ok=True)
        contents[zarr_array.METADATA] = zarr_array.group()
    for name, rows in (("features", values), *([] if y is None else [("y", y)])):
        contents[f"{name}/{zarr_array.chunk_name(k, rows.ndim)}"] = zarr_array.chunk_bytes(rows, size)
        contents[f"{name}/{zarr_array.METADATA}"] = zarr_array.metadata((n, *rows.shape[1:]), size, str(rows.dtype))
    output = digest(values, *([] if y is None else [y]))
    folder.add(contents, form | {"samples": len(values), "input": key, "output": output})
