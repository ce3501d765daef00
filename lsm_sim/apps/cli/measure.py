"""``lsm-sim measure``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.apps.cli.run import PICTURES
from lsm_sim.errors import DescriptionError


class SeriesEncoder(str, Enum):
    """Encoders of a series of one channel."""

    population = "population"
    bits = "bits"
    rate = "rate"


def measure(
    description: options.Liquid,
    output: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="Draw all measures (.png, .pdf or .svg).")
    ] = None,
    encoder: Annotated[
        SeriesEncoder | None,
        typer.Option(
            "--encoder", help="How values become spikes.  [default: population, rate for a liquid of one channel]"
        ),
    ] = None,
    frame: Annotated[
        float | None, typer.Option("--frame", metavar="SECONDS", help="Duration of a value.  [default: 0.02]")
    ] = None,
    max_rate: Annotated[
        float | None,
        typer.Option("--max-rate", metavar="HZ", help="Rate of the value 1, not for bits.  [default: 200]"),
    ] = None,
    rate: Annotated[
        float | None,
        typer.Option("--rate", metavar="HZ", help="Of Poisson spikes on each channel.  [default: that of the values]"),
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option("--samples", min=1, metavar="N", help="Length of the series.  [default: 20 per neuron]"),
    ] = None,
    lags: Annotated[
        int, typer.Option("--lags", min=1, metavar="N", help="Longest lag of the memory capacity, in values.")
    ] = 60,
    dt: Annotated[float, typer.Option("--dt", metavar="SECONDS", help="Time step.")] = 0.001,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, metavar="N", help="Replaces the seed of the liquid, and of the stimuli (0)."),
    ] = None,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Measure a liquid: separation, ranks, memory, processing capacity, divergence, how neurons fire.

    The stimuli are random values, encoded on all input channels, and Poisson spikes. docs/measures.md says what each measure
    tells and what it does not. Give the encoder that the liquid is made for.
    """
    from lsm_sim import measures
    from lsm_sim.apps.cli.inputs import load_liquid
    from lsm_sim.apps.cli.output import check_target, print_json

    check_target(output, PICTURES)
    liquid = load_liquid(description, seed)
    found = measures.all_of(
        liquid,
        _encoder(encoder, liquid.n_inputs, frame, max_rate),
        dt=dt,
        rate=rate,
        n_samples=samples,
        n_lags=lags,
        seed=seed or 0,
        backend=backend,
        n_threads=threads,
    )
    if output is not None:
        _draw(found, output)
    if json:
        print_json(found.to_dict() | {"out": output})
    else:
        print(found)


def _encoder(chosen: SeriesEncoder | None, n_inputs: int, frame: float | None, max_rate: float | None) -> Any:
    """Return the encoder of one channel to all input channels."""
    from lsm_sim.encode import Bits, Population, Rate

    kind = chosen or (SeriesEncoder.population if n_inputs > 1 else SeriesEncoder.rate)
    duration = 0.02 if frame is None else frame
    if kind is SeriesEncoder.bits:
        if max_rate is not None:
            raise DescriptionError("--max-rate: bits have no rate; omit it")
        return Bits(n_inputs, frame=duration)
    highest = 200.0 if max_rate is None else max_rate
    if kind is SeriesEncoder.rate:
        return Rate(highest, frame=duration)
    return Population(n=n_inputs, width=1.2, max_rate=highest, frame=duration)


def _draw(found: Any, path: Path) -> None:
    from matplotlib.figure import Figure

    from lsm_sim.support.files import replacing

    figure = found.plot(Figure(figsize=(10.4, 6.4), dpi=200, layout="constrained"))
    with replacing(path) as stream:
        figure.savefig(stream, format=path.suffix[1:].lower())
