"""``lsm-sim export``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options


def export(
    network: Annotated[
        Path,
        typer.Argument(
            metavar="NETWORK",
            help="A program (.npz), in Loihi's integers for c; a liquid (.toml, .json) for nir; a folder of lsm-sim deploy for c.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="FOLDER", help="Write to this new folder, of nir file.")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="What to write: c or nir.")] = "c",
    name: Annotated[
        str | None, typer.Option(metavar="NAME", help="Of c: beginning of all names.  [default: lsm]")
    ] = None,
    max_ram: Annotated[
        int | None,
        typer.Option(min=0, metavar="BYTES", help="Of c: write nothing if the state takes more RAM.  [default: any]"),
    ] = None,
    graded: Annotated[bool, typer.Option("--graded", help="Of c: input events may have payloads.")] = False,
    n_steps: Annotated[
        int | None,
        typer.Option(
            min=1, metavar="N", help="Of c and a deployment: length of a sample, after which the class is decided."
        ),
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of nir: euler or exact, how constants are written.  [default: euler]"),
    ] = None,
    dt: Annotated[float | None, typer.Option(metavar="SECONDS", help="Of nir: time step of a liquid.")] = None,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Of nir: leave out what the format cannot say, with a warning.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a network for another tool or device, after saying how large it is.

    c: a folder with C99 for devices without an operating system, and for this machine a Makefile and a program that reads
    events and prints spikes. nir: a file for other simulators.
    """
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.exchange import export as exported

    options_of: dict[str, Any] = {"name": name, "max_ram": max_ram, "graded": graded or None, "n_steps": n_steps}
    options_of |= {"mode": mode, "dt": dt, "allow_loss": allow_loss or None}
    how = {
        option: value for option, value in options_of.items() if value is not None
    }  # each exporter has defaults of its own
    ready = _network(network)
    what = exported(ready, None, to=to, **how)
    if not json:
        print(what)
    done = exported(ready, output, to=to, **how)
    if json:
        print_json({"to": to, "files": list(done.files), **what.numbers(), "lost": list(what.lost), "out": output})
    else:
        print(f"written to {output}" + (f"; next: make -C {output}" if to == "c" else ""))


def _network(path: Path) -> Any:
    """Return the deployment of a folder, or the program or liquid of a file."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.deploy import Deployment

    return Deployment.load(path) if path.is_dir() else load_network(path, None)
