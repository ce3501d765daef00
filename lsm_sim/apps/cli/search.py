"""``lsm-sim search``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.apps.cli.train import ReadoutName, Task
from lsm_sim.errors import DescriptionError


class SamplerName(str, Enum):
    """Where parameters come from."""

    tpe = "tpe"
    random = "random"
    halton = "halton"


def search(
    description: options.Liquid,
    data: options.Data,
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="DIR", help="Write the best liquid, the model and pictures here.")
    ],
    trials: Annotated[int, typer.Option(metavar="N", min=1, help="Trials in the storage at the end.")] = 50,
    storage: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="SQLite file; a search in it goes on.  [default: search.db in the --out folder]"
        ),
    ] = None,
    workers: Annotated[int, typer.Option(metavar="N", min=1, help="Number of processes.")] = 1,
    dask: options.Dask = None,
    objectives: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="accuracy (r2 for values), spikes, neurons.  [default: accuracy or r2]"),
    ] = None,
    sampler: Annotated[SamplerName, typer.Option(help="Where parameters come from.")] = SamplerName.tpe,
    prune: Annotated[bool, typer.Option(help="End trials whose first folds are below the median.")] = True,
    cv: Annotated[int, typer.Option(metavar="N", min=2, help="Folds of cross-validation.")] = 5,
    hold_out: Annotated[
        float, typer.Option(metavar="F", min=0.0, help="Fraction of samples, or groups, that no trial sees; 0: none.")
    ] = 0.2,
    control_seeds: Annotated[
        int, typer.Option(metavar="N", min=0, help="Seeds of the comparison on held-out samples; 0: none.")
    ] = 3,
    liquids: Annotated[
        int,
        typer.Option(
            metavar="N",
            min=0,
            help="Average each trial over N liquids, with the seeds 100, 101, ...; 0: the one described.",
        ),
    ] = 0,
    encoder: Annotated[
        options.EncoderName, typer.Option(help="Encoder of values as spikes.")
    ] = options.EncoderName.rate,
    max_rate: options.MaxRate = None,
    frame: Annotated[
        float | None, typer.Option(metavar="SECONDS", help="Duration of one frame, in seconds.  [default: 0.05]")
    ] = None,
    step: options.Step = None,
    cells: options.Cells = None,
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
    seed: Annotated[
        int, typer.Option(metavar="N", min=0, help="Seed of the sampler, the folds and the encoder, not of the liquid.")
    ] = 0,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Search good settings of a liquid, its features and its readout by cross-validation.

    DESCRIPTION has ranges in place of some values, such as tau_m = { search = [0.005, 0.08], log = true }, and a table
    [search] for settings outside the liquid; see docs/search.md. A search that was killed goes on with the same command.
    """
    from lsm_sim.apps.cli import learning
    from lsm_sim.apps.cli.inputs import error_context, load_data, load_groups
    from lsm_sim.apps.cli.output import check_new_folder, print_json
    from lsm_sim.search import load, optimise

    check_new_folder(output)
    liquid, space = load(description)
    if not space:
        raise DescriptionError(
            f"{description}: no ranges to search; write some, such as tau_m = {{ search = [0.005, 0.08], log = true }}"
        )
    X, y = load_data(data, need_y=True)
    kind = learning.task_of(y) if task is Task.auto else task.value
    learning.check_y(kind, y, where=str(data))
    model = learning.model(
        kind,
        liquid,
        learning.encoder(encoder.value, {"max_rate": max_rate, "frame": frame, "step": step, "n": cells}, seed),
        bins=bins,
        sqrt=sqrt,
        readout=readout.value,
        dt=dt,
        sample_shape=shape,
        scale=None if scale is options.Scale.none else scale.value,
        backend=backend,
        n_threads=threads,
    )
    if storage is None:
        output.mkdir(parents=True, exist_ok=True)
    with error_context(data):
        found = optimise(
            model,
            X,
            y,
            space,
            n_trials=trials,
            storage=output / "search.db" if storage is None else storage,
            groups=load_groups(data, len(y)),
            objectives=None if objectives is None else [word.strip() for word in objectives.split(",")],
            cv=cv,
            hold_out=hold_out,
            sampler=sampler.value,
            prune=prune,
            workers=workers,
            dask=dask,
            seed=seed,
            liquid_seeds=range(100, 100 + liquids) if liquids else None,
        )
        files = found.save(output)
        compared = found.compare_held_out(range(control_seeds)) if control_seeds and hold_out else None
    if json:
        print_json(found.to_dict() | {"held_out": None if compared is None else compared.to_dict(), "files": files})
        return
    _print(found, compared, output, files)


def _print(found: Any, compared: Any, output: Path, files: list[Path]) -> None:
    print(found.table())
    if compared is not None:
        print(f"\nbest settings on samples that no trial saw\n{compared.table()}")
    print(f"\nwritten to {output}/: {', '.join(path.name for path in files)}")
