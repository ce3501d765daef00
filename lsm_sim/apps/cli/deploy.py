"""``lsm-sim deploy``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options


class ChipName(str, Enum):
    """The chip whose limits the program must keep."""

    loihi1 = "loihi1"
    loihi2 = "loihi2"
    none = "none"


_TITLES = {"loihi1": "Loihi 1", "loihi2": "Loihi 2", "none": "simulators"}


def deploy(
    model: Annotated[
        Path,
        typer.Argument(metavar="MODEL", help="A trained model, as lsm-sim train writes it.", show_default=False),
    ],
    data: options.Data,
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Write the deployment to this new folder.")
    ],
    test: Annotated[
        Path | None,
        typer.Option("--test", metavar="DATA", help="Data that the model was not trained on, to report its accuracy."),
    ] = None,
    chip: Annotated[
        ChipName, typer.Option(help="Chip whose limits must be kept; none: for simulators only.")
    ] = ChipName.loihi2,
    chips: Annotated[int, typer.Option(min=1, metavar="N", help="Number of chips.")] = 1,
    relays: Annotated[
        bool, typer.Option("--relays", help="A relay for each neuron and bin, instead of a bank of integrators.")
    ] = False,
    ramp: Annotated[
        int,
        typer.Option(min=0, metavar="N", help="Decide by spikes: N per step is added to all scores; needs --relays."),
    ] = 0,
    refit: Annotated[
        bool, typer.Option("--refit", help="Train a new readout on the counts of the liquid in integers.")
    ] = False,
    headroom: Annotated[
        float, typer.Option(metavar="FACTOR", help="Range of the integrators, in multiples of what the data need.")
    ] = 1.25,
    samples: Annotated[
        int, typer.Option(min=1, metavar="N", help="Number of samples whose answers are written, for lsm-sim verify.")
    ] = 16,
    backend: options.Backend = "fast",
    json: options.Json = False,
) -> None:
    """Turn a trained model into one program of Loihi's integers, and write it with all that is needed to check it.

    The data calibrate the integers; with y, accuracies before and after are reported. Use the training data.
    """
    from lsm_sim.apps.cli.inputs import error_context, load_data
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.deploy import deploy as deployed
    from lsm_sim.deploy import report_on
    from lsm_sim.learn import model_file
    from lsm_sim.learn.estimators import LiquidClassifier, LiquidRegressor
    from lsm_sim.support.files import new_folder_path

    new_folder_path(output)
    X, y = load_data(data, need_y=False)
    unseen = None if test is None else load_data(test, need_y=True)
    trained: Any = model_file.load(model, LiquidClassifier, LiquidRegressor)
    trained.set_params(backend=backend)
    wanted = None if chip is ChipName.none else chip.value
    with error_context(data):
        made = deployed(
            trained, X, y, chip=wanted, relays=relays, ramp=ramp, refit=refit, headroom=headroom, backend=backend
        )
        report = report_on(made, test=unseen, n_chips=chips, title=f"{model.stem} on {_TITLES[chip.value]}")
    made.save(output, n_samples=samples, report=report)
    if json:
        print_json(report.to_dict() | {"out": output})
    else:
        print(report)
        print(f"\nwritten to {output}; next: lsm-sim verify {output}")
