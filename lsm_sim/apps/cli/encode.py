"""``lsm-sim encode``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError


def encode(
    sources: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[SIGNAL]...", help="Signals (.wav, .csv, .npy), one or more samples each.", show_default=False
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write the spikes to this .npz file.  [required]")
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
    channels: Annotated[
        int | None, typer.Option("--channels", metavar="N", min=1, help="Number of channels, with --rate.")
    ] = None,
    duration: options.Duration = None,
    samples: options.Samples = None,
    dt: Annotated[float, typer.Option(metavar="SECONDS", help="Time step, in seconds.")] = 1e-3,
    seed: Annotated[int, typer.Option(metavar="N", min=0, help="Seed of random spikes.")] = 0,
    json: options.Json = False,
) -> None:
    """Make a stimulus: encode signals as spikes, or draw Poisson spikes.

    A .csv file has a row for each frame and a column for each channel; an .npy file has shape (frames, channels) or
    (samples, frames, channels). Sounds become frequency bands first. With --rate there is no signal.
    """
    from lsm_sim.apps.cli import stimuli
    from lsm_sim.apps.cli.output import check_target, print_json, print_table

    if output is None:
        raise DescriptionError("--out: missing, expected the name of an .npz file for the spikes")
    check_target(output, [".npz"])
    coding = stimuli.Coding.of(encoder, max_rate, frame, step, cells, scale, front_end, bands)
    paths = sources or []
    stimuli.check_source(paths, rate, coding, {"--channels": channels, "--duration": duration, "--samples": samples})
    if rate is None:
        spikes = stimuli.encode(paths, coding, dt, seed)
    elif channels is None:
        raise DescriptionError("--channels: missing, expected the number of channels for --rate")
    else:
        spikes = stimuli.poisson(rate, channels, duration, samples, dt, seed)
    spikes.save(output)
    summary: dict[str, Any] = {
        "samples": len(spikes),
        "channels": spikes.n_channels,
        "duration": float(spikes.durations.sum()),
        "dt": spikes.dt,
        "spikes": spikes.n_events,
        "rate": spikes.n_events / (spikes.n_channels * float(spikes.durations.sum())),
        "out": output,
    }
    if json:
        print_json(summary)
        return
    print_table(
        [
            ["stimulus", f"{len(spikes)} samples, {summary['duration']:g} s in steps of {spikes.dt:g} s"],
            ["channels", str(spikes.n_channels)],
            ["spikes", f"{spikes.n_events}, {summary['rate']:.2f} Hz per channel"],
            ["out", str(output)],
        ]
    )
