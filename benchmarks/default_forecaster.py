"""Errors of the forecaster with nothing set, beside its controls, on a fast and a slow series, in both arithmetics.

    python benchmarks/default_forecaster.py [--seeds 5] [--first-seed 0] [--save FILE]

The seed fixes the series and the network. 300 samples of washout, 4000 for training, 2000 for testing, readouts of the same kind;
NRMSE, mean and standard deviation over seeds. The readouts of "liquid" and "recurrence off" also see the encoder, as by default.
"""

from __future__ import annotations

import argparse
import functools
import json
from collections import defaultdict
from pathlib import Path

import numpy as np

import lsm_sim as lsm
import lsm_sim_models as models
from lsm_sim.datasets import laser, mackey_glass
from lsm_sim.learn.forecast import held_out_nrmse, lags

SERIES = {"laser": (laser, (1,)), "mackey_glass": (mackey_glass, (84, 1))}
WASHOUT, TRAIN, TEST = 300, 4300, 2000


def run(name: str, seed: int) -> dict[str, float]:
    """Return the error of each view, horizon and arithmetic."""
    make, horizons = SERIES[name]
    series = make(TRAIN + TEST + max(horizons), seed=seed)
    views = {"last 20 values": lags(series, 20)}
    for arithmetic in ("float64", "loihi"):
        liquid = functools.partial(models.forecasting, seed=seed)
        model = lsm.LiquidForecaster(liquid, washout=WASHOUT, arithmetic=arithmetic).prepare(series[:TRAIN])
        views["encoder"] = model.encoder_features(series)
        views[f"recurrence off {arithmetic}"] = model.without_recurrence().features(series)
        views[f"liquid {arithmetic}"] = model.features(series)
    return {
        f"h = {horizon}, {view}": held_out_nrmse(features, series, n_train=TRAIN, horizon=horizon, washout=WASHOUT)
        for horizon in horizons
        for view, features in views.items()
    }


def main() -> None:
    """Run all series and seeds, and print the table; results so far are kept in the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--save", type=Path)
    options = parser.parse_args()
    found: dict[str, list[float]] = defaultdict(list)
    for seed in range(options.first_seed, options.first_seed + options.seeds):
        for name in SERIES:
            for row, value in run(name, seed).items():
                found[f"{name}, {row}"].append(value)
            print(f"{name}, seed {seed}", flush=True)
            if options.save is not None:
                options.save.write_text(json.dumps(found, indent=1))
    for row, values in found.items():
        print(f"{row:50s} {np.mean(values):.4f} +- {np.std(values, ddof=int(len(values) > 1)):.4f}")


if __name__ == "__main__":
    main()
