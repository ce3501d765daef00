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
            help="A program (.npz; of c in Loihi's integers), a liquid (.toml, .json), or a folder that lsm-sim deploy wrote.",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path, typer.Option("--out", "-o", metavar="PATH", help="Write to this new folder (c) or file (brian2).")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="What to write: c, brian2.")] = "c",
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
    stimulus: Annotated[
        Path | None, typer.Option("--stimulus", metavar="FILE", help="Of brian2: one sample of spikes (.npz).")
    ] = None,
    dt: Annotated[
        float | None,
        typer.Option("--dt", metavar="SECONDS", help="Of brian2 and a liquid: time step.  [default: the stimulus's]"),
    ] = None,
    json: options.Json = False,
) -> None:
    """Write a network for another tool: as C99 for devices without an operating system, or as a Brian2 script.

    The folder of c has a C file, a header, and for this machine a Makefile and a program that reads events and prints spikes.
    Its size is printed before it is written.
    """
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.exchange import export as exported
    from lsm_sim.spikes.spikes import Spikes

    options_of: dict[str, Any] = {"name": name, "max_ram": max_ram, "graded": graded or None, "n_steps": n_steps}
    options_of |= {"stimulus": None if stimulus is None else Spikes.load(stimulus), "dt": dt}
    how = {
        option: value for option, value in options_of.items() if value is not None
    }  # each exporter has defaults of its own
    ready = _network(network)
    what = exported(ready, None, to=to, **how)
    if not json and str(what):
        print(what)
    exported(ready, output, to=to, **how)
    if json:
        print_json({"to": to, "files": list(what.files), **what.numbers(), "lost": list(what.lost), "out": output})
    else:
        after = {"c": f"; next: make -C {output}", "brian2": f"; next: python {output}"}
        print(f"written to {output}" + after.get(to, ""))


def _network(path: Path) -> Any:
    """Return the deployment of a folder, or the program or liquid of a file."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.deploy import Deployment

    return Deployment.load(path) if path.is_dir() else load_network(path, None)
