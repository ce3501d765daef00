"""Rows of `lsm_sim.controls.compare`: time-continuous cells on the signals that the liquid's encoder sees.

Each is a `CellClassifier` or a `CellRegressor` with the parameters that it has by default. If the tested groups, such as speakers, are
not in training, training stops by the loss of groups that are left out of it, too.
"""

from __future__ import annotations

import functools
from typing import Any

from lsm_sim.learn.controls.rows import Answer, Trial
from lsm_sim.support.optional import optional
from lsm_sim_liquid_torch import CellClassifier, CellRegressor
from lsm_sim_liquid_torch.available import EXTRA

_CELLS = {  # name of the row: name of the cell, and the package that it needs besides PyTorch
    "cfc": ("CfC", "ncps"),
    "liquid_ode": ("LiquidODE", "torchdiffeq"),
    "liquid_time_step": ("LiquidTimeStep", None),
    "ltc": ("LTC", "ncps"),
    "spiking_core": ("SpikingLiquidCore", None),
}


def __getattr__(name: str) -> Any:
    """Return the row with this name, and say what to install where its package is missing."""
    if name not in _CELLS:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    cell, package = _CELLS[name]
    if package is not None:
        optional(package, EXTRA)
    return functools.partial(_answer, cell)


def _answer(cell: str, trial: Trial) -> Answer:
    """Train a cell, and return what it predicts."""
    (train, test), signals = trial.fold, trial.samples.signals
    kind = CellClassifier if trial.task == "classify" else CellRegressor
    model = kind(cell, random_state=trial.seed, progress=False)
    model.fit([signals[k] for k in train], trial.y[train], groups=trial.training_groups)
    return Answer(model.predict([signals[k] for k in test]), model.network_.head.in_features)
