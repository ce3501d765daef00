"""The benchmarks on time series: errors of forecasts, for each horizon."""

from __future__ import annotations

import dataclasses

from lsm_sim.apps.evaluate.evaluation import Evaluation
from lsm_sim.apps.evaluate.options import WORDS, Options
from lsm_sim.apps.evaluate.settings_series import SETTINGS
from lsm_sim.engine.protocol import find
from lsm_sim.support.parallel import Work

BENCHMARKS = tuple(SETTINGS)
_UNUSED = (
    "data",
    "bins",
    "ensemble",
    "test_speakers",
    "loso",
    "stress",
    "train_noise",
    "robust",
    "limit",
    "arithmetic",
    "rivals",
    "rows",
    "tune",
    "readout",
    *WORDS,
)


def run(options: Options) -> Evaluation:
    """Run the benchmark that the options name; every seed has its own series."""
    options.refuse(_UNUSED)
    find(options.backend)  # fail early if it cannot run
    setting = SETTINGS[options.name]
    if options.neurons is not None:
        setting = dataclasses.replace(setting, n_neurons=options.neurons)
    horizons = options.horizons or (setting.horizon,)
    found = {
        f"horizon {horizon}": setting.compare(
            options.seeds,
            n_threads=options.n_threads,
            work=Work(options.workers, options.dask),
            horizon=horizon,
            backend=options.backend,
            progress=False,
        )
        for horizon in horizons
    }
    title = f"{options.name}: {setting.n_train} training and {setting.n_test} test samples, a different series for each seed"
    if len(horizons) == 1:
        title += f", horizon {horizons[0]}"
    return Evaluation(options.name, title, found, {"options": options.asked()}, 0.0)
