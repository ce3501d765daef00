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

NoSeed: TypeAlias = Annotated[
    int | None,
    typer.Option("--seed", min=0, metavar="N", help="Ignored: nothing is random here."),
]


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
        help="An .npz file with X, shape (samples, features) or (samples, frames, channels), and y, shape (samples,).",
        show_default=False,
    ),
]
