"""``lsm-sim export``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsm_sim.apps.cli import options

if TYPE_CHECKING:
    from lsm_sim.spikes.spikes import Spikes


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
        Path, typer.Option("--out", "-o", metavar="PATH", help="Write to this new folder (c) or file (brian2, nir).")
    ],
    to: Annotated[str, typer.Option("--to", metavar="NAME", help="What to write: c, brian2, nir.")] = "c",
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
    stimulus: Annotated[
        Path | None, typer.Option("--stimulus", metavar="FILE", help="Of brian2: spikes (.npz), one sample.")
    ] = None,
    sample: Annotated[
        int | None, typer.Option("--sample", min=0, metavar="N", help="Number of the sample of --stimulus, from 0.")
    ] = None,
    mode: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Of nir: euler or exact, how constants are written.  [default: euler]"),
    ] = None,
    dt: Annotated[
        float | None,
        typer.Option("--dt", metavar="SECONDS", help="Of a liquid: time step.  [default: of brian2, the stimulus's]"),
    ] = None,
    allow_loss: Annotated[
        bool, typer.Option("--allow-loss", help="Of nir: leave out what the format cannot say, with a warning.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Write a network for another tool or device: as C99, as a Brian2 script, or as NIR.

    The folder of c has a C file, a header, and for this machine a Makefile and a program that reads events and prints spikes; with
    --cortex the same program for a Cortex-M, which qemu emulates and whose instructions it counts. Its size is printed before it
    is written.
    """
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.exchange import export as exported

    given: dict[str, Any] = {"name": name, "max_ram": max_ram, "graded": graded, "n_steps": n_steps, "cortex": cortex}
    given |= {"stimulus": _stimulus(stimulus, sample), "mode": mode, "dt": dt, "allow_loss": allow_loss}
    # each exporter has defaults of its own
    how = {option: value for option, value in given.items() if value is not None and value is not False}
    ready = _network(network)
    what = exported(ready, None, to=to, **how)
    if not json and str(what):
        print(what)
    done = exported(ready, output, to=to, **how)
    if json:
        print_json({"to": to, "files": list(done.files), **what.numbers(), "lost": list(what.lost), "out": output})
    else:
        after = {"c": f"; next: make -C {output}", "brian2": f"; next: python {output}"}
        print(f"written to {output}" + after.get(to, ""))


def _stimulus(path: Path | None, sample: int | None) -> Spikes | None:
    """Return the one sample of a file, or the chosen one."""
    from lsm_sim.errors import DescriptionError
    from lsm_sim.spikes.spikes import Spikes

    if path is None:
        if sample is not None:
            raise DescriptionError(f"--sample: got {sample} without --stimulus; omit it, or give a file of spikes")
        return None
    spikes = Spikes.load(path)
    if sample is None and len(spikes) != 1:
        raise DescriptionError(f"{path}: got {len(spikes)} samples, expected one; choose one with --sample N")
    if sample is not None and sample >= len(spikes):
        raise DescriptionError(f"--sample: got {sample}, expected less than {len(spikes)}, the samples of {path}")
    return spikes if sample is None else spikes[sample]


def _network(path: Path) -> Any:
    """Return the deployment of a folder, or the program or liquid of a file."""
    from lsm_sim.apps.cli.inputs import load_network
    from lsm_sim.deploy import Deployment

    return Deployment.load(path) if path.is_dir() else load_network(path, None)
