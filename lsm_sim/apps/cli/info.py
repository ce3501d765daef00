"""``lsm-sim info``."""

from __future__ import annotations

from typing import Annotated

import typer

from lsm_sim.apps.cli import options


def info(
    backend: Annotated[
        str | None, typer.Option("--backend", metavar="NAME", help="Check only this backend.  [default: all]")
    ] = None,
    seed: options.NoSeed = None,  # noqa: ARG001
    json: options.Json = False,
) -> None:
    """Show versions and which backends can run.

    If a backend cannot run here, show why not and what to do.
    """
    from lsm_sim.apps.cli.output import print_json, print_table
    from lsm_sim.engine import availability
    from lsm_sim.support import environment

    versions, machine, backends = environment.versions(), environment.machine(), availability.backends(backend)
    abouts = {name: availability.about(name) for name, reason in backends.items() if reason is None}
    if json:
        usable = {
            name: {"usable": reason is None, "reason": reason} | ({"about": abouts[name]} if abouts.get(name) else {})
            for name, reason in backends.items()
        }
        print_json({"versions": versions, **machine, "backends": usable})
        return
    gib = 2**30
    rows = [[name, version or "not installed"] for name, version in versions.items()]
    rows += [["", ""], ["platform", machine["platform"]], ["processor", machine["processor"]]]
    rows += [["cores", str(machine["cores"])]]
    rows += [["memory", f"{machine['memory_available'] / gib:.1f} of {machine['memory_total'] / gib:.1f} GiB free"]]
    rows += [["", ""], *([f"backend {name}", reason or _can_run(abouts[name])] for name, reason in backends.items())]
    print_table(rows)


def _can_run(about: str | None) -> str:
    return f"can run ({about})" if about else "can run"
