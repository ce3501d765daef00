"""``lsm-sim predict``."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError


def predict(
    model: Annotated[
        Path, typer.Argument(metavar="MODEL", help="A model written by lsm-sim train.", show_default=False)
    ],
    data: options.Data,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the predictions to this .csv file.")
    ] = None,
    backend: options.ModelsBackend = None,
    threads: options.Threads = None,
    seed: options.NoSeed = None,  # noqa: ARG001
    json: options.Json = False,
) -> None:
    """Predict the label or value of each sample.

    If the data have y, the score is reported.
    Without --out the predictions are printed as CSV, one line per sample.
    """
    from lsm_sim.apps.cli.inputs import error_context, load_data
    from lsm_sim.apps.cli.learning import METRIC
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.learn import model_file
    from lsm_sim.learn.ensemble import LiquidEnsemble
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.support.files import replacing

    check_target(output, [".csv"])
    X, y = load_data(data, need_y=False)
    trained: Any = model_file.load(model, LiquidClassifier, LiquidRegressor, LiquidEnsemble)
    trained.set_params(n_threads=threads, **({} if backend is None else {"backend": backend}))
    task = "classify" if hasattr(trained, "classes_") else "regress"
    with error_context(data):
        predicted = trained.predict(X)
        score = None if y is None else _score(task, y, predicted, where=str(data))
    text = as_csv(predicted)
    if output is not None:
        with replacing(output) as stream:
            stream.write(text.encode())
    if json:
        print_json({"predictions": predicted, "metric": METRIC[task], "score": score, "out": output})
        return
    if output is None:
        sys.stdout.write(text)
    else:
        print(f"{len(predicted)} predictions written to {output}")
    if score is not None and (output is not None or sys.stderr is not None):  # to stderr if the CSV is on stdout
        print(f"{METRIC[task]} {score:.4f}", file=sys.stdout if output is not None else sys.stderr)


def _score(task: str, y: Any, predicted: Any, where: str) -> float:
    from sklearn.metrics import accuracy_score, r2_score

    if y.shape != predicted.shape:
        raise DescriptionError(
            f"{where}: y: got shape {y.shape}, expected {predicted.shape}, the shape of the predictions"
        )
    if (y.dtype.kind == "U") != (predicted.dtype.kind == "U"):
        kinds = ["numbers", "text"]
        got, expected = kinds[y.dtype.kind == "U"], kinds[predicted.dtype.kind == "U"]
        raise DescriptionError(f"{where}: y: got {got}, expected {expected} like the predictions")
    return float(accuracy_score(y, predicted) if task == "classify" else r2_score(y, predicted))


def as_csv(predicted: Any) -> str:
    """Return one line per sample with its index and its prediction."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["sample", *_columns(predicted)])
    writer.writerows([b, *row] for b, row in enumerate(_rows(predicted)))
    return text.getvalue()


def _columns(predicted: Any) -> list[str]:
    return ["prediction"] if predicted.ndim == 1 else [f"prediction_{j}" for j in range(predicted.shape[1])]


def _rows(predicted: Any) -> Iterator[list[Any]]:
    return (row if isinstance(row, list) else [row] for row in predicted.tolist())
