"""``lsm-sim train``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError


class ReadoutName(str, Enum):
    """Names of the readouts on the command line."""

    ridge = "ridge"
    centred_ridge = "centred_ridge"
    logistic = "logistic"
    svm = "svm"
    rls = "rls"
    lms = "lms"
    incremental_ridge = "incremental_ridge"


class Task(str, Enum):
    """The task; auto chooses it from y."""

    auto = "auto"
    classify = "classify"
    regress = "regress"


def train(
    description: options.Liquid,
    data: options.Data,
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Write the trained model to this .npz file.")
    ],
    encoder: Annotated[
        options.EncoderName, typer.Option(help="Encoder of values as spikes.")
    ] = options.EncoderName.rate,
    max_rate: Annotated[
        float | None,
        typer.Option(
            metavar="HZ", help="Rate of the value 1, in Hz: rate, poisson (200), population (100), bsa (500)."
        ),
    ] = None,
    frame: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Duration of one frame, in seconds.  [default: 0.05]")
    ] = None,
    step: Annotated[
        float | None, typer.Option(metavar="VALUE", help="Change that causes a spike: delta (0.1).")
    ] = None,
    cells: Annotated[int | None, typer.Option(metavar="N", min=2, help="Channels per value: population (8).")] = None,
    shape: Annotated[
        tuple[int, int] | None,
        typer.Option(metavar="FRAMES CHANNELS", help="Shape of the signal in each row of a two-dimensional X."),
    ] = None,
    scale: Annotated[
        options.Scale, typer.Option(help="Map the range of X to [0, 1], per channel or global.")
    ] = options.Scale.channel,
    dt: Annotated[float, typer.Option(metavar="SECONDS", help="Time step, in seconds.")] = 1e-3,
    bins: Annotated[int, typer.Option(metavar="N", min=1, help="Count spikes in N equal bins of each sample.")] = 5,
    sqrt: Annotated[bool, typer.Option(help="Take the square root of the counts.")] = True,
    readout: Annotated[ReadoutName, typer.Option(help="Readout to train on the counts.")] = ReadoutName.ridge,
    task: Annotated[Task, typer.Option(help="auto: regress if y has fractions, else classify.")] = Task.auto,
    cv: Annotated[int, typer.Option(metavar="N", min=0, help="Folds of cross-validation; 0 for none.")] = 5,
    seed: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Seed of the liquid, the folds and the encoder.  [default: the liquid's own, 0, 0]"
        ),
    ] = None,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    workers: options.Workers = None,
    dask: options.Dask = None,
    max_memory: Annotated[
        float | None,
        typer.Option(
            "--max-memory",
            metavar="MIB",
            help="Refuse training that needs more memory, in MiB, all processes together.",
        ),
    ] = None,
    json: options.Json = False,
) -> None:
    """Train a readout on the response of a liquid to data.

    X is encoded as spikes, the liquid runs, its spikes are counted, and a linear readout learns y from the counts. The
    accuracy (for regression: R^2) is that of cross-validation, in which all steps are fitted on the training folds only.
    """
    from lsm_sim.apps.cli import learning
    from lsm_sim.apps.cli.inputs import error_context, load_data, load_liquid
    from lsm_sim.apps.cli.output import check_target, print_json, print_table
    from lsm_sim.support.compilation import stopwatch
    from lsm_sim.support.parallel import Work

    check_target(output, [".npz"])
    settings = {"max_rate": max_rate, "frame": frame, "step": step, "n": cells}
    liquid, (X, y) = load_liquid(description, seed), load_data(data, need_y=True)
    _check_shape(shape, X)
    kind = learning.task_of(y) if task is Task.auto else task.value
    learning.check_y(kind, y, where=str(data))
    learning.check_folds(kind, y, cv)
    model = learning.model(
        kind,
        liquid,
        learning.encoder(encoder.value, settings, seed or 0),
        bins=bins,
        sqrt=sqrt,
        readout=readout.value,
        dt=dt,
        sample_shape=shape,
        scale=None if scale is options.Scale.none else scale.value,
        backend=backend,
        n_threads=threads,
    )
    work = Work(workers, dask)
    with error_context(data):
        learning.check_memory(model, X, max_memory, work)
    with error_context(data), stopwatch() as watch:
        folds = learning.cross_validate(model, kind, X, y, cv, seed or 0, work)
        model.fit(X, y)
        training = model.score(X, y)
        seconds = watch.seconds
    model.save(output)
    report: dict[str, Any] = {"task": kind, "samples": len(X), "metric": learning.METRIC[kind], "training": training}
    report |= {"cv": {"folds": folds, "mean": sum(folds) / cv if cv else None}, "out": output, "seconds": seconds}
    if json:
        print_json(report)
        return
    metric = report["metric"]
    rows = [["samples", str(len(X))], [f"{metric} on training data", f"{training:.4f}"]]
    if folds:
        spread = f"({min(folds):.4f} .. {max(folds):.4f} in {cv} folds)"
        rows.append([f"{metric} cross-validated", f"{report['cv']['mean']:.4f} {spread}"])
    print_table([*rows, ["seconds", f"{seconds:.1f}"], ["model", str(output)]])


def _check_shape(shape: tuple[int, int] | None, X: Any) -> None:
    if shape is None:
        return
    if isinstance(X, list) or X.ndim == 3:
        raise DescriptionError(f"--shape: got {shape}, but the samples of X have a shape already; omit it")
    if min(shape) < 1 or shape[0] * shape[1] != X.shape[1]:
        raise DescriptionError(
            f"--shape: got {shape}, expected two numbers whose product is {X.shape[1]}, the number of columns of X"
        )
