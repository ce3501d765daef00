"""Options and arguments that several commands share."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Backend: TypeAlias = Annotated[
    str, typer.Option("--backend", metavar="NAME", help="Backend to run on; lsm-sim info lists them.")
]

ModelsBackend: TypeAlias = Annotated[
    str | None,
    typer.Option("--backend", metavar="NAME", help="Backend to run on.  [default: the one used for training]"),
]

NoSeed: TypeAlias = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Ignored: nothing is random here."),
]


class EncoderName(str, Enum):
    """Names of the encoders on the command line."""

    rate = "rate"
    poisson = "poisson"
    latency = "latency"
    delta = "delta"
    population = "population"
    bsa = "bsa"


class Scale(str, Enum):
    """How values are scaled to the range [0, 1] that most encoders need."""

    channel = "channel"
    overall = "global"
    none = "none"


class FrontEnd(str, Enum):
    """How a sound becomes the time courses of frequency bands."""

    mel = "mel"
    cochlea = "cochlea"


class ArithmeticName(str, Enum):
    """Names of the arithmetics."""

    float64 = "float64"
    loihi = "loihi"


Arithmetic: TypeAlias = Annotated[
    ArithmeticName | None,
    typer.Option("--arithmetic", help="loihi quantises first, with the stimulus as calibration.  [default: unchanged]"),
]
Threads: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--threads",
        min=1,
        metavar="N",
        help="Maximum number of threads; results do not depend on it.  [default: all cores]",
    ),
]
Liquid: TypeAlias = Annotated[
    Path, typer.Argument(metavar="DESCRIPTION", help="The liquid: a .toml or .json file.", show_default=False)
]
Data: TypeAlias = Annotated[
    Path,
    typer.Argument(
        metavar="DATA",
        help="An .npz file with X, shape (samples, features) or (samples, frames, channels), and y, shape (samples,); or, for "
        "samples of different lengths, a .csv file of lines FILE,LABEL.",
        show_default=False,
    ),
]

# How a signal becomes spikes, in encode and run; None: not given.
Encoder: TypeAlias = Annotated[
    EncoderName | None, typer.Option("--encoder", help="Encoder of a signal as spikes.  [default: rate]")
]
MaxRate: TypeAlias = Annotated[
    float | None,
    typer.Option(
        "--max-rate", metavar="HZ", help="Rate of the value 1, in Hz: rate, poisson (200), population (100), bsa (500)."
    ),
]
Frame: TypeAlias = Annotated[
    float | None,
    typer.Option("--frame", metavar="SECONDS", help="Duration of one frame.  [default: 0.05, of sounds 0.005]"),
]
Step: TypeAlias = Annotated[
    float | None, typer.Option("--step", metavar="VALUE", help="Change that causes a spike: delta (0.1).")
]
Cells: TypeAlias = Annotated[
    int | None, typer.Option("--cells", metavar="N", min=2, help="Channels per value: population (8).")
]
SignalScale: TypeAlias = Annotated[
    Scale | None,
    typer.Option("--scale", help="Map the range of values to [0, 1], per channel or global.  [default: none]"),
]
SoundFrontEnd: TypeAlias = Annotated[
    FrontEnd | None, typer.Option("--front-end", help="Frequency bands of a sound.  [default: mel]")
]
Bands: TypeAlias = Annotated[
    int | None, typer.Option("--bands", metavar="N", min=1, help="Number of frequency bands.  [default: 32]")
]
Rate: TypeAlias = Annotated[
    float | None,
    typer.Option("--rate", metavar="HZ", help="Poisson spikes of this rate on every channel, instead of a file."),
]
Duration: TypeAlias = Annotated[
    float | None,
    typer.Option("--duration", metavar="SECONDS", help="Duration of each sample, with --rate.  [default: 1]"),
]
Samples: TypeAlias = Annotated[
    int | None, typer.Option("--samples", metavar="N", min=1, help="Number of samples, with --rate.  [default: 1]")
]
Workers: TypeAlias = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, help="Processes on this machine, which share its cores.  [default: 1]"
    ),
]
Dask: TypeAlias = Annotated[
    str | None,
    typer.Option("--dask", metavar="ADDRESS", help="Address of a Dask scheduler, such as tcp://127.0.0.1:8786."),
]
