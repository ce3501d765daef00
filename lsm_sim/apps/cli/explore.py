"""``lsm-sim explore``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

_VIEWS = ("raw", "encoder", "recurrence_off", "liquid")


def explore(
    network: Annotated[
        Path,
        typer.Argument(
            metavar="MODEL|DESCRIPTION",
            help="A model written by lsm-sim train, or a liquid (.toml, .json) or a program (.npz).",
            show_default=False,
        ),
    ],
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA",
            help="For a model, samples as lsm-sim train reads them; else spikes (.npz) or a signal (.wav, .csv, .npy).",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--out", "-o", metavar="FILE", help="Write the page to this .html file.")],
    samples: Annotated[
        list[int] | None,
        typer.Option("--sample", min=0, metavar="N", help="A sample to show; can be repeated.  [default: the first 6]"),
    ] = None,
    against: Annotated[
        list[str] | None,
        typer.Option(
            "--against",
            metavar="NAME",
            help="Compare with loihi, recurrence-off or a backend; can be repeated.",
        ),
    ] = None,
    controls: Annotated[
        int,
        typer.Option(
            "--controls",
            min=0,
            metavar="FOLDS",
            help="Train the model's controls on DATA in this number of folds; 0: none.",
        ),
    ] = 0,
    ablate: Annotated[
        int, typer.Option("--ablate", min=0, metavar="N", help="Number of neurons to decide without, one by one.")
    ] = 20,
    max_spikes: Annotated[
        int, typer.Option("--max-spikes", min=1, metavar="N", help="Spikes that the page holds at most.")
    ] = 1_000_000,
    title: Annotated[str | None, typer.Option("--title", metavar="TEXT", help="Title of the page.")] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="Replaces the seed of the liquid, and of a random stimulus."),
    ] = None,
    encoder: options.Encoder = None,
    max_rate: options.MaxRate = None,
    frame: options.Frame = None,
    step: options.Step = None,
    cells: options.Cells = None,
    scale: options.SignalScale = None,
    front_end: options.SoundFrontEnd = None,
    bands: options.Bands = None,
    dt: Annotated[
        float | None,
        typer.Option("--dt", metavar="SECONDS", help="Time step of a stimulus that is encoded.  [default: 0.001]"),
    ] = None,
    backend: Annotated[
        str | None,
        typer.Option("--backend", metavar="NAME", help="Backend to run on.  [default: the model's, or fast]"),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write a page to look inside a network: spikes, state, and the decision of its readout.

    The page needs no server and no network. It has a raster, the input with its signal, rates, u and v of chosen neurons, the
    neurons in space, the state in principal components, and, of a trained model, its scores over time and what each neuron
    and each time bin adds to them.
    """
    from lsm_sim.apps.cli import stimuli
    from lsm_sim.apps.cli.inputs import error_context
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.explorer import explore as page_of

    check_target(output, [".html", ".htm"])
    coding = stimuli.Coding.of(encoder, max_rate, frame, step, cells, scale, front_end, bands)
    if _is_model(network):
        given = _model(network, data, coding, {"--dt": dt, "--seed": seed}, controls)
    else:
        given = _network(network, data, coding, dt, seed, controls)
    with error_context(data):
        page = page_of(
            **given,
            samples=samples or None,
            against=against or (),
            ablate=ablate,
            max_spikes=max_spikes,
            title=title,
            backend=backend,
        )
    page.save(output)
    size = output.stat().st_size
    if json:
        print_json({"out": output, "bytes": size, "runs": len(page.contents["runs"]), "remarks": page.remarks})
        return
    for remark in page.remarks:
        print(remark)
    print(f"{page} written to {output}, {size / 1e6:.2g} MB")


def _is_model(path: Path) -> bool:
    """Return whether a file is a trained model; other errors are those of the function that reads it."""
    if path.suffix.lower() != ".npz":
        return False
    from lsm_sim.support import npz

    return str(npz.read(path).get("format", "")).startswith("lsm_sim.model/")


def _model(path: Path, data: Path, coding: Any, unused: dict[str, Any], folds: int) -> dict[str, Any]:
    from lsm_sim.apps.cli.inputs import load_data
    from lsm_sim.learn import model_file
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor

    given = [*coding.given, *(option for option, value in unused.items() if value is not None)]
    if given:
        raise DescriptionError(f"{given[0]}: {path} is a trained model, which has its own; omit it")
    X, y = load_data(data, need_y=folds > 0)
    model: Any = model_file.load(path, LiquidClassifier, LiquidRegressor)
    return {"network": model, "data": X, "labels": y, "controls": _controls(model, X, y, folds)}


def _controls(model: Any, X: Any, y: Any, folds: int) -> Any:
    if not folds:
        return None
    from sklearn.base import clone

    from lsm_sim.apps.cli.learning import check_folds
    from lsm_sim.learn.controls import compare

    check_folds("classify" if hasattr(model, "classes_") else "regress", y, folds, "--controls")
    return compare(clone(model), X, y, cv=folds, seeds=(0,), views=_VIEWS)


def _network(path: Path, data: Path, coding: Any, dt: float | None, seed: int | None, folds: int) -> dict[str, Any]:
    from lsm_sim.apps.cli import stimuli
    from lsm_sim.apps.cli.inputs import load_network

    if folds:
        raise DescriptionError(
            f"--controls: {path} has no readout to compare; omit it, or pass a model of lsm-sim train"
        )
    ready = data.suffix.lower() == stimuli.SPIKES
    if ready and dt is not None:
        raise DescriptionError(f"--dt: {data} has its own time step; omit it")
    network = load_network(path, seed if ready or path.suffix.lower() != ".npz" else None)
    events = stimuli.load(data, coding, dt or float(getattr(network, "dt", 1e-3)), seed or 0)
    return {"network": network, "data": events} | ({} if ready else stimuli.shown(data, coding))
