"""``lsm-sim conform``."""

from __future__ import annotations

import time
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.engine.protocol import Backend

FAILED = 1


def conform(
    paths: Annotated[
        list[Path], typer.Argument(metavar="PATH", help="Case files, or folders of them.", show_default=False)
    ],
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    seed: options.NoSeed = None,  # noqa: ARG001
    json: options.Json = False,
) -> None:
    """Compare a backend with the expected output in case files.

    Spikes and u must be bit-identical; so must v, except that 1e-12 is allowed where Brian2 computed the expected output. One
    line per case says ok or gives the first difference. The exit code is 1 if anything differs or a file cannot be read.
    """
    from lsm_sim.apps.cli.output import print_json
    from lsm_sim.engine.protocol import find

    engine = find(backend)
    reports = []
    with (
        engine if isinstance(engine, AbstractContextManager) else nullcontext()
    ):  # one worker process for all cases, if the backend uses one
        for path in _files(paths):
            reports.append(_check(path, engine, threads))
            if not json:
                print(_line(reports[-1]), flush=True)
    failed = sum(not report["ok"] for report in reports)
    if json:
        print_json({"backend": backend, "passed": len(reports) - failed, "failed": failed, "cases": reports})
    else:
        print(f"{len(reports) - failed} of {len(reports)} cases agree on {backend}")
    if failed:
        raise typer.Exit(FAILED)


def _files(paths: list[Path]) -> list[Path]:
    from lsm_sim.engine import conformance

    return [file for path in paths for file in conformance.find_files(path)]


def _check(path: Path, engine: Backend, threads: int | None) -> dict[str, Any]:
    """Return the report of one case; a file that cannot be read counts as a difference, and the next case follows."""
    from lsm_sim.engine import conformance

    start = time.perf_counter()
    report: dict[str, Any] = {"path": str(path), "oracle": None}
    try:
        loaded = conformance.load(path)
        report |= {"oracle": loaded.oracle, "arithmetic": loaded.program.arithmetic, "spikes": loaded.spikes.n_events}
        found = conformance.difference(loaded, engine, threads)
    except DescriptionError as error:
        found = str(error).removeprefix(f"{path}: ")
    return report | {"ok": found is None, "difference": found, "seconds": time.perf_counter() - start}


def _line(report: dict[str, Any]) -> str:
    name = Path(report["path"]).name
    if not report["ok"]:
        return f"FAIL  {name}: {report['difference']}"
    return f"ok    {name}: {report['spikes']} spikes, {report['arithmetic']}, equal to {report['oracle']}"
