"""``lsm-sim transform``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options

_MEGABYTE = 2**20


def transform(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model written by lsm-sim train.", show_default=False)
    ],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="Samples: an HDF5 file with X and maybe y, a folder of .npy and .npz files, or one of these.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Write the features to this folder, as Zarr arrays.")
    ],
    chunk: Annotated[
        int, typer.Option("--chunk", metavar="N", min=1, help="Samples that are computed and written together.")
    ] = 1000,
    float32: Annotated[bool, typer.Option("--float32", help="Write 4 bytes for each feature instead of 8.")] = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on if the folder is there.")] = False,
    workers: options.Workers = None,
    dask: options.Dask = None,
    max_memory: Annotated[
        float | None,
        typer.Option(
            "--max-memory", metavar="MIB", help="Refuse chunks that need more memory, in MiB, all processes together."
        ),
    ] = None,
    total: Annotated[
        int | None, typer.Option("--total", metavar="N", min=1, help="Number of samples, to show the time left.")
    ] = None,
    backend: options.ModelsBackend = None,
    threads: options.Threads = None,
    seed: options.NoSeed = None,  # noqa: ARG001
    json: options.Json = False,
) -> None:
    """Compute the features of any number of samples, and write them to disk chunk by chunk.

    The samples need not fit in memory. A run that was killed keeps its finished chunks; with --resume the same command goes on,
    and the folder ends with the same bytes. lsm_sim.streams.fit trains a readout on it.
    """
    from lsm_sim import streams
    from lsm_sim.apps.cli.inputs import error_context
    from lsm_sim.apps.cli.output import print_json, print_table
    from lsm_sim.learn import model_file
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.support.compilation import stopwatch

    trained: Any = model_file.load(model, LiquidClassifier, LiquidRegressor)
    trained.set_params(n_threads=threads, **({} if backend is None else {"backend": backend}))
    with error_context(data), stopwatch() as watch:
        stored = streams.transform(
            trained,
            data,
            output,
            chunk=chunk,
            dtype="float32" if float32 else "float64",
            resume=resume,
            workers=workers,
            dask=dask,
            max_memory=None if max_memory is None else max_memory * _MEGABYTE,
            total=total,
        )
        seconds = watch.seconds
    report = {"samples": len(stored), "features": stored.shape[1], "out": output, "seconds": seconds}
    if json:
        print_json(report)
        return
    rows = [["samples", str(len(stored))], ["features", str(stored.shape[1])], ["seconds", f"{seconds:.1f}"]]
    print_table([*rows, ["written to", str(output)]])
