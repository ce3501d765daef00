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
            "--calibration", "-c", metavar="FILE", help="Typical input spikes (.npz).  [default: Poisson at 100 Hz]"
        ),
    ] = None,
    headroom: Annotated[
        float | None,
        typer.Option(
            metavar="FACTOR",
            help="Registers must hold this multiple of the calibration.  [default: 1.25, without calibration 2]",
        ),
    ] = None,
    rounding: Annotated[Rounding, typer.Option(help="Rounding of weights.")] = Rounding.nearest,
    dt: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time step for a liquid.  [default: that of the calibration, or 0.001]"),
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
    """Convert a liquid or a program to Loihi's integers.

    One scale for all weights, thresholds and biases is chosen so that no value exceeds its register on the calibration
    stimuli. The report shows how time constants, thresholds, weights, efficacies and rates change.
    """
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.quantisation.quantise import quantise
    from lsm_sim.spikes.spikes import Spikes

    check_target(output, [".npz"])
    check_target(plot, PICTURES)
    stimulus = None if calibration is None else Spikes.load(calibration)
    program, stimulus = _program(description, seed, dt, stimulus)
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


def _program(
    description: Path, seed: int | None, dt: float | None, stimulus: Spikes | None
) -> tuple[Program, Spikes | None]:
    """Return the program and its stimulus; a liquid is lowered with the time step of the calibration by default."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.describe.liquid import Liquid
    from lsm_sim.encode.background import with_background
    from lsm_sim.program.lowering import lower

    network = load_network(description, seed)
    if isinstance(network, Liquid):
        program = lower(network, dt or (1e-3 if stimulus is None else stimulus.dt))
        return program, None if stimulus is None else with_background(stimulus, network)
    if dt is not None:
        raise DescriptionError(f"{description}: a program already has a time step, {network.dt:g} s; omit --dt")
    return network, stimulus
