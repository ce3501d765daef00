"""What spiking liquids remember: memory capacity, Mackey-Glass, NARMA-10 and spike templates, in both arithmetics.

    .venv/bin/python benchmarks/liquid_memory.py capacity mackey_glass narma templates templates_off floor engineered --seeds 5 --jobs 2

Every row is the mean and standard deviation over the seeds 0, 1, ..., each of which has a network and data of its own, with 500 neurons,
300 samples of washout, 4000 for training and 2000 for the test (templates: 1500 and 500 samples; 900 and 300 for the floor). The settings were chosen on other
seeds, 101 to 103. ``off`` is the same liquid with recurrent weights of 0; ``off, tuned`` the best of several settings without
recurrence, and ``ESN`` the best of several input scalings of an echo-state network with as many units, both chosen on seed 101.
"""

from __future__ import annotations

import argparse
import json
import time
import warnings
from pathlib import Path
from typing import Any

import joblib
import numpy as np
from memory_tasks.capacity import capacity_rows
from memory_tasks.common import Values
from memory_tasks.engineered import engineered_rows
from memory_tasks.mackey_glass import mackey_glass_rows
from memory_tasks.narma import narma_rows
from memory_tasks.templates import floor_rows, templates_off_rows, templates_rows
from threadpoolctl import threadpool_limits

import lsm_sim as lsm

ARITHMETICS = ("float64", "loihi")
TASKS = {
    "capacity": capacity_rows,
    "mackey_glass": mackey_glass_rows,
    "narma": narma_rows,
    "templates": templates_rows,
    "templates_off": templates_off_rows,
    "floor": floor_rows,
    "engineered": engineered_rows,
}
CONTROLS = ("off", "ESN", "last", "readout")  # float64 only


def measured(row: Any, seed: int, arithmetic: str) -> Values:
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", lsm.LsmWarning)  # memory beyond the longest lag; silent neurons
        found: Values = row(seed, arithmetic)
        return found


def table(task: str, seeds: range, n_controls: int, jobs: int, save: Path | None) -> None:
    """Print one line for each row of a task and each of its figures."""
    begin = time.perf_counter()
    print(f"\n{task}", flush=True)
    for name, row in TASKS[task]().items():
        control = name.startswith(CONTROLS)
        kinds, own = (ARITHMETICS[:1], seeds[:n_controls]) if control else (ARITHMETICS, seeds)
        pool = joblib.Parallel(jobs, backend="threading")
        found = pool(joblib.delayed(measured)(row, seed, kind) for kind in kinds for seed in own)
        by_kind = {kind: found[k * len(own) : (k + 1) * len(own)] for k, kind in enumerate(kinds)}
        for figure in found[0]:
            cells = [_cell([values[figure] for values in of]) for of in by_kind.values()]
            print(f"  {name:<58}{figure:<9}" + "".join(f"{cell:>22}" for cell in cells), flush=True)
        if save is not None:
            with save.open("a", encoding="utf-8") as file:
                file.write(json.dumps({"task": task, "row": name, "found": by_kind}) + "\n")
    print(f"  ({time.perf_counter() - begin:.0f} s)")


def _cell(values: list[float]) -> str:
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.4g} ± {spread:.2g}"


def main() -> None:
    """Measure the tasks that are named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=list(TASKS), choices=list(TASKS))
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--controls", type=int, default=5, help="seeds of the controls, the first of --seeds")
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--save", type=Path, help="add every row to this file, one JSON object per line")
    options = parser.parse_args()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(f"seeds {seeds.start} to {seeds.stop - 1}; float64, then Loihi's integers; mean ± standard deviation")
    for task in options.tasks:
        table(task, seeds, options.controls, options.jobs, options.save)


if __name__ == "__main__":
    main()
