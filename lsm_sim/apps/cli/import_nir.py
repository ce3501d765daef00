"""``lsm-sim import-nir``."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.exchange.nir import ReadNIR


class ConventionName(str, Enum):
    """How the constants of a file are meant."""

    euler = "euler"
    exact = "exact"
    norse = "norse"


def import_nir(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file of NIR.", show_default=False)],
    output: Annotated[
        Path,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Write a program (.npz), or where possible a liquid (.toml, .json)."
        ),
    ],
    dt: Annotated[
        float | None,
        typer.Option(metavar="SECONDS", help="Time step.  [default: that which lsm-sim wrote into the file]"),
    ] = None,
    convention: Annotated[
        ConventionName | None,
        typer.Option(help="How constants are meant.  [default: what lsm-sim wrote into the file, else euler]"),
    ] = None,
    no_metadata: Annotated[
        bool, typer.Option("--no-metadata", help="Read only the nodes, not what lsm-sim wrote beside them.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Read a network from a file of NIR, and say what is not exactly as in the file."""
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.exchange.nir import read_nir

    check_target(output, [".npz", ".toml", ".json"])
    found = read_nir(file, dt=dt, convention=None if convention is None else convention.value, metadata=not no_metadata)
    _save(found, output)
    if json:
        p = found.program
        sizes = {"inputs": p.n_inputs, "neurons": p.n_neurons, "synapses": p.n_synapses, "dt": p.dt}
        print_json(
            {"convention": found.convention, **sizes, "approximations": list(found.approximations), "out": output}
        )
        return
    print(found.program)
    for sentence in found.approximations:
        print(f"approximation: {sentence}")
    print(f"written to {output}")


def _save(found: ReadNIR, output: Path) -> None:
    if output.suffix.lower() == ".npz":
        found.program.save(output)
        return
    liquid = found.liquid
    if liquid is None:
        raise DescriptionError(
            f"{output}: the network has no description in seconds; write its program to an .npz file instead"
        )
    liquid.save(output)
