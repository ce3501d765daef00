"""``lsm-sim run`` of a folder that ``lsm-sim deploy`` wrote."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lsm_sim.errors import DescriptionError


def run_deployed(
    folder: Path, data: Path | None, output: Path | None, backend: str, threads: int | None, *, json: bool
) -> None:
    """Run samples, or the saved ones, and print or write the decisions."""
    import numpy as np

    from lsm_sim.apps.cli.inputs import error_context, load_data
    from lsm_sim.apps.cli.output import check_target, print_json
    from lsm_sim.apps.cli.predict import as_csv
    from lsm_sim.deploy import Deployment
    from lsm_sim.support.files import replacing

    check_target(output, [".csv"])
    made = Deployment.load(folder)
    if data is None:
        raise DescriptionError(
            f"{folder}: a deployment needs data: lsm-sim run {folder} DATA; its own samples are run by lsm-sim verify"
        )
    X, y = _samples(data, load_data)
    with error_context(data):
        decided = made.run(X, backend=backend, n_threads=threads)
    answer: Any = decided.scores if decided.classes is None else decided.classes
    score = None if y is None or decided.classes is None else float(np.mean(decided.classes == y))
    text = as_csv(answer)
    if output is not None:
        with replacing(output) as stream:
            stream.write(text.encode())
    if json:
        print_json({"predictions": answer, "scores": decided.scores, "accuracy": score, "out": output})
        return
    print(
        f"{len(answer)} answers written to {output}" if output is not None else text, end="" if output is None else "\n"
    )
    if score is not None and output is not None:
        print(f"accuracy {score:.4f}")


def _samples(data: Path, load_data: Any) -> tuple[Any, Any]:
    """Return samples and their labels, or spikes that enter the liquid."""
    from lsm_sim.spikes.spikes import Spikes
    from lsm_sim.support import npz

    if data.suffix.lower() == ".npz" and str(npz.read(data).get("format", "")).startswith("lsm_sim.spikes"):
        return Spikes.load(data), None
    pair: tuple[Any, Any] = load_data(data, need_y=False)
    return pair


def check_options(given: Mapping[str, Any]) -> None:
    """Raise if options were given that a deployment does not have."""
    for name, value in given.items():
        if value not in (None, False, 0):
            raise DescriptionError(f"{name}: does not apply to a deployment; omit it")
