"""``lsm-sim demo``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from lsm_sim.apps.cli import options
from lsm_sim.errors import DescriptionError

if TYPE_CHECKING:
    from lsm_sim.apps.demo.experiment import Findings, Plan

_LABELS = {
    "raw": "raw pixels",
    "encoder": "encoder counts",
    "recurrence_off": "liquid, recurrence off",
    "liquid": "liquid",
}


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", metavar="DIR", help="Folder for figures and report.")] = Path(
        "demo"
    ),
    seeds: Annotated[int, typer.Option("--seeds", min=1, metavar="N", help="Number of seeds to average over.")] = 3,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="The first seed.")] = 0,
    neurons: Annotated[int, typer.Option("--neurons", min=5, metavar="N", help="Number of neurons.")] = 500,
    backend: options.Backend = "fast",
    threads: options.Threads = None,
    json: options.Json = False,
) -> None:
    """Classify handwritten digits with a spiking liquid.

    Rows of pixels are encoded as spikes, one row after the other; the spikes drive a random recurrent network; its spikes are
    counted; a linear readout learns the digit from the counts. Three controls are reported too: raw pixels, the counted input
    spikes, and the liquid without recurrence. Writes raster.png, confusion.png, trajectories.png, report.html and explorer.html,
    a page to look inside a model.
    """
    from lsm_sim.apps.cli.output import check_new_folder, print_json
    from lsm_sim.apps.demo.experiment import Plan
    from lsm_sim.engine.protocol import find

    check_new_folder(out)
    find(backend)  # fail early if it cannot run
    plan = Plan(neurons, tuple(range(seed, seed + seeds)), backend, threads)
    if not json:
        print(f"{neurons} neurons, {seeds} seed{'s' * (seeds > 1)}, 5 folds, backend {backend} ...", flush=True)
    findings, files = _run(plan, _command(plan, out))
    _write(out, files)
    if json:
        print_json(_summary(findings, out, files))
    else:
        _print(findings, out, files)


def _run(plan: Plan, command: str) -> tuple[Findings, dict[str, bytes]]:
    """Return the results, and the files to write by name."""
    from lsm_sim.apps.demo import experiment, inside, pictures, report
    from lsm_sim.support.compilation import stopwatch

    with stopwatch() as total:
        findings = experiment.run(plan)
        with stopwatch() as drawing:
            files = pictures.draw(findings)
            files["explorer.html"] = inside.page(findings)
            findings.seconds["pictures"] = drawing.seconds
        findings.seconds["total"] = total.seconds
    return findings, files | {"report.html": report.report(findings, files, command).encode()}


def _command(plan: Plan, out: Path) -> str:
    """Return the command for the same result, without options that have their defaults."""
    words = ["lsm-sim", "demo"]
    if str(out) != "demo":
        words += ["--out", str(out)]
    chosen = {"--seeds": len(plan.seeds), "--seed": plan.seeds[0], "--neurons": plan.n_neurons}
    usual = {"--seeds": 3, "--seed": 0, "--neurons": 500}
    words += [word for name, value in chosen.items() if value != usual[name] for word in (name, str(value))]
    return shlex.join([*words, *(["--backend", plan.backend] if plan.backend != "fast" else [])])


def _write(out: Path, files: dict[str, bytes]) -> None:
    from lsm_sim.support.files import replacing

    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DescriptionError(f"{out}: cannot be created ({error.strerror}); use another folder with --out") from None
    for name, content in files.items():
        with replacing(out / name) as stream:
            stream.write(content)


def _summary(findings: Findings, out: Path, files: dict[str, bytes]) -> dict[str, Any]:
    from lsm_sim.apps.demo import digits
    from lsm_sim.support import environment

    plan = findings.plan
    return {
        "accuracy": findings.accuracy(),
        "per_seed": findings.per_seed(),
        "seconds": findings.seconds,
        "samples_per_second": findings.samples_per_second,
        "rate": sum(findings.rates) / len(findings.rates),
        "samples": len(findings.digits),
        "settings": {
            "neurons": plan.n_neurons,
            "seeds": plan.seeds,
            "folds": digits.FOLDS,
            "backend": plan.backend,
            "liquid": digits.liquid(plan.n_neurons, plan.seeds[0]).to_dict(),
        },
        "versions": environment.versions(),
        "machine": environment.machine(),
        "files": [out / name for name in files],
    }


def _print(findings: Findings, out: Path, files: dict[str, bytes]) -> None:
    from lsm_sim.apps.cli.output import print_table

    accuracy, per_seed = findings.accuracy(), findings.per_seed()
    rows = [["what the readout sees", "features", "accuracy %", "lowest .. highest seed"]]
    for view, label in _LABELS.items():
        low, high = min(per_seed[view]), max(per_seed[view])
        spread = f"{100 * low:.2f} .. {100 * high:.2f}"
        rows.append([label, str(findings.n_features[view]), f"{100 * accuracy[view]:.2f}", spread])
    print()
    print_table(rows, right=(1, 2, 3))
    rate = sum(findings.rates) / len(findings.rates)
    print(f"\nliquid: {rate:.1f} Hz mean rate, {findings.samples_per_second:.0f} samples/s on {findings.plan.backend}")
    print(f"written to {out}/: {', '.join(files)}")
    print(f"{findings.seconds['total']:.1f} s")
