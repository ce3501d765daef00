"""Liquids in PyTorch: `Twin` is a program that can be trained by gradients, `Torch` the backend that only runs it.

PyTorch is imported when one of them is used, not when this package is imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsm_sim.support.pytorch import importer
from lsm_sim_torch.engine import Torch

if TYPE_CHECKING:
    from lsm_sim_torch.estimators import TrainedLiquidClassifier, TrainedLiquidRegressor
    from lsm_sim_torch.surrogate import FastSigmoid, Triangle
    from lsm_sim_torch.twin import Twin

__all__ = ["FastSigmoid", "Torch", "TrainedLiquidClassifier", "TrainedLiquidRegressor", "Triangle", "Twin"]

_MODULES = {
    "FastSigmoid": "surrogate",
    "TrainedLiquidClassifier": "estimators",
    "TrainedLiquidRegressor": "estimators",
    "Triangle": "surrogate",
    "Twin": "twin",
}

__getattr__ = importer(__name__, _MODULES, "torch")
