"""``lsm-sim verify``."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Annotated

import typer

from lsm_sim.apps.cli import options


def verify(
    folder: Annotated[
        Path, typer.Argument(metavar="FOLDER", help="A folder written by lsm-sim deploy.", show_default=False)
    ],
    backend: options.Backend = "fast",
    json: options.Json = False,
) -> None:
    """Check every file of a deployment, run its samples, and compare every spike and v to the bit."""
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.deploy import verify as verified

    found = verified(folder, backend=backend)
    if json:
        print_json(dataclasses.asdict(found))
    else:
        print(found)
