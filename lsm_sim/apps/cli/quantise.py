"""``lsm-sim quantise``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsm_sim.apps.cli import options
from lsm_sim.apps.cli.run import PICTURES
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.program.program import Program
    from lsm_sim.spikes.spikes import Spikes


class Rounding(str, Enum):
    """How weights are rounded."""

    nearest = "nearest"
    stochastic = "stochastic"


def quantise(
    description: Annotated[
        Path,
        typer.Argument(metavar="DESCRIPTION", help="A liquid (.toml, .json) or a program (.npz).", show_default=False),
    ],
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FILE", help="Write the integer program to this .npz file.")
    ],
    calibration: Annotated[
        Path | None,
        typer.Option(
            "--calibration", "-c", metavar="FILE", help="Spikes (.npz) like those to come.  [default: 100 Hz assumed]"
        ),
    ] = None,
    headroom: Annotated[
        float | None,
        typer.Option(metavar="FACTOR", help="How many times the calibration must fit.  [default: 1.25, assumed 2]"),
    ] = None,
    rounding: Annotated[Rounding, typer.Option(help="Of weights.")] = Rounding.nearest,
    dt: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time step of a liquid.  [default: that of the calibration, or 0.001]"),
    ] = None,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="N", help="Replaces the seed of the liquid.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the report (.png, .pdf or .svg).")
    ] = None,
    backend: options.Backend = "fast",
    json: options.Json = False,
) -> None:
    """Turn a liquid or a program into Loihi's integers.

    One scale for all weights, thresholds and biases is chosen so that nothing leaves a register on the calibration stimuli.
    The report tells what became of time constants, thresholds, weights and rates.
    """
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.quantisation.quantise import quantise
    from lsm_sim.spikes.spikes import Spikes

    check_target(output, [".npz"])
    check_target(plot, PICTURES)
    stimulus = None if calibration is None else Spikes.load(calibration)
    program = _program(description, seed, dt, stimulus)
    result = quantise(program, stimulus, headroom=headroom, rounding=rounding.value, seed=seed or 0, backend=backend)
    result.program.save(output)
    if plot is not None:
        from matplotlib.figure import Figure

        from lsm_sim.support.files import replacing

        figure = result.report.plot(Figure(figsize=(4, 6), dpi=200, layout="constrained"))
        with replacing(plot) as stream:
            figure.savefig(stream, format=plot.suffix[1:].lower())
    if json:
        print_json(result.report.to_dict() | {"out": output, "plot": plot})
    else:
        print(result.report)


def _program(description: Path, seed: int | None, dt: float | None, stimulus: Spikes | None) -> Program:
    """Return the program, lowered at the calibration's time step where it is a liquid."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.describe.liquid import Liquid
    from lsm_sim.program.lowering import lower

    network = load_network(description, seed)
    if isinstance(network, Liquid):
        return lower(network, dt or (1e-3 if stimulus is None else stimulus.dt))
    if dt is not None:
        raise DescriptionError(f"{description}: a program has its time step, {network.dt:g} s; leave out --dt")
    return network
