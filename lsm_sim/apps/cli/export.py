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
            help="A program in Loihi's integers (.npz), or a folder that lsm-sim deploy wrote.",
            show_default=False,
        ),
    ],
    output: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Write to this new folder.")],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="What to write: c.")] = "c",
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
            min=1,
            metavar="N",
            help="Of c and a deployment: decide the class, of samples of at most this number of steps.",
        ),
    ] = None,
    cortex: Annotated[
        bool, typer.Option("--cortex", help="Of c: add what runs it on an emulated Cortex-M (make cortex-run).")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a network as C99 for devices without an operating system, after saying how large it is.

    The folder has a C file, a header, and for this machine a Makefile and a program that reads events and prints spikes; with
    --cortex the same program for a Cortex-M, which qemu emulates and whose instructions it counts.
    """
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.exchange import export as exported

    given = {"name": name, "max_ram": max_ram, "graded": graded, "n_steps": n_steps, "cortex": cortex}
    # each exporter has defaults of its own
    how = {option: value for option, value in given.items() if value is not None and value is not False}
    ready = _network(network)
    what = exported(ready, None, to=to, **how)
    if not json:
        print(what)
    exported(ready, output, to=to, **how)
    if json:
        print_json({"to": to, "files": list(what.files), **what.numbers(), "lost": list(what.lost), "out": output})
    else:
        print(f"written to {output}" + (f"; next: make -C {output}" if to == "c" else ""))


def _network(path: Path) -> Any:
    """Return the deployment of a folder, or the program or liquid of a file."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.deploy import Deployment

    return Deployment.load(path) if path.is_dir() else load_network(path, None)
