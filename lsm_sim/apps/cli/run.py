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
MANIFEST = "manifest.json"  # of a folder that lsm-sim deploy wrote


def run(
    description: Annotated[
        Path,
        typer.Argument(
            metavar="DESCRIPTION",
            help="A liquid (.toml, .json), a program (.npz), or a folder that lsm-sim deploy wrote.",
            show_default=False,
        ),
    ],
    stimulus: Annotated[
        Path | None,
        typer.Argument(
            metavar="[STIMULUS]",
            help="Spikes or a case file (.npz), or a signal (.wav, .csv, .npy).",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the spikes to this .npz file.")
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw a raster (.png, .pdf or .svg).")
    ] = None,
    record: Annotated[
        str | None,
        typer.Option("--record", metavar="NAMES", help="Record state variables, such as u,v; with --traces."),
    ] = None,
    traces: Annotated[
        Path | None, typer.Option("--traces", metavar="FILE", help="Write what --record records to this .npz file.")
    ] = None,
    sample: Annotated[int, typer.Option("--sample", min=0, metavar="N", help="Sample for --plot.")] = 0,
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
    rate: options.Rate = None,
    duration: options.Duration = None,
    samples: options.Samples = None,
    dt: Annotated[
        float | None,
        typer.Option("--dt", metavar="SECONDS", help="Time step of a stimulus that is encoded.  [default: 0.001]"),
    ] = None,
    backend: options.Backend = "fast",
    arithmetic: options.Arithmetic = None,
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Run a liquid or a program with a stimulus.

    Every sample of the stimulus starts from rest. A liquid is lowered with the time step of the stimulus. A signal is
    encoded as lsm-sim encode does it; with --rate, every input channel gets Poisson spikes. A deployment takes data as lsm-sim
    train does, or spikes, and answers with classes.
    """
    if (description / MANIFEST).is_file():
        from lsm_sim.apps.cli.deployed import check_options, run_deployed

        check_options(
            {"--plot": plot, "--record": record, "--traces": traces, "--sample": sample, "--seed": seed}
            | {"--encoder": encoder, "--max-rate": max_rate, "--frame": frame, "--step": step, "--cells": cells}
            | {"--scale": scale, "--front-end": front_end, "--bands": bands, "--rate": rate, "--duration": duration}
            | {"--samples": samples, "--dt": dt, "--arithmetic": arithmetic}
        )
        run_deployed(description, stimulus, output, backend, threads, json=json)
        return
    import lsm_sim as lsm
    from lsm_sim.apps.cli import recording, stimuli
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.support.compilation import stopwatch

    check_target(output, [".npz"])
    check_target(traces, [".npz"])
    check_target(plot, PICTURES)
    variables = recording.variables(record, traces)
    coding = stimuli.Coding.of(encoder, max_rate, frame, step, cells, scale, front_end, bands)
    paths = [] if stimulus is None else [stimulus]
    stimuli.check_source(paths, rate, coding, {"--duration": duration, "--samples": samples})
    ready = stimulus is not None and stimulus.suffix.lower() == stimuli.SPIKES  # nothing is encoded or drawn
    network = load_network(description, seed if ready or description.suffix.lower() != ".npz" else None)
    if ready and dt is not None:
        raise DescriptionError(f"--dt: {stimulus} has its own time step; omit it")
    step_size = dt or (network.dt if isinstance(network, lsm.Program) else 1e-3)
    if rate is not None:
        events = stimuli.poisson(rate, network.n_inputs, duration, samples, step_size, seed or 0)
    else:
        events = stimuli.load(paths[0], coding, step_size, seed or 0)
    if plot is not None and sample >= len(events):
        raise DescriptionError(f"--sample: got {sample}, expected 0..{len(events) - 1}, the samples of the stimulus")
    wanted = None if arithmetic is None else arithmetic.value
    lsm.get_backend(backend)  # imported here, so that the time does not include it
    with stopwatch() as watch:
        result = lsm.run(
            network,
            events,
            backend=backend,
            arithmetic=wanted,
            record=recording.every_group(network, variables),
            n_threads=threads,
        )
        seconds = watch.seconds
    summary = _summary(result, seconds) | {"backend": backend, "out": output, "plot": plot, "traces": traces}
    if output is not None:
        result.spikes.save(output)
    if traces is not None:
        recording.save(result, traces)
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
        *([key, str(summary[key])] for key in ("out", "traces", "plot") if summary[key] is not None),
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
