"""``lsm-sim run``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.simulate.results import Result
    from lsm_sim.spikes.spikes import Spikes

PICTURES = (".png", ".pdf", ".svg")


def run(
    description: Annotated[
        Path,
        typer.Argument(metavar="DESCRIPTION", help="A liquid (.toml, .json) or a program (.npz).", show_default=False),
    ],
    stimulus: Annotated[
        Path, typer.Argument(metavar="STIMULUS", help="Spikes (.npz), or a case file.", show_default=False)
    ],
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the spikes to this .npz file.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw a raster (.png, .pdf or .svg).")
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, metavar="N", help="Sample for --plot.")] = 0,
    seed: Annotated[
        int | None, typer.Option("--seed", min=0, metavar="N", help="Replaces the seed of the liquid.")
    ] = None,
    backend: options.Backend = "fast",
    arithmetic: options.Arithmetic = None,
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Run a liquid or a program with a stimulus.

    Every sample of the stimulus starts from rest. A liquid is lowered with the time step of the stimulus.
    """
    import lsm_sim as lsm
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.spikes.spikes import Spikes
    from lsm_sim.support.compilation import stopwatch

    check_target(output, [".npz"])
    check_target(plot, PICTURES)
    network, events = load_network(description, seed), Spikes.load(stimulus)
    if plot is not None and sample >= len(events):
        raise DescriptionError(f"--sample: got {sample}, expected 0..{len(events) - 1}, the samples of {stimulus}")
    wanted = None if arithmetic is None else arithmetic.value
    with stopwatch() as watch:
        result = lsm.run(network, events, backend=backend, arithmetic=wanted, n_threads=threads)
        seconds = watch.seconds
    summary = _summary(result, seconds) | {"backend": backend, "out": output, "plot": plot}
    if output is not None:
        result.spikes.save(output)
    if plot is not None:
        _draw(result.spikes, sample, plot)
    if json:
        print_json(summary)
    else:
        _print(summary)


def _summary(result: Result, seconds: float) -> dict[str, Any]:
    spikes, program = result.spikes, result.program
    assert spikes is not None  # they were requested
    duration = float(spikes.durations.sum())
    rates = {name: spikes[name].n_events / (len(members) * duration) for name, members in program.neuron_groups.items()}
    return {
        "samples": len(spikes),
        "duration": duration,
        "dt": program.dt,
        "arithmetic": program.arithmetic,
        "neurons": program.n_neurons,
        "synapses": program.n_synapses,
        "spikes": spikes.n_events,
        "rates": rates,
        "seconds": seconds,
    }


def _print(summary: dict[str, Any]) -> None:
    from lsm_sim.apps.cli.output import print_table

    rows = [
        ["network", f"{summary['neurons']} neurons, {summary['synapses']} synapses, {summary['arithmetic']}"],
        ["stimulus", f"{summary['samples']} samples, {summary['duration']:g} s in steps of {summary['dt']:g} s"],
        ["spikes", str(summary["spikes"])],
        *([f"rate {name}", f"{rate:.2f} Hz"] for name, rate in summary["rates"].items()),
        ["backend", f"{summary['backend']}, {summary['seconds']:.2f} s"],
        *([key, str(summary[key])] for key in ("out", "plot") if summary[key] is not None),
    ]
    print_table(rows)


def _draw(spikes: Spikes, sample: int, path: Path) -> None:
    from matplotlib.figure import Figure

    from lsm_sim import plot
    from lsm_sim.support.files import replacing

    figure = Figure(figsize=(7, 4), dpi=200, layout="constrained")
    plot.raster(spikes, sample, figure.add_subplot())
    with replacing(path) as stream:
        figure.savefig(stream, format=path.suffix[1:].lower())
