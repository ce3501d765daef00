"""``lsm-sim bench``."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.support.progress import on_terminal

PICTURES = (".png", ".pdf", ".svg")
WRONG = 1
_LINE = 100  # maximum length of the progress line


def bench(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[WORKLOAD]...",
            help="W, W-small, W-large, W-large-1 (one sample), and the sweeps rates and sizes.  [default: all]",
            show_default=False,
        ),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Only W and W-small, shorter: under a minute.")] = False,
    peers: Annotated[
        str | None,
        typer.Option(
            metavar="NAMES", help="Compare only these, such as fast,brian2.  [default: all; in sweeps fast,ceiling]"
        ),
    ] = None,
    rounds: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of rounds.  [default: 5, quick 3]")
    ] = None,
    samples: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Samples per workload.  [default: as the workload defines, quick 20]"),
    ] = None,
    plot: Annotated[
        Path | None, typer.Option("--plot", metavar="FILE", help="Draw the results (.png, .pdf or .svg).")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(min=0, metavar="N", help="Seed of networks and stimuli.  [default: the workloads' own]"),
    ] = None,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Compare the speed of the engine with other simulators and with the limit of the machine.

    All run the same networks on the same spikes, one after the other in every round, and must count the same spikes. Results
    are medians over the rounds. Absolute times depend on this machine and its load, so quote ratios. A warning is printed if
    the machine was too noisy.
    """
    from lsm_sim.apps.bench import peer, report, session, workloads
    from lsm_sim.apps.bench.rounds import Plan
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.engine.protocol import find
    from lsm_sim.support.environment import cores

    check_target(plot, PICTURES)
    find(backend)  # fail early if it cannot run
    wanted = workloads.find(names or (workloads.QUICK if quick else workloads.NAMES))
    settings = peer.Settings(backend, threads or cores(), quick)
    chosen, missing = peer.find(None if peers is None else peers.split(","), settings)
    plan = Plan(rounds or (3 if quick else 5), 0.4 if quick else 1.0)
    measured = session.run(
        wanted,
        chosen,
        settings,
        plan,
        samples=samples or (20 if quick else None),
        seed=seed,
        sweep_all=peers is not None,
        say=_say,
    )
    summaries = []
    for _, part in itertools.groupby(measured, key=lambda summary: summary["sweep"] or summary["workload"]):
        same = list(part)
        summaries += same
        if not json:
            _print(same)
    _say("")
    wrong = report.wrong(summaries)
    if json:
        print_json(session.document(summaries, missing, settings, plan) | {"plot": plot})
    else:
        print(_ending(wrong, missing))
    if plot is not None:  # last, so that an error here does not lose the results
        _draw(summaries, plot)
    if wrong:
        raise typer.Exit(WRONG)


def _say(text: str) -> None:
    """Show progress on a terminal; each text overwrites the previous one."""
    if on_terminal():
        sys.stderr.write(f"\r{text[:_LINE]:<{_LINE}}\r")
        sys.stderr.flush()


def _print(summaries: list[dict[str, Any]]) -> None:
    """Print a workload, or a sweep."""
    from lsm_sim.apps.bench import report
    from lsm_sim.apps.cli.output import print_table

    _say("")
    if summaries[0]["sweep"]:
        print(f"sweep {summaries[0]['sweep']}, milliseconds per sample")
        table = report.sweep_table(summaries)
        print_table(table, right=range(1, len(table[0]) - 2))
        notes = report.sweep_remarks(summaries)
    else:
        print(report.title(summaries[0]))
        print_table(report.table(summaries[0]), right=report.RIGHT)
        notes = report.remarks(summaries[0])
    print("\n".join([*notes, ""]), flush=True)


def _ending(wrong: list[str], missing: dict[str, str]) -> str:
    lines = [f"{name}: {reason}" for name, reason in missing.items()]
    equal = "counts: all that must be equal are equal; the first sample of each workload equals the reference"
    return "\n".join([*lines, f"WRONG COUNTS: {'; '.join(wrong)}" if wrong else equal])


def _draw(summaries: list[dict[str, Any]], path: Path) -> None:
    from lsm_sim.apps.bench import picture
    from lsm_sim.support.files import replacing

    figure = picture.draw(summaries)
    with replacing(path) as stream:
        figure.savefig(stream, format=path.suffix[1:].lower())
